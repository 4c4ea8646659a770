import CanonicalJSON
import TrustCrypto

/// What Notary's dialect adds to reading an object.
///
/// Go matches member names whatever their case, so that the same bytes could mean two things: a member that differs from a
/// known one by case alone is refused. Go writes `null` for lists and maps that are empty.
extension ObjectReader {
    /// Refuses members that Go would take for one of these. To Go the long s is an s, and the sign for kelvin a k.
    func refuseLookalikes(of names: [String]) throws(TUFError) {
        for (name, _) in node.members where !names.contains(where: { $0.hasSameBytes(as: name) }) {
            let lowered = String(name.lowercased().unicodeScalars.map { $0 == "\u{17f}" ? "s" : Character($0) })
            guard !names.contains(where: { $0.hasSameBytes(as: lowered) }) else { throw malformed(name) }
        }
    }

    /// The object under a key; nil where there is none, or `null`.
    func optionalObject(_ key: String) throws(TUFError) -> ObjectReader? {
        guard let value = node[key], !value.isNull else { return nil }
        return try object(key)
    }

    /// The elements of a list; none where there is no list, or `null`.
    func optionalArray(_ key: String) throws(TUFError) -> [JSONNode] {
        guard let value = node[key], !value.isNull else { return [] }
        return Array(try array(key).elements)
    }

    /// Key ids and threshold of a role.
    func notaryRoleKeys() throws(TUFError) -> RoleKeys {
        var ids: [KeyID] = []
        var seen: Set<KeyID> = []
        for element in try optionalArray("keyids") {
            guard let string = element.string else { throw malformed("keyids") }
            let id = try keyID(string, in: "keyids")
            if seen.insert(id).inserted { ids.append(id) }
        }
        guard let threshold = Int(exactly: try integer("threshold", atLeast: 1)) else { throw malformed("threshold") }
        return RoleKeys(keyIDs: ids, threshold: threshold)
    }

    /// The keys of a `keys` object. Notary's ids are computed: a key under another one is refused.
    func notaryKeys(_ field: String) throws(TUFError) -> [KeyID: TUFKey] {
        guard let reader = try optionalObject(field) else { return [:] }
        var keys: [KeyID: TUFKey] = [:]
        for (id, _) in reader.node.members {
            let keyID = try reader.keyID(id, in: id)
            let key = try TUFKey(notary: reader.object(id))
            guard key.computedID == keyID else { throw reader.malformed(id) }
            keys[keyID] = key
        }
        return keys
    }

    /// The digests of a `hashes` object, in base64. Algorithms that this module does not know are left out.
    func notaryHashes() throws(TUFError) -> [Digest] {
        let reader = try object("hashes")
        var digests: [Digest] = []
        for (name, value) in reader.node.members {
            guard let algorithm = HashAlgorithm(rawValue: name) else { continue }
            guard let bytes = value.string.flatMap(Base64.decode),
                let digest = try? Digest(algorithm: algorithm, bytes: bytes)
            else { throw reader.malformed(name) }
            digests.append(digest)
        }
        return digests.sorted { $0.algorithm.rawValue < $1.algorithm.rawValue }
    }
}

extension CommonFields {
    static let notaryNames = ["_type", "expires", "version"]

    /// The fields that metadata of every role has in Notary's dialect. It has no version of a specification.
    init(notary reader: ObjectReader, type: String) throws(TUFError) {
        let found = try reader.string("_type")
        guard found.hasSameBytes(as: type) else { throw .wrongType(role: reader.role, found: found) }
        self.init(version: try reader.version(), expires: try reader.instant("expires"))
    }
}

extension MetaRecord {
    /// What Notary's timestamp or snapshot says of a file that is at hand.
    package init(of bytes: [UInt8]) {
        self.init(
            version: MetaRecord.untold,
            length: Int64(bytes.count),
            hashes: [HashAlgorithm.sha256, .sha512].map { Digest.compute($0, over: bytes.span) }
        )
    }

    /// What Notary's timestamp or snapshot says of a file: always a SHA-256, never a version.
    init(notary reader: ObjectReader) throws(TUFError) {
        try reader.refuseLookalikes(of: ["hashes", "length"])
        let hashes = try reader.notaryHashes()
        guard hashes.contains(where: { $0.algorithm == .sha256 }) else { throw reader.malformed("hashes") }
        self.init(
            version: MetaRecord.untold,
            length: try reader.integer("length", atLeast: 0),
            hashes: hashes
        )
    }
}
