/// The kinds of key that can sign metadata.
public enum KeyAlgorithm: Sendable, Hashable {
    /// ECDSA on NIST P-256 (secp256r1).
    case ecdsaP256
    /// ECDSA on NIST P-384 (secp384r1).
    case ecdsaP384
    /// Ed25519 (RFC 8032).
    case ed25519
    /// RSA with a modulus of so many bits.
    case rsa(bits: Int)

    /// The sizes of RSA modulus that a public key may have, in bits.
    ///
    /// Below it, forging is within reach; above it, one verification would take noticeable time.
    public static let rsaModulusBits = 2048...16384

    /// The scheme that new signatures of such a key use.
    public var defaultScheme: SignatureScheme {
        switch self {
        case .ecdsaP256: .ecdsaSHA2NISTP256
        case .ecdsaP384: .ecdsaSHA2NISTP384
        case .ed25519: .ed25519
        case .rsa: .rsassaPSSSHA256
        }
    }

    /// Whether signatures of this scheme can be made by such a key.
    ///
    /// - Parameter scheme: A signature scheme.
    /// - Returns: True when the scheme names this very algorithm.
    public func supports(_ scheme: SignatureScheme) -> Bool {
        switch (self, scheme) {
        case (.ecdsaP256, .ecdsaSHA2NISTP256), (.ecdsaP384, .ecdsaSHA2NISTP384), (.ed25519, .ed25519),
            (.rsa, .rsassaPSSSHA256), (.rsa, .rsaPKCS1v15SHA256):
            true
        default:
            false
        }
    }
}
