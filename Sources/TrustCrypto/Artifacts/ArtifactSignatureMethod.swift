/// How a tool that signs artifacts made a signature.
///
/// Kept apart from ``SignatureScheme``: there the key decides how it signs; here the tool's format does, and says so outside
/// of the key.
public enum ArtifactSignatureMethod: Sendable, Hashable {
    /// ECDSA, DER (RFC 3279 §2.2.3): cosign.
    case ecdsa(HashAlgorithm)
    /// ECDSA, r and s side by side, each as long as a coordinate (RFC 7518 §3.4, RFC 9053 §2.1): JWS and COSE.
    case ecdsaFixedWidth(HashAlgorithm)
    /// RSASSA-PSS, with the same hash function in MGF1 and a salt of its length (RFC 7518 §3.5, RFC 8230 §2).
    case rsaPSS(HashAlgorithm)
    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2).
    case rsaPKCS1v15(HashAlgorithm)
    /// Ed25519 (RFC 8032 §5.1).
    case ed25519
    /// Ed25519ph with an empty context (RFC 8032 §5.1).
    case ed25519Prehashed
}
