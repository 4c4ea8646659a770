public import CanonicalJSON
public import TrustCrypto

/// What targets metadata says of one target (TUF 1.0.34 §4.5). In trust data: of one tag, the length and digest of the
/// manifest or index that the registry serves for it.
public struct TargetRecord: Sendable, Hashable {
    /// The exact length in bytes.
    public let length: Int64
    /// The digests of known algorithms; at least one in records that can be used.
    public let hashes: [Digest]
    /// The object under `custom`, if there is one.
    public let custom: JSONObject?
    /// The whole record, unknown fields included.
    public let json: JSONValue

    /// A record of a target.
    ///
    /// - Parameters:
    ///   - length: The exact length in bytes, not negative.
    ///   - hashes: At least one digest, at most one of each algorithm.
    ///   - custom: Further facts about the target, which are signed with it.
    public init(length: Int64, hashes: [Digest], custom: JSONObject? = nil) {
        precondition(length >= 0 && !hashes.isEmpty, "a target has a length and a digest")
        self.length = length
        self.hashes = hashes
        self.custom = custom
        var object: JSONObject = ["length": .integer(length), "hashes": .hashes(hashes)]
        if let custom { object["custom"] = .object(custom) }
        json = .object(object)
    }

    init(length: Int64, hashes: [Digest], custom: JSONObject?, json: JSONValue) {
        self.length = length
        self.hashes = hashes
        self.custom = custom
        self.json = json
    }

    init(decoding reader: ObjectReader) throws(TUFError) {
        length = try reader.integer("length", atLeast: 0)
        hashes = try reader.knownHashes("hashes")
        json = reader.node.value()
        switch reader.node["custom"]?.value() {
        case nil: custom = nil
        case .object(let object): custom = object
        default: throw reader.malformed("custom")
        }
    }

    /// The digest of an algorithm.
    ///
    /// - Parameter algorithm: The hash algorithm.
    /// - Returns: The digest, or nil when the record has none of it.
    public func digest(_ algorithm: HashAlgorithm) -> Digest? {
        hashes.first { $0.algorithm == algorithm }
    }
}
