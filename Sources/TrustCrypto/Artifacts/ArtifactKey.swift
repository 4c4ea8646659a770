/// A public key of a tool that signs artifacts, as cosign and notation do.
///
/// Such tools have keys that TUF metadata does not: ECDSA on P-521. What ``PublicKey`` demands of a key holds for these too.
public struct ArtifactKey: Sendable, Hashable {
    /// The kinds of key.
    public enum Kind: Sendable, Hashable {
        /// ECDSA on P-256, P-384 or P-521; the hash function that goes with the curve.
        case ecdsa(HashAlgorithm)
        /// Ed25519.
        case ed25519
        /// RSA with a modulus of so many bits.
        case rsa(bits: Int)
    }

    /// The kind of key.
    public let kind: Kind
    /// The key as SubjectPublicKeyInfo in its one canonical form.
    public let spkiDER: [UInt8]

    private enum Material: Sendable {
        case ed25519([UInt8])
        case ellipticCurve(OpenSSLKey, fieldLength: Int)
        case rsa(PublicKey, OpenSSLKey)
    }

    private let material: Material

    /// Reads a SubjectPublicKeyInfo.
    ///
    /// - Parameter spkiDER: Strict DER of a P-256, P-384, P-521, Ed25519 or RSA key; at most 4096 bytes.
    /// - Throws: ``CryptoError/malformedPublicKey``, ``CryptoError/unsupportedPublicKey``,
    ///   ``CryptoError/rsaModulusSize(bits:)``.
    public init(spkiDER: [UInt8]) throws(CryptoError) {
        if let point = NISTP521.point(inSPKI: spkiDER.span) {
            let key = try NISTP521.publicKey(point: point.span)
            self.init(
                kind: .ecdsa(.sha512),
                spkiDER: NISTP521.spki(point: point),
                material: .ellipticCurve(key, fieldLength: NISTP521.fieldLength)
            )
            return
        }
        self = ArtifactKey(try PublicKey(spkiDER: spkiDER))
    }

    private init(kind: Kind, spkiDER: [UInt8], material: Material) {
        self.kind = kind
        self.spkiDER = spkiDER
        self.material = material
    }

    /// Takes a key of TUF metadata.
    ///
    /// - Parameter key: The key.
    public init(_ key: PublicKey) {
        spkiDER = key.spkiDER
        switch key.material {
        case .ed25519(let raw):
            material = .ed25519(raw)
            kind = .ed25519
        case .ellipticCurve(let curve, let handle):
            material = .ellipticCurve(handle, fieldLength: curve.fieldLength)
            kind = .ecdsa(curve == .p256 ? .sha256 : .sha384)
        case .rsa(let handle):
            material = .rsa(key, handle)
            guard case .rsa(let bits) = key.algorithm else { preconditionFailure("an RSA key of another kind") }
            kind = .rsa(bits: bits)
        }
    }

    /// Reads a file with one key: a PEM block `PUBLIC KEY`, as `cosign generate-key-pair` and `openssl` write it.
    ///
    /// - Parameter file: PEM, with text around it or not.
    /// - Throws: ``KeyFileError/malformed`` without such a block or with several blocks, ``KeyFileError/unsupported(_:)`` for a
    ///   key of another kind or size, ``KeyFileError/limitExceeded``, ``KeyFileError/truncated``.
    public init(file: [UInt8]) throws(KeyFileError) {
        let blocks = try PEM.blocks(in: file.span)
        guard let block = blocks.first, blocks.count == 1, block.label == "PUBLIC KEY" else { throw .malformed }
        let der = try PEM.contents(of: block, in: file.span).withBytes { bytes in bytes.indices.map { bytes[$0] } }
        do {
            try self.init(spkiDER: der)
        } catch .malformedPublicKey {
            throw .malformed
        } catch {
            throw .unsupported("key")
        }
    }

    /// The digest of ``spkiDER``, by which cosign names keys.
    public var fingerprint: Digest { Digest.compute(over: spkiDER.span) }

    /// Checks a signature.
    ///
    /// Never throws and never traps: whatever is wrong with the signature, the answer is false. That includes a method that
    /// does not belong to this kind of key.
    ///
    /// - Parameters:
    ///   - signature: The signature.
    ///   - message: What was signed.
    ///   - method: How it is said to have been signed.
    /// - Returns: True for a valid signature of this key.
    public func isValidSignature(
        _ signature: Span<UInt8>,
        over message: Span<UInt8>,
        method: ArtifactSignatureMethod
    ) -> Bool {
        switch (material, method) {
        case (.ellipticCurve(let key, _), .ecdsa(let hash)):
            return key.isValid(signature, over: message, digest: .of(hash), padding: nil)
        case (.ellipticCurve(let key, let fieldLength), .ecdsaFixedWidth(let hash)):
            guard let der = ECDSASignature.der(raw: signature, fieldLength: fieldLength) else { return false }
            return key.isValid(der.span, over: message, digest: .of(hash), padding: nil)
        case (.rsa(let key, let handle), .rsaPSS(let hash)):
            guard key.hasModulusLength(signature) else { return false }
            let salt = CInt(hash.byteCount)
            return handle.isValid(signature, over: message, digest: .of(hash), padding: .pss, saltLength: salt)
        case (.rsa(let key, let handle), .rsaPKCS1v15(let hash)):
            guard key.hasModulusLength(signature) else { return false }
            return handle.isValid(signature, over: message, digest: .of(hash), padding: .pkcs1v15)
        case (.ed25519(let raw), .ed25519):
            return Ed25519.isValid(signature, over: message, publicKey: raw)
        case (.ed25519(let raw), .ed25519Prehashed):
            return Ed25519.isValidPrehashed(signature, over: message, publicKey: raw)
        default:
            return false
        }
    }

    /// Compares by value of the key.
    public static func == (left: ArtifactKey, right: ArtifactKey) -> Bool { left.spkiDER == right.spkiDER }

    /// Hashes the value of the key.
    public func hash(into hasher: inout Hasher) { hasher.combine(spkiDER) }
}
