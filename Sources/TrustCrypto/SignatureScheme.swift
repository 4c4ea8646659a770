/// How a signature is made, by the names of TUF 1.0.34 §4.2.
///
/// A scheme belongs to a type of key (TAP 9): with another one nothing verifies.
public enum SignatureScheme: String, Sendable, Hashable, CaseIterable {
    /// Ed25519 of RFC 8032; 64 bytes.
    case ed25519 = "ed25519"
    /// ECDSA on P-256 with SHA-256; DER.
    case ecdsaSHA2NISTP256 = "ecdsa-sha2-nistp256"
    /// ECDSA on P-384 with SHA-384; DER.
    case ecdsaSHA2NISTP384 = "ecdsa-sha2-nistp384"
    /// RSASSA-PSS with SHA-256 and MGF1-SHA-256 (RFC 8017 §8.1). Written with a salt of 32 bytes, read with any.
    case rsassaPSSSHA256 = "rsassa-pss-sha256"
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2).
    case rsaPKCS1v15SHA256 = "rsa-pkcs1v15-sha256"
}
