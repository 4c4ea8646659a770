/// A hash value together with the algorithm that made it.
///
/// The textual form is that of the OCI image specification (descriptor.md, "Digests"): `sha256:` and lowercase hex.
public struct Digest: Sendable, Hashable, CustomStringConvertible {
    /// The algorithm that made the value.
    public let algorithm: HashAlgorithm
    /// The value: exactly ``HashAlgorithm/byteCount`` bytes.
    public let bytes: [UInt8]

    /// Lowercase hex of the value.
    public var hex: String { Hex.encode(bytes.span) }

    /// The OCI form, `algorithm:hex`.
    public var description: String { "\(algorithm.rawValue):\(hex)" }

    /// Wraps a hash value.
    ///
    /// - Parameters:
    ///   - algorithm: The algorithm that made the value.
    ///   - bytes: The value, of exactly the algorithm's length.
    /// - Throws: ``CryptoError/malformedDigest`` for another length.
    public init(algorithm: HashAlgorithm, bytes: [UInt8]) throws(CryptoError) {
        guard bytes.count == algorithm.byteCount else { throw .malformedDigest }
        self.algorithm = algorithm
        self.bytes = bytes
    }

    /// Reads a hash value in hex.
    ///
    /// - Parameters:
    ///   - algorithm: The algorithm that made the value.
    ///   - hex: Lowercase hex of the algorithm's exact length. Uppercase is refused, so that one digest has one name.
    /// - Throws: ``CryptoError/malformedDigest``.
    public init(algorithm: HashAlgorithm, hex: String) throws(CryptoError) {
        guard hex.utf8.count == algorithm.byteCount * 2,
            !hex.utf8.contains(where: { (UInt8(ascii: "A")...UInt8(ascii: "F")).contains($0) }),
            let bytes = Hex.decode(hex)
        else { throw .malformedDigest }
        self.algorithm = algorithm
        self.bytes = bytes
    }

    /// Reads the OCI form, `sha256:…`.
    ///
    /// - Parameter text: The whole digest; nothing may precede or follow it.
    /// - Throws: ``CryptoError/malformedDigest`` or ``CryptoError/unknownHashAlgorithm``.
    public init(parsing text: String) throws(CryptoError) {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw .malformedDigest }
        let name = text.utf8[..<colon]
        guard let algorithm = HashAlgorithm.allCases.first(where: { $0.rawValue.utf8.elementsEqual(name) }) else {
            throw .unknownHashAlgorithm
        }
        try self.init(algorithm: algorithm, hex: String(text[text.utf8.index(after: colon)...]))
    }

    /// Hashes bytes that are at hand as a whole.
    ///
    /// - Parameters:
    ///   - algorithm: The algorithm to use.
    ///   - bytes: What is hashed.
    /// - Returns: The digest.
    public static func compute(_ algorithm: HashAlgorithm = .sha256, over bytes: Span<UInt8>) -> Digest {
        Digest(algorithm: algorithm, value: OpenSSLDigest.of(algorithm).hash(bytes))
    }

    /// The caller vouches for the length.
    init(algorithm: HashAlgorithm, value: [UInt8]) {
        self.algorithm = algorithm
        self.bytes = value
    }
}
