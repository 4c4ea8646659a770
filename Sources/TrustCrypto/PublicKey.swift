/// A key that verifies signatures.
///
/// Two keys are equal when they are the same key, however they were written: a point compressed or not, PEM or DER.
/// Only keys with which verification means something can be made: points lie on their curve, Ed25519 keys are canonical
/// and not of small order, RSA moduli have 2048 to 16384 bits.
public struct PublicKey: Sendable, Hashable {
    /// The kind of key.
    public let algorithm: KeyAlgorithm

    /// The key as SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) in its one canonical form: points uncompressed, curves by
    /// name.
    public let spkiDER: [UInt8]

    let material: Material

    enum Material: Sendable {
        case ed25519([UInt8])
        case ellipticCurve(EllipticCurve, OpenSSLKey)
        case rsa(OpenSSLKey)
    }

    /// Reads a SubjectPublicKeyInfo.
    ///
    /// - Parameter spkiDER: Strict DER of a P-256, P-384, Ed25519 or RSA key; at most 4096 bytes.
    /// - Throws: ``CryptoError/malformedPublicKey``, ``CryptoError/unsupportedPublicKey``,
    ///   ``CryptoError/rsaModulusSize(bits:)``.
    public init(spkiDER: [UInt8]) throws(CryptoError) {
        switch try SubjectPublicKeyInfo.parse(spkiDER.span) {
        case .ed25519(let raw): try self.init(ed25519: raw)
        case .ellipticCurve(let curve, let point): try self.init(curve: curve, point: point)
        case .rsa(let modulus, let exponent): try self.init(modulus: modulus, exponent: exponent)
        }
    }

    /// Reads a PEM block `PUBLIC KEY`.
    ///
    /// - Parameter pem: The block; only white space may precede or follow it. At most 16384 bytes.
    /// - Throws: ``CryptoError/malformedPublicKey``, ``CryptoError/unsupportedPublicKey``,
    ///   ``CryptoError/rsaModulusSize(bits:)``.
    public init(pem: String) throws(CryptoError) {
        try self.init(spkiDER: PublicKeyPEM.decode(pem))
    }

    /// Takes the 32 bytes of an Ed25519 key (RFC 8032 §5.1.5).
    ///
    /// - Parameter raw: The encoded point.
    /// - Throws: ``CryptoError/malformedPublicKey``.
    public init(ed25519 raw: [UInt8]) throws(CryptoError) {
        guard Ed25519.isValidPublicKey(raw) else { throw .malformedPublicKey }
        algorithm = .ed25519
        spkiDER = SubjectPublicKeyInfo.ed25519(raw)
        material = .ed25519(raw)
    }

    /// Takes a point on a curve.
    ///
    /// - Parameters:
    ///   - uncompressed: The point as 0x04, X, Y (SEC 1 §2.3.3).
    ///   - algorithm: ``KeyAlgorithm/ecdsaP256`` or ``KeyAlgorithm/ecdsaP384``.
    /// - Throws: ``CryptoError/malformedPublicKey``; ``CryptoError/unsupportedPublicKey`` for another algorithm.
    public init(ecdsaPoint uncompressed: [UInt8], algorithm: KeyAlgorithm) throws(CryptoError) {
        guard let curve = EllipticCurve.allCases.first(where: { $0.algorithm == algorithm }) else {
            throw .unsupportedPublicKey
        }
        guard uncompressed.count == curve.pointLength else { throw .malformedPublicKey }
        try self.init(curve: curve, point: uncompressed)
    }

    init(curve: EllipticCurve, point: [UInt8]) throws(CryptoError) {
        let key = try curve.publicKey(point: point.span)
        algorithm = curve.algorithm
        // An uncompressed point has one form; reading it back from libcrypto takes longer than checking it.
        let canonical = point.count == curve.pointLength ? point : try curve.point(of: key)
        spkiDER = SubjectPublicKeyInfo.ellipticCurve(curve, point: canonical)
        material = .ellipticCurve(curve, key)
    }

    init(modulus: [UInt8], exponent: [UInt8]) throws(CryptoError) {
        let key = try RSA.publicKey(modulus: modulus.span, exponent: exponent.span)
        algorithm = .rsa(bits: RSA.bitCount(modulus.span))
        spkiDER = SubjectPublicKeyInfo.rsa(modulus: modulus, exponent: exponent)
        material = .rsa(key)
    }

    /// The key as PEM block `PUBLIC KEY`: lines of 64 characters, a line feed after each, the last included.
    public var pem: String { PublicKeyPEM.encode(spkiDER) }

    /// The 32 bytes of an Ed25519 key; nil for other keys.
    public var ed25519Raw: [UInt8]? {
        if case .ed25519(let raw) = material { raw } else { nil }
    }

    /// The scheme that new signatures of this key use; RSA keys: PSS.
    public var defaultScheme: SignatureScheme { algorithm.defaultScheme }

    /// Checks a signature.
    ///
    /// Never throws and never traps: whatever is wrong with the signature, the answer is false. That includes a scheme
    /// that does not belong to this type of key, any byte after the signature, ECDSA values that are not strict DER, and
    /// RSA signatures whose length is not that of the modulus. PSS salts may have any length. ECDSA signatures with a
    /// high S are accepted, as FIPS 186-5 §6.4 does: nothing here may rest on signatures being unique.
    ///
    /// - Parameters:
    ///   - signature: The signature; ECDSA in DER (RFC 3279 §2.2.3).
    ///   - message: What was signed.
    ///   - scheme: How it is said to have been signed.
    /// - Returns: True for a valid signature of this key.
    public func isValidSignature(
        _ signature: Span<UInt8>,
        over message: Span<UInt8>,
        scheme: SignatureScheme
    ) -> Bool {
        guard algorithm.supports(scheme) else { return false }
        switch material {
        case .ed25519(let raw):
            return Ed25519.isValid(signature, over: message, publicKey: raw)
        case .ellipticCurve(let curve, let key):
            return key.isValid(signature, over: message, digest: curve.digest, padding: nil)
        case .rsa(let key):
            guard hasModulusLength(signature) else { return false }
            let padding: RSAPadding = scheme == .rsaPKCS1v15SHA256 ? .pkcs1v15 : .pss
            return key.isValid(signature, over: message, digest: .sha256, padding: padding)
        }
    }

    func hasModulusLength(_ signature: Span<UInt8>) -> Bool {
        guard case .rsa(let bits) = algorithm else { return false }
        return signature.count == (bits + 7) / 8
    }

    /// Compares by value of the key.
    public static func == (left: PublicKey, right: PublicKey) -> Bool {
        left.spkiDER == right.spkiDER
    }

    /// Hashes the value of the key.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(spkiDER)
    }
}
