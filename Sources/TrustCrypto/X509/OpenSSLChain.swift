import COpenSSL
import CTrustShims

/// Builds a chain of certificates with libcrypto (RFC 5280 §6).
enum OpenSSLChain {
    /// Demands that a chain leads from a leaf to a trusted certificate.
    ///
    /// Times are the caller's to compare: libcrypto counts the last second of a validity as outside.
    ///
    /// - Parameters:
    ///   - leaf: The leaf.
    ///   - untrusted: What may lie between.
    ///   - trusted: What ends a chain, self-signed or not.
    ///   - checksSelfSignature: Whether the signature of a self-signed certificate at the end must hold too.
    ///   - body: Looks at the chain that was found, a list of certificates with the leaf first.
    /// - Throws: ``CertificateError/noTrustedChain(_:)``; what `body` throws.
    static func verify(
        _ leaf: OpenSSLCertificate,
        untrusted: [OpenSSLCertificate],
        trusted: [OpenSSLCertificate],
        checksSelfSignature: Bool = false,
        _ body: (OpaquePointer?) throws(CertificateError) -> Void
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
            X509_VERIFY_PARAM_set_depth(rules, CertificateBundle.maximumDepth)
            // Level 2: at least 112 bits, in keys and in hash functions.
            X509_VERIFY_PARAM_set_auth_level(rules, 2)
            var flags = X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME
            if checksSelfSignature { flags |= X509_V_FLAG_CHECK_SS_SIGNATURE }
            OpenSSL.require(X509_VERIFY_PARAM_set_flags(rules, UInt(flags)) == 1)
            let isVerified = X509_verify_cert(context) == 1
            withExtendedLifetime((leaf, untrusted, trusted)) {}
            let result = X509_STORE_CTX_get_error(context)
            guard isVerified, result == X509_V_OK else { throw .noTrustedChain(Int(result)) }
            try body(X509_STORE_CTX_get0_chain(context))
        }
    }
}
