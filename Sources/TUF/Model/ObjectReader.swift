import CanonicalJSON
import TrustCrypto

/// Reads the fields of one JSON object and says exactly which one is wrong.
struct ObjectReader {
    let node: JSONNode
    let role: RoleName
    /// The path of the object from the envelope; empty for the envelope itself.
    let path: String

    init(_ node: JSONNode, role: RoleName, path: String) throws(TUFError) {
        guard node.kind == .object else { throw .malformed(role: role, field: path.isEmpty ? "envelope" : path) }
        self.node = node
        self.role = role
        self.path = path
    }

    func malformed(_ key: String) -> TUFError {
        .malformed(role: role, field: path(of: key))
    }

    private func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func required(_ key: String) throws(TUFError) -> JSONNode {
        guard let value = node[key] else { throw malformed(key) }
        return value
    }

    func string(_ key: String) throws(TUFError) -> String {
        guard let value = try required(key).string else { throw malformed(key) }
        return value
    }

    func optionalString(_ key: String) throws(TUFError) -> String? {
        node[key] == nil ? nil : try string(key)
    }

    func integer(_ key: String, atLeast minimum: Int64) throws(TUFError) -> Int64 {
        guard let value = try required(key).integer, value >= minimum else { throw malformed(key) }
        return value
    }

    func optionalInteger(_ key: String, atLeast minimum: Int64) throws(TUFError) -> Int64? {
        node[key] == nil ? nil : try integer(key, atLeast: minimum)
    }

    /// A `version`, at least 1 and such that a next one can be counted.
    func version() throws(TUFError) -> Int64 {
        let version = try integer("version", atLeast: 1)
        guard version <= CommonFields.maximumVersion else { throw malformed("version") }
        return version
    }

    func optionalBoolean(_ key: String) throws(TUFError) -> Bool? {
        guard let value = node[key] else { return nil }
        guard let boolean = value.boolean else { throw malformed(key) }
        return boolean
    }

    func instant(_ key: String) throws(TUFError) -> Instant {
        guard let instant = Instant(rfc3339: try string(key)) else { throw malformed(key) }
        return instant
    }

    func optionalInstant(_ key: String) throws(TUFError) -> Instant? {
        node[key] == nil ? nil : try instant(key)
    }

    func object(_ key: String) throws(TUFError) -> ObjectReader {
        try ObjectReader(required(key), role: role, path: path(of: key))
    }

    func array(_ key: String) throws(TUFError) -> JSONNode {
        let value = try required(key)
        guard value.kind == .array else { throw malformed(key) }
        return value
    }

    func strings(_ key: String) throws(TUFError) -> [String] {
        var strings: [String] = []
        for element in try array(key).elements {
            guard let string = element.string else { throw malformed(key) }
            strings.append(string)
        }
        return strings
    }

    func keyID(_ string: String, in field: String) throws(TUFError) -> KeyID {
        do { return try KeyID(string) } catch { throw malformed(field) }
    }

    /// The ids under `keyids`, each once, and the `threshold` of a role (§4.3, §4.5).
    func roleKeys() throws(TUFError) -> RoleKeys {
        var ids: [KeyID] = []
        var seen: Set<KeyID> = []
        for string in try strings("keyids") {
            let id = try keyID(string, in: "keyids")
            if seen.insert(id).inserted { ids.append(id) }
        }
        guard let threshold = Int(exactly: try integer("threshold", atLeast: 1)) else { throw malformed("threshold") }
        return RoleKeys(keyIDs: ids, threshold: threshold)
    }

    /// The keys of a `keys` object, by the ids that this file gives them.
    func keys(_ field: String) throws(TUFError) -> [KeyID: TUFKey] {
        var keys: [KeyID: TUFKey] = [:]
        let reader = try object(field)
        for (id, value) in reader.node.members {
            let keyID = try reader.keyID(id, in: id)
            keys[keyID] = try TUFKey(decoding: ObjectReader(value, role: role, path: "\(reader.path).\(id)"))
        }
        return keys
    }

    /// The digests of a `hashes` object whose algorithms this module knows. Algorithms that it does not know are left
    /// out, so the result can be empty where the object was not.
    func knownHashes(_ key: String) throws(TUFError) -> [Digest] {
        let reader = try object(key)
        guard reader.node.count > 0 else { throw malformed(key) }
        var digests: [Digest] = []
        for (name, value) in reader.node.members {
            guard let hex = value.string, !hex.isEmpty else { throw reader.malformed(name) }
            guard let algorithm = HashAlgorithm(rawValue: name) else { continue }
            do { digests.append(try Digest(algorithm: algorithm, hex: hex)) } catch { throw reader.malformed(name) }
        }
        return digests.sorted { $0.algorithm.rawValue < $1.algorithm.rawValue }
    }
}
