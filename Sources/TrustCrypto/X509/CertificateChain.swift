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
        try Self.verify(
            leaf.handle,
            untrusted: intermediates.filter(usable).map(\.handle),
            trusted: anchors.filter(usable).map(\.handle)
        )
    }

    private static func verify(
        _ leaf: OpenSSLCertificate,
        untrusted: [OpenSSLCertificate],
        trusted: [OpenSSLCertificate]
    ) throws(CertificateError) {
        try OpenSSL.attempt { () throws(CertificateError) in
            let store = OpenSSL.require(X509_STORE_new())
            defer { X509_STORE_free(store) }
            for certificate in trusted { OpenSSL.require(X509_STORE_add_cert(store, certificate.pointer) == 1) }
            // The list owns nothing; the certificates outlive it, as arguments of this function.
            let list = OpenSSL.require(trustctl_sk_X509_new_null())
            defer { trustctl_sk_X509_free(list) }
            for certificate in untrusted { OpenSSL.require(trustctl_sk_X509_push(list, certificate.pointer) > 0) }

            let context = OpenSSL.require(X509_STORE_CTX_new())
            defer { X509_STORE_CTX_free(context) }
            OpenSSL.require(X509_STORE_CTX_init(context, store, leaf.pointer, list) == 1)
            let rules = X509_STORE_CTX_get0_param(context)
            X509_VERIFY_PARAM_set_depth(rules, maximumDepth)
            // Level 2: at least 112 bits, in keys and in hash functions.
            X509_VERIFY_PARAM_set_auth_level(rules, 2)
            OpenSSL.require(
                X509_VERIFY_PARAM_set_flags(rules, UInt(X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME)) == 1
            )
            let isVerified = X509_verify_cert(context) == 1
            withExtendedLifetime((leaf, untrusted, trusted)) {}
            let result = X509_STORE_CTX_get_error(context)
            guard isVerified, result == X509_V_OK else { throw .noTrustedChain(Int(result)) }
            let chain = X509_STORE_CTX_get0_chain(context)
            for index in 0..<trustctl_sk_X509_num(chain) {
                guard OpenSSLCertificate.isForServers(trustctl_sk_X509_value(chain, index)) else {
                    throw .extendedKeyUsage
                }
            }
        }
    }
}
