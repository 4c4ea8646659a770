import CanonicalJSON
import TUF
import TrustCrypto

/// What there is of a signer's role in a set that lists it.
enum PresentSignerFile: Sendable {
    case file(SignerFile)
    /// The file is not signed by the keys that the signer is to have.
    case notSigned
    /// Neither the store nor this machine has the file: what to tell whoever needs it.
    case lost(Refusal)

    /// The file, for those who cannot go on where it is lost.
    var needed: SignerFile? {
        get throws(PublishError) {
            switch self {
            case .file(let file): return file
            case .notSigned: return nil
            case .lost(let refusal): throw .refused(refusal)
            }
        }
    }
}

/// A file of a signer's role, and which files of the role went into it.
///
/// Two machines of one signer can each make a file from the same one. Only the signer's key can merge them, so that the role
/// says of itself, signed, what it followed: a publisher without the key then takes the newer file, and never an older one.
struct SignerFile: Sendable {
    /// A file of the role.
    struct Entry: Sendable, Hashable {
        /// SHA-256 of the canonical form of what was signed. Signatures are added while a change waits, and what follows it
        /// must not depend on how many it had by then.
        let digest: Digest
        let version: Int64
    }

    let targets: Verified<Targets>
    let own: Entry
    /// The newest files that went into it, newest first.
    let ancestors: [Entry]

    /// The signed field of a delegated role.
    static let field = "x-trustctl-ancestors"
    /// How many ancestors a file lists.
    static let window = 64
    /// How far above what is listed the version of a submitted file may be. A signer who leaves no room above would keep
    /// everybody from publishing.
    static let maximumLead = Int64(1) << 20

    init(_ targets: Verified<Targets>, role: RoleName) throws(TUFError) {
        self.targets = targets
        own = Entry(digest: try targets.signedDigest(role: role), version: targets.payload.common.version)
        ancestors = try Self.entries(targets.field(Self.field), role: role, below: own.version)
    }

    /// Whether everything in another file went into this one.
    func covers(_ other: SignerFile) -> Bool { own == other.own || ancestors.contains(other.own) }

    /// Whether a change is in this file: it is this one, or went into it.
    func includes(_ change: Digest) -> Bool { own.digest == change || ancestors.contains { $0.digest == change } }

    /// The version of the newest file that went into both; nil when none is known.
    func forkVersion(with other: SignerFile) -> Int64? {
        let theirs = Set([other.own] + other.ancestors)
        return ([own] + ancestors).filter(theirs.contains).map(\.version).max()
    }

    /// Those of some files that went into no other of them.
    static func newest(of files: [SignerFile]) -> [SignerFile] {
        var newest: [SignerFile] = []
        for file in files where !newest.contains(where: { $0.covers(file) }) {
            newest.removeAll { file.covers($0) }
            newest.append(file)
        }
        return newest
    }

    /// What a file made of these lists as its ancestors.
    static func ancestors(of files: [SignerFile]) -> [Entry] {
        let all = Set(files.flatMap { [$0.own] + $0.ancestors })
        return Array(all.sorted { ($0.version, $0.digest.hex) > ($1.version, $1.digest.hex) }.prefix(window))
    }

    /// The signed form of ancestors.
    static func json(_ entries: [Entry]) -> JSONValue {
        .array(entries.map { .object(["sha256": .string($0.digest.hex), "version": .integer($0.version)]) })
    }

    /// Reads ancestors; their versions are below that of the file.
    static func entries(
        _ value: JSONValue?,
        role: RoleName,
        below version: Int64
    ) throws(TUFError) -> [Entry] {
        let malformed = TUFError.malformed(role: role, field: "signed.\(field)")
        guard let value else { return [] }
        guard let array = value.array, array.count <= window else { throw malformed }
        var entries: [Entry] = []
        for item in array {
            guard let hex = item["sha256"]?.string, let digest = try? Digest(algorithm: .sha256, hex: hex),
                let found = item["version"]?.integer, (1..<version).contains(found)
            else { throw malformed }
            entries.append(Entry(digest: digest, version: found))
        }
        return entries
    }
}
