/// Why a certificate, or a text that holds some, was not read, believed or made.
public enum CertificateError: Error, Sendable, Equatable {
    /// The bytes are not strict DER of a certificate, or the text is not sound PEM.
    case malformed
    /// A certificate, a text or the number of certificates in it is larger than permitted.
    case limitExceeded
    /// The text holds a PEM block that is no certificate, or a certificate with headers. The label is the block's.
    case unexpectedBlock(label: String)
    /// The text holds no PEM block.
    case noCertificate
    /// Of the certificates, not exactly one belongs to no CA, or it is not the first.
    case leafNotFirst
    /// The certificate is signed with SHA-1 or something older, has a short key, or ends before it begins.
    case unsound
    /// The time is before the certificate's validity, or after it.
    case outsideValidity
    /// No chain of sound, valid certificates leads to a trusted CA. The number is libcrypto's (`X509_V_ERR_…`).
    case noTrustedChain(Int)
    /// A chain leads to a trusted CA, and a certificate in it lists usages without one for servers, or any.
    case extendedKeyUsage
    /// A certificate is not for what it is used for, by its basic constraints or key usage.
    case keyUsage
    /// A sound chain leads to no certificate that is trusted.
    case untrusted
    /// A certificate for such a key, or with such a signature scheme, cannot be made.
    case unsupportedScheme(SignatureScheme)
    /// A certificate with this name, or these times, cannot be made.
    case invalidContents
    /// The key did not sign, or the signature is not that of the certificate's key.
    case signingFailed
}
