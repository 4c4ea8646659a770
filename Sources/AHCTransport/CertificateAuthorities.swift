import NIOSSL
public import TrustTransport

/// Certificate authorities to trust for TLS beside those of the system.
///
/// They are added and do not replace: a registry with a certificate of its own may well redirect to storage, or name a
/// token server, with a public one.
public struct CertificateAuthorities: Sendable {
    /// The largest file that is read, in bytes.
    public static let maximumBytes = 4 << 20

    let certificates: [NIOSSLCertificate]

    /// Reads one or more certificates.
    ///
    /// - Parameters:
    ///   - pem: A file of PEM certificates; text around them is ignored.
    ///   - name: What to call the file in messages.
    /// - Throws: `TransportError` of kind `configuration`.
    public init(pem: [UInt8], name: String) throws(TransportError) {
        func refuse(_ reason: String) -> TransportError {
            TransportError(.configuration, detail: "\(name): \(reason)")
        }
        guard pem.count <= Self.maximumBytes else { throw refuse("larger than \(Self.maximumBytes) bytes") }
        // By bytes: to a Character, CR and LF are one.
        let beginnings = ["-----BEGIN CERTIFICATE-----", "-----BEGIN TRUSTED CERTIFICATE-----"].map { Array($0.utf8) }
        let expected = pem.split(separator: 0x0a).count { line in
            beginnings.contains { line.starts(with: $0) }
        }
        guard expected > 0 else { throw refuse("no PEM certificate in it") }
        do {
            certificates = try NIOSSLCertificate.fromPEMBytes(pem)
        } catch {
            throw refuse("not a readable PEM certificate")
        }
        // The reader stops quietly at the first block that it does not like.
        guard certificates.count == expected else {
            throw refuse("\(expected - certificates.count) of \(expected) certificates cannot be read")
        }
    }
}
