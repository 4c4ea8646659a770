public import TrustCrypto

/// A passphrase, in guarded memory that is wiped when the last user lets go of it.
///
/// Its bytes are used as they are: no Unicode normalization, no trimming.
public final class Passphrase: Sendable {
    /// The fewest bytes of a passphrase for a new or changed key. Existing keys open with what they were locked with.
    public static let minimumLength = 8
    /// The most bytes of any passphrase.
    public static let maximumLength = 1024

    /// The passphrase's bytes.
    public let bytes: SecretBytes

    /// Takes over secret bytes.
    ///
    /// - Parameter bytes: The passphrase.
    public init(_ bytes: consuming SecretBytes) {
        self.bytes = bytes
    }

    /// Copies a text, which itself stays in memory: for values that come as strings anyway.
    ///
    /// - Parameter text: The passphrase.
    public convenience init(_ text: String) {
        var utf8 = Array(text.utf8)
        self.init(SecretBytes(copying: utf8.span))
        for index in utf8.indices { utf8[index] = 0 }
    }

    /// Demands the length of a passphrase that is to protect a key from now on.
    ///
    /// - Throws: ``KeyStorageError/passphraseTooShort(minimum:)``, ``KeyStorageError/malformedPassphrase(origin:)``.
    public func requireStrength() throws(KeyStorageError) {
        guard bytes.count >= Self.minimumLength else { throw .passphraseTooShort(minimum: Self.minimumLength) }
        guard bytes.count <= Self.maximumLength else { throw .malformedPassphrase(origin: "passphrase") }
    }
}
