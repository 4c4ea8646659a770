/// Names a key inside one piece of metadata.
///
/// Opaque, as TAP 12 has it: nothing may be concluded from its text. Compared, ordered and hashed by bytes.
public struct KeyID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The longest identifier accepted, in bytes.
    public static let maximumLength = 128

    /// The identifier: 1 to 128 bytes of printable ASCII without spaces, so equal texts are equal bytes.
    public let string: String

    /// The identifier itself.
    public var description: String { string }

    /// Accepts an identifier.
    ///
    /// - Parameter string: 1 to ``maximumLength`` printable ASCII characters, no space.
    /// - Throws: ``CryptoError/malformedKeyID``.
    public init(_ string: String) throws(CryptoError) {
        guard (1...Self.maximumLength).contains(string.utf8.count),
            string.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .malformedKeyID }
        self.string = string
    }

    /// The identifier that TUF computes: lowercase hex of a digest (TUF 1.0.34 §4.2).
    ///
    /// - Parameter digest: The digest of the key's canonical form.
    public init(_ digest: Digest) {
        string = digest.hex
    }

    /// Orders by bytes.
    public static func < (left: KeyID, right: KeyID) -> Bool {
        left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
    }
}
