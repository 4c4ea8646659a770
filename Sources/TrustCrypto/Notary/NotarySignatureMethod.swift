/// How a signature of Notary v1 metadata is made, by the names of its member `method`.
///
/// Kept apart from ``SignatureScheme``: the same key signs differently there, and a signature of one kind must never
/// count as one of the other.
public enum NotarySignatureMethod: String, Sendable, Hashable, CaseIterable {
    /// ECDSA with SHA-256 whatever the curve; both numbers side by side, 64 bytes on P-256 and 96 on P-384.
    case ecdsa
    /// RSASSA-PSS with SHA-256, MGF1-SHA-256 and a salt of exactly 32 bytes.
    case rsapss
    /// RSASSA-PKCS1-v1_5 with SHA-256; read, never written.
    case rsapkcs1v15
    /// Ed25519 of RFC 8032; 64 bytes.
    case eddsa

    /// Reads a method's name as Notary does, in upper or lower case; nil for one that is not known.
    ///
    /// - Parameter name: The value of `method`.
    public init?(ignoringCase name: String) {
        guard name.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        self.init(rawValue: name.lowercased())
    }
}

extension KeyAlgorithm {
    /// The method with which a key of this kind signs Notary v1 metadata.
    public var notaryMethod: NotarySignatureMethod {
        switch self {
        case .ecdsaP256, .ecdsaP384: .ecdsa
        case .ed25519: .eddsa
        case .rsa: .rsapss
        }
    }
}

extension PublicKey {
    /// Checks a signature of Notary v1 metadata.
    ///
    /// Never throws and never traps: whatever is wrong with the signature, the answer is false. That includes a method
    /// that does not belong to this type of key, ECDSA signatures in DER or of another length, and PSS salts that do not
    /// have 32 bytes.
    ///
    /// - Parameters:
    ///   - signature: The signature.
    ///   - message: What was signed: the canonical form of `signed`.
    ///   - method: How it is said to have been signed.
    /// - Returns: True for a valid signature of this key.
    public func isValidSignature(
        _ signature: Span<UInt8>,
        over message: Span<UInt8>,
        method: NotarySignatureMethod
    ) -> Bool {
        switch (material, method) {
        case (.ellipticCurve(let curve, let key), .ecdsa):
            guard let der = ECDSASignature.der(raw: signature, fieldLength: curve.fieldLength) else { return false }
            return key.isValid(der.span, over: message, digest: .sha256, padding: nil)
        case (.rsa(let key), .rsapss):
            guard hasModulusLength(signature) else { return false }
            return key.isValid(
                signature,
                over: message,
                digest: .sha256,
                padding: .pss,
                saltLength: RSAPadding.writtenSaltLength
            )
        case (.rsa, .rsapkcs1v15):
            return isValidSignature(signature, over: message, scheme: .rsaPKCS1v15SHA256)
        case (.ed25519, .eddsa):
            return isValidSignature(signature, over: message, scheme: .ed25519)
        default:
            return false
        }
    }
}
