import CanonicalJSON
import TUF
import TrustCrypto

/// What a rotation of keys began with, noted before anything is made, so that one that was interrupted goes on.
struct RotationNote: Sendable, Hashable {
    /// The version of the root that is to be replaced, and the SHA-256 of its file.
    let version: Int64
    let digest: Digest
    /// Which keys of which role are to go, by their computed ids.
    let replaced: [RoleName: Set<KeyID>]

    private static let maximumLength = 1 << 20

    init(root: Verified<Root>, replaced: [RoleName: Set<KeyID>]) {
        version = root.payload.common.version
        digest = Digest.compute(.sha256, over: root.bytes.span)
        self.replaced = replaced
    }

    /// By what the keys that follow this root are found again. They are nobody else's: a key that an earlier root listed,
    /// or one that was made for another repository, never has this label.
    static func label(after root: Verified<Root>, of repository: String) -> String {
        let digest = Digest.compute(.sha256, over: root.bytes.span).hex
        return "follows root \(root.payload.common.version) \(digest.prefix(16)) of \(repository.prefix(400))"
    }

    /// Whether a root is the one that this rotation was to publish: its chain goes through the root that was to be
    /// replaced, and the keys are gone.
    func isDone(by root: Verified<Root>, chain: [Int64: [UInt8]]) -> Bool {
        guard root.payload.common.version > version, let before = chain[version],
            Digest.compute(.sha256, over: before.span) == digest
        else { return false }
        return replaced.allSatisfy { role, ids in
            ids.isDisjoint(with: root.payload.keys(of: role).map(\.computedID))
        }
    }

    // MARK: Files

    /// Reads a note; nil when there is none. One that is damaged tells nothing, and nothing is lost with it but that.
    static func read(_ path: String) throws(FileError) -> RotationNote? {
        guard let bytes = try DurableFile.read(path, limit: maximumLength) else { return nil }
        return RotationNote(bytes)
    }

    func write(_ path: String) throws(FileError) {
        var replaced: JSONObject = [:]
        for (role, ids) in self.replaced { replaced[role.string] = .array(ids.sorted().map { .string($0.string) }) }
        let json: JSONValue = [
            "root": .integer(version), "sha256": .string(digest.hex), "replaced": .object(replaced),
        ]
        try DurableFile.write(json.jsonBytes(pretty: true).span, to: path, mode: 0o600)
    }

    private init?(_ bytes: [UInt8]) {
        guard let json = try? JSONValue(parsing: bytes), let version = json["root"]?.integer,
            let hex = json["sha256"]?.string, let digest = try? Digest(algorithm: .sha256, hex: hex),
            let object = json["replaced"]?.object
        else { return nil }
        var replaced: [RoleName: Set<KeyID>] = [:]
        for (name, value) in object {
            guard let role = try? RoleName(name), let array = value.array else { return nil }
            let ids = array.compactMap { $0.string.flatMap { try? KeyID($0) } }
            guard ids.count == array.count else { return nil }
            replaced[role] = Set(ids)
        }
        self.version = version
        self.digest = digest
        self.replaced = replaced
    }
}

extension Root {
    /// The keys that may speak for a top-level role.
    func keys(of role: RoleName) -> [TUFKey] {
        (roleKeys(role)?.keyIDs ?? []).compactMap { keys[$0] }
    }
}
