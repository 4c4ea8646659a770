import COpenSSL
import CTrustShims

/// The certificates that a notation signature brings along: that of its key, then each one's issuer, up to a root.
///
/// The rules are those of the Notary Project's signature specification ("Certificate Requirements"). Where it wants other
/// extensions not looked at, a critical one that libcrypto does not know is refused all the same. No list of revocations is
/// asked.
public struct CodeSigningChain: Sendable, Hashable {
    /// The most certificates a chain may have.
    public static let maximumCount = 10

    /// The certificates, that of the signing key first; at least one.
    public let certificates: [Certificate]
    /// The certificate of the signing key.
    public let leaf: Certificate
    /// The signing key.
    public let key: ArtifactKey

    /// Reads a chain; nothing of it is believed.
    ///
    /// - Parameter certificates: Strict DER, one to ``maximumCount``.
    /// - Throws: ``CertificateError/noCertificate``, ``CertificateError/limitExceeded``, ``CertificateError/malformed`` also for
    ///   a key of another kind than ``ArtifactKey`` has.
    public init(der certificates: [[UInt8]]) throws(CertificateError) {
        guard certificates.count <= Self.maximumCount else { throw .limitExceeded }
        var read: [Certificate] = []
        for der in certificates { read.append(try Certificate(der: der)) }
        guard let leaf = read.first else { throw .noCertificate }
        do {
            key = try ArtifactKey(spkiDER: leaf.spkiDER)
        } catch {
            throw .malformed
        }
        self.leaf = leaf
        self.certificates = read
    }

    /// Demands that the chain is sound and that one of its certificates is trusted.
    ///
    /// Each certificate is issued by the next, and the last by itself; all are sound and valid at that time. The leaf may sign
    /// code and nothing that a service or an authority does; the others may certify.
    ///
    /// - Parameters:
    ///   - anchors: What is trusted: authorities, or signing certificates themselves.
    ///   - time: The moment, in seconds since the epoch.
    /// - Throws: ``CertificateError/unsound``, ``CertificateError/outsideValidity``, ``CertificateError/keyUsage``,
    ///   ``CertificateError/extendedKeyUsage``, ``CertificateError/noTrustedChain(_:)``, ``CertificateError/untrusted``.
    public func requireTrust(in anchors: [Certificate], at time: Int64) throws(CertificateError) {
        for certificate in certificates {
            guard certificate.isSound else { throw .unsound }
            guard certificate.isValid(at: time) else { throw .outsideValidity }
        }
        guard !leaf.isCA, leaf.handle.onlySigns else { throw .keyUsage }
        guard leaf.handle.servesNothing else { throw .extendedKeyUsage }
        for authority in certificates.dropFirst() {
            guard authority.handle.isForCertifying else { throw .keyUsage }
        }
        guard let root = certificates.last else { throw .noCertificate }
        let handles = certificates.map(\.handle)
        try OpenSSLChain.verify(
            leaf.handle,
            untrusted: Array(handles.dropFirst()),
            trusted: [root.handle],
            checksSelfSignature: true
        ) { (chain) throws(CertificateError) in
            // Not some way through what was brought along, but all of it in its order: the trusted one must be on the way.
            guard Int(trustctl_sk_X509_num(chain)) == handles.count else { throw .noTrustedChain(0) }
            for (index, handle) in handles.enumerated() {
                guard X509_cmp(trustctl_sk_X509_value(chain, CInt(index)), handle.pointer) == 0 else {
                    throw .noTrustedChain(0)
                }
            }
        }
        guard root.isSelfIssued else { throw .noTrustedChain(Int(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT)) }
        guard certificates.contains(where: anchors.contains) else { throw .untrusted }
    }
}

extension OpenSSLCertificate {
    /// What a certificate must not be for beside signing code.
    private static let servicesUsages = UInt32(
        XKU_SSL_SERVER | XKU_SSL_CLIENT | XKU_SMIME | XKU_TIMESTAMP | XKU_OCSP_SIGN | XKU_ANYEKU
    )

    /// Whether this is the certificate of a CA, by critical extensions that say so.
    fileprivate var isForCertifying: Bool {
        isCA && isCritical(NID_basic_constraints) && isCritical(NID_key_usage)
            && keyUsage & UInt32(KU_KEY_CERT_SIGN) != 0
    }

    /// Whether a critical key usage says that the key makes digital signatures, and nothing else.
    fileprivate var onlySigns: Bool {
        // What else may be there is nonRepudiation.
        isCritical(NID_key_usage)
            && keyUsage & ~UInt32(KU_NON_REPUDIATION) == UInt32(KU_DIGITAL_SIGNATURE)
    }

    /// Whether extendedKeyUsage is absent, or lists nothing that services do.
    fileprivate var servesNothing: Bool {
        // All bits are set when the extension is absent.
        let usages = OpenSSL.attempt { X509_get_extended_key_usage(pointer) }
        return usages == .max || usages & Self.servicesUsages == 0
    }

    /// All bits are set when the extension is absent.
    private var keyUsage: UInt32 { OpenSSL.attempt { X509_get_key_usage(pointer) } }

    private func isCritical(_ identifier: CInt) -> Bool {
        OpenSSL.attempt {
            let index = X509_get_ext_by_NID(pointer, identifier, -1)
            guard index >= 0, let found = X509_get_ext(pointer, index) else { return false }
            return X509_EXTENSION_get_critical(found) == 1
        }
    }
}
