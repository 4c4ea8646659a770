/// A certificate with those of the CAs between it and a trusted one: what Notary v1 keeps as a root key.
public struct CertificateBundle: Sendable, Hashable {
    /// The most certificates a bundle may have.
    public static let maximumCount = 16

    /// The certificate of the key; it belongs to no CA.
    public let leaf: Certificate
    /// The certificates of CAs, in the order of the text.
    public let intermediates: [Certificate]

    /// Reads a bundle.
    ///
    /// - Parameter pem: PEM; every block is a certificate without headers, the first belongs to no CA, and all others
    ///   do. Text around the blocks is skipped: whoever must know that there is none compares ``pem``.
    /// - Throws: What ``Certificate/all(inPEM:maximumCount:)`` throws; ``CertificateError/leafNotFirst``.
    public init(pem: [UInt8]) throws(CertificateError) {
        try self.init(Certificate.all(inPEM: pem, maximumCount: Self.maximumCount))
    }

    /// Makes a bundle.
    ///
    /// - Parameter certificates: The leaf, which belongs to no CA, then certificates of CAs.
    /// - Throws: ``CertificateError/noCertificate``, ``CertificateError/leafNotFirst``, or
    ///   ``CertificateError/limitExceeded`` for more than ``maximumCount`` certificates.
    public init(_ certificates: [Certificate]) throws(CertificateError) {
        guard certificates.count <= Self.maximumCount else { throw .limitExceeded }
        guard let leaf = certificates.first else { throw .noCertificate }
        let intermediates = Array(certificates.dropFirst())
        guard !leaf.isCA, intermediates.allSatisfy(\.isCA) else { throw .leafNotFirst }
        self.leaf = leaf
        self.intermediates = intermediates
    }

    /// The bundle as PEM, without anything between or around the blocks.
    public var pem: String { ([leaf] + intermediates).map(\.pem).joined() }

    /// The bundle without those intermediates that are not sound, or not valid at a given time: Notary computes a root
    /// key's ID of the text of what is left.
    ///
    /// - Parameters:
    ///   - time: The moment, in seconds since the epoch.
    ///   - tolerance: As in ``Certificate/isValid(at:tolerance:)``.
    /// - Returns: The same leaf, with the intermediates that remain.
    public func keepingValidIntermediates(at time: Int64, tolerance: Int64 = 0) -> CertificateBundle {
        CertificateBundle(
            leaf: leaf,
            intermediates: intermediates.filter { $0.isSound && $0.isValid(at: time, tolerance: tolerance) }
        )
    }

    private init(leaf: Certificate, intermediates: [Certificate]) {
        self.leaf = leaf
        self.intermediates = intermediates
    }
}
