import COpenSSL
import CTrustShims

extension CertificateBundle {
    /// The most certificates between the leaf and the trusted one.
    static let maximumDepth: CInt = 15

    /// Demands that a chain leads from the leaf to a trusted CA (RFC 5280 §6), with the rules of Go's
    /// `Certificate.Verify` that Notary v1 relies on.
    ///
    /// All certificates of the chain, that of the trusted CA included, are sound and valid at that time, and each that
    /// lists extended usages lists server authentication or any. Nothing else is asked: not the system's trusted CAs,
    /// no list of revocations, no network. A trusted certificate ends the chain even if it is not self-signed. Where
    /// several certificates could have issued another, by name and key identifier, libcrypto follows one of them, and
    /// Go all: so a chain may be missed, but none is made up.
    ///
    /// - Parameters:
    ///   - anchors: What is trusted. Of these only certificates of CAs count, and only sound and valid ones.
    ///   - time: The moment, in seconds since the epoch.
    /// - Throws: ``CertificateError/unsound`` or ``CertificateError/outsideValidity`` for the leaf;
    ///   ``CertificateError/noTrustedChain(_:)``; ``CertificateError/extendedKeyUsage``.
    public func requireChain(to anchors: [Certificate], at time: Int64) throws(CertificateError) {
        guard leaf.isSound else { throw .unsound }
        guard leaf.isValid(at: time) else { throw .outsideValidity }
        // Left out here rather than by libcrypto, which counts the last second of a validity as outside.
        let usable = { (certificate: Certificate) in
            certificate.isCA && certificate.isSound && certificate.isValid(at: time)
        }
        try OpenSSLChain.verify(
            leaf.handle,
            untrusted: intermediates.filter(usable).map(\.handle),
            trusted: anchors.filter(usable).map(\.handle)
        ) { (chain) throws(CertificateError) in
            for index in 0..<trustctl_sk_X509_num(chain) {
                guard OpenSSLCertificate.isForServers(trustctl_sk_X509_value(chain, index)) else {
                    throw .extendedKeyUsage
                }
            }
        }
    }
}
