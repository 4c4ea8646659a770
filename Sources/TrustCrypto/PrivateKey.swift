/// A private key held in memory.
///
/// Its secret part is in memory that is wiped when the key is released; it can be neither printed nor encoded, except
/// by ``PrivateKeyFile``.
public final class PrivateKey: Signer, Sendable {
    /// The public half.
    public let publicKey: PublicKey

    /// The scheme of its signatures: the key's ``PublicKey/defaultScheme``.
    public var scheme: SignatureScheme { publicKey.defaultScheme }

    let material: Material

    enum Material: Sendable {
        case ed25519(Ed25519Secret)
        case ellipticCurve(EllipticCurve, OpenSSLKey)
        case rsa(OpenSSLKey)
    }

    init(publicKey: PublicKey, material: Material) {
        self.publicKey = publicKey
        self.material = material
    }

    /// Makes a new key.
    ///
    /// RSA keys take time (about a second for 4096 bits): do not call this on the cooperative pool for them.
    ///
    /// - Parameter algorithm: The kind of key; RSA from 2048 to 8192 bits.
    /// - Returns: A fresh key.
    /// - Throws: ``CryptoError/rsaModulusSize(bits:)`` or ``CryptoError/keyGenerationFailed``.
    public static func generate(_ algorithm: KeyAlgorithm) throws(CryptoError) -> PrivateKey {
        switch algorithm {
        case .ed25519:
            return try PrivateKey(ed25519: Ed25519Secret.generate())
        case .ecdsaP256:
            return try PrivateKey(curve: .p256, key: EllipticCurve.p256.generate())
        case .ecdsaP384:
            return try PrivateKey(curve: .p384, key: EllipticCurve.p384.generate())
        case .rsa(let bits):
            return try PrivateKey(rsa: RSA.generate(bits: bits))
        }
    }

    /// The key as PKCS #8 (RFC 5958), unencrypted.
    func pkcs8() throws(KeyFileError) -> SecretBytes {
        switch material {
        case .ed25519(let secret):
            // RFC 8410 §7: version 0, the algorithm, and the seed as octet string in an octet string.
            let prefix: [UInt8] = [
                0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
            ]
            return secret.withSeed { seed in
                SecretBytes(count: prefix.count + seed.count) { buffer in
                    for index in prefix.indices { buffer[index] = prefix[index] }
                    for index in seed.indices { buffer[prefix.count + index] = seed[index] }
                }
            }
        case .ellipticCurve(_, let key), .rsa(let key):
            guard let encoded = key.pkcs8() else { throw .encodingFailed }
            return encoded
        }
    }

    convenience init(ed25519 secret: Ed25519Secret) throws(CryptoError) {
        self.init(publicKey: try PublicKey(ed25519: secret.publicKey), material: .ed25519(secret))
    }

    convenience init(curve: EllipticCurve, key: OpenSSLKey) throws(CryptoError) {
        let publicKey = try PublicKey(curve: curve, point: curve.point(of: key))
        self.init(publicKey: publicKey, material: .ellipticCurve(curve, key))
    }

    convenience init(rsa key: OpenSSLKey) throws(CryptoError) {
        guard let modulus = key.publicNumber("n"), let exponent = key.publicNumber("e") else {
            throw .malformedPrivateKey
        }
        self.init(publicKey: try PublicKey(modulus: modulus, exponent: exponent), material: .rsa(key))
    }

    /// Signs a message with the key's ``scheme``.
    ///
    /// - Parameter message: The bytes to sign.
    /// - Returns: The signature: ECDSA in DER, PSS with a salt of 32 bytes.
    /// - Throws: ``CryptoError/signingFailed``.
    public func sign(_ message: [UInt8]) async throws(CryptoError) -> [UInt8] {
        try signature(over: message.span, scheme: scheme)
    }

    /// Signs a message with any scheme of the key's type, at once.
    ///
    /// - Parameters:
    ///   - message: The bytes to sign.
    ///   - scheme: A scheme that belongs to this type of key.
    /// - Returns: The signature.
    /// - Throws: ``CryptoError/schemeMismatch(_:)`` or ``CryptoError/signingFailed``.
    public func signature(over message: Span<UInt8>, scheme: SignatureScheme) throws(CryptoError) -> [UInt8] {
        guard publicKey.algorithm.supports(scheme) else { throw .schemeMismatch(scheme) }
        switch material {
        case .ed25519(let secret):
            return try secret.sign(message)
        case .ellipticCurve(let curve, let key):
            return try key.sign(message, digest: curve.digest, padding: nil)
        case .rsa(let key):
            let padding: RSAPadding = scheme == .rsaPKCS1v15SHA256 ? .pkcs1v15 : .pss
            return try key.sign(message, digest: .sha256, padding: padding)
        }
    }
}
