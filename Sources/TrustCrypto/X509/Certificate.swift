/// An X.509 certificate (RFC 5280).
///
/// That one can be read says nothing about it: not that its signature is valid, nor that it is to be trusted.
public struct Certificate: Sendable {
    /// The longest certificate read, in bytes.
    public static let maximumLength = 65_536

    /// The certificate itself.
    public let der: [UInt8]
    /// The common name of the subject, the last if there are several; nil when there is none, or the last is not text.
    public let commonName: String?
    /// The first moment at which it is valid, in seconds since the epoch.
    public let notBefore: Int64
    /// The last moment at which it is valid, in seconds since the epoch.
    public let notAfter: Int64
    /// Whether issuer and subject are the same, byte by byte: then no authority has certified it.
    public let isSelfIssued: Bool
    /// Whether it says to belong to a CA (`basicConstraints`).
    public let isCA: Bool
    /// The SubjectPublicKeyInfo as it stands in the certificate; that of ``publicKey`` may be written otherwise.
    public let spkiDER: [UInt8]
    /// The key; nil for one of a kind that is not supported, or a short one.
    public let publicKey: PublicKey?
    /// Whether it is signed with SHA-1 or something older, or in a way that is not known.
    public let hasWeakSignature: Bool
    /// Whether forging a signature of its key is within reach: RSA below 2048 bits and the like, or a kind of key that
    /// is not known.
    public let hasWeakKey: Bool

    let handle: OpenSSLCertificate

    /// Reads a certificate.
    ///
    /// - Parameter der: Strict DER of one certificate, and nothing else.
    /// - Throws: ``CertificateError/malformed`` or ``CertificateError/limitExceeded``.
    public init(der: [UInt8]) throws(CertificateError) {
        guard der.count <= Self.maximumLength else { throw .limitExceeded }
        let fields: CertificateFields
        do {
            fields = try CertificateFields(der.span)
        } catch {
            throw .malformed
        }
        guard let handle = OpenSSLCertificate(der), handle.hasSoundExtensions else { throw .malformed }
        do {
            publicKey = try PublicKey(spkiDER: fields.spkiDER)
        } catch .malformedPublicKey {
            throw .malformed
        } catch {
            publicKey = nil
        }
        self.der = der
        self.handle = handle
        commonName = fields.commonName
        notBefore = fields.notBefore
        notAfter = fields.notAfter
        spkiDER = fields.spkiDER
        isSelfIssued = fields.isSelfIssued
        isCA = handle.isCA
        hasWeakSignature = handle.signatureStrength < Self.minimumStrength
        hasWeakKey = handle.keyStrength < Self.minimumStrength
    }

    /// In bits, as NIST SP 800-57 counts: RSA with 2048, P-224, SHA-224.
    static let minimumStrength = 112

    /// The certificate as PEM, as Go's `pem.Encode` writes it: lines of 64 characters, a line feed after each, the last
    /// included.
    public var pem: String { PEM.text(label: PEM.certificateLabel, der.span) }

    /// Whether neither signature nor key is weak, and it does not end before it begins.
    public var isSound: Bool { !hasWeakSignature && !hasWeakKey && notBefore <= notAfter }

    /// Whether a moment is within the validity, both ends included.
    ///
    /// - Parameters:
    ///   - time: The moment, in seconds since the epoch.
    ///   - tolerance: How many seconds before its beginning the certificate is taken already; Notary gives clocks that
    ///     run differently a day.
    /// - Returns: True when it is.
    public func isValid(at time: Int64, tolerance: Int64 = 0) -> Bool {
        let (latest, overflow) = time.addingReportingOverflow(tolerance)
        return notBefore <= (overflow ? Int64.max : latest) && time <= notAfter
    }
}

extension Certificate: Hashable {
    /// Compares the bytes.
    public static func == (left: Certificate, right: Certificate) -> Bool { left.der == right.der }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) { hasher.combine(der) }
}
