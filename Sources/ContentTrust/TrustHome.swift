import CanonicalJSON
import TUF
import TrustCrypto

/// Where trustctl keeps its state: `TRUSTCTL_HOME`.
public struct TrustHome: Sendable, Hashable {
    /// The directory.
    public let path: String

    /// The state in a directory, which need not exist.
    ///
    /// - Parameter path: The directory, such as `~/.trustctl` with the tilde written out.
    public init(path: String) {
        self.path = path
    }

    /// Private keys.
    public var keys: String { "\(path)/keys" }
    /// Pins, and what was seen of each repository.
    public var trust: String { "\(path)/trust" }
    /// What can be deleted without loss.
    public var cache: String { "\(path)/cache" }

    /// The pins.
    public var pins: PinStore { PinStore(directory: trust) }

    /// The note of a rotation of keys that is under way.
    func rotation(signedName: String, dialect: Dialect = .tuf1) -> String {
        let folder =
            switch dialect {
            case .tuf1: "rotations"
            case .notary: "rotations-notary"
            }
        return "\(trust)/\(folder)/\(PathSegment.encoded(signedName)).json"
    }

    /// What was seen of the trust data with a signed name, in a directory for each anchor. The same name may have trust data
    /// of two dialects, which know nothing of each other.
    func seen(signedName: String, dialect: Dialect) -> String {
        let folder =
            switch dialect {
            case .tuf1: "seen"
            case .notary: "seen-notary"
            }
        return "\(trust)/\(folder)/\(PathSegment.encoded(signedName))"
    }

    /// Whether trust data with a signed name was ever seen, under any anchor.
    func everSeen(signedName: String, dialect: Dialect) throws(FileError) -> Bool {
        try DurableFile.list(seen(signedName: signedName, dialect: dialect), limit: 1000) != nil
    }

    /// Refuses state that another user could have written: pins and what was seen decide what is trusted.
    ///
    /// - Throws: ``Refusal`` with ``Reason/storage``.
    func checkOwner() throws(Refusal) {
        for folder in [path, trust] {
            try OwnFile.checkFolder(folder, checked: "the folder \(folder), which says what is trusted")
        }
    }

    /// The configuration in `config.json`.
    ///
    /// - Returns: What it says; the defaults when there is none.
    /// - Throws: ``Refusal`` with ``Reason/storage`` when it cannot be read and ``Reason/usage`` when it is not one.
    public func configuration() throws(Refusal) -> Configuration {
        let file = "\(path)/config.json"
        let bytes: [UInt8]?
        do {
            bytes = try DurableFile.read(file, limit: 1 << 20)
        } catch {
            throw Refusal.file(error, checked: "configuration")
        }
        guard let bytes else { return Configuration() }
        return try Configuration(parsing: bytes, path: file)
    }
}

/// What `config.json` can say.
public struct Configuration: Sendable, Hashable {
    /// Whether the first root that is seen of a repository without a pin is trusted from then on. Default false.
    public var trustOnFirstUse = false

    /// The defaults.
    public init() {}

    init(parsing bytes: [UInt8], path: String) throws(Refusal) {
        func wrong(_ found: String) -> Refusal {
            Refusal(.usage, checked: "configuration \(path)", found: found, next: "mend or remove \(path)")
        }
        let root: JSONNode
        do { root = try JSONDocument(parsing: bytes).root } catch { throw wrong("not JSON: \(Refusal.words(error))") }
        guard root.kind == .object else { throw wrong("not a JSON object") }
        for (key, value) in root.members {
            // A misspelt key must not silently leave a default in force.
            guard key == "trustOnFirstUse" else { throw wrong("unknown key \(key)") }
            guard let boolean = value.boolean else { throw wrong("\(key) is not true or false") }
            trustOnFirstUse = boolean
        }
    }
}

/// File names made from names of the outside.
enum PathSegment {
    /// One path segment that holds all of `name`: percent-encoded, and cut with a digest where file systems would refuse
    /// its length.
    static func encoded(_ name: String) -> String {
        let encoded = MetadataFile.percentEncoded(name)
        guard encoded.utf8.count <= 200, encoded != ".", encoded != ".." else {
            return "\(encoded.utf8.count)-\(Digest.compute(.sha256, over: Array(name.utf8).span).hex)"
        }
        return encoded
    }
}
