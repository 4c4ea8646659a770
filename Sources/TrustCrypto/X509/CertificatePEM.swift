extension PEM {
    static let certificateLabel = "CERTIFICATE"
}

extension Certificate {
    /// The longest text of certificates read, in bytes; a system's whole trust store has some 200 KB.
    public static let maximumTextLength = 1 << 20

    /// Reads a text of certificates.
    ///
    /// - Parameters:
    ///   - pem: PEM; every block is a certificate without headers, and there is at least one. Text around the blocks is
    ///     skipped. At most ``maximumTextLength`` bytes.
    ///   - maximumCount: The most certificates there may be.
    /// - Returns: The certificates, in the order of the text.
    /// - Throws: ``CertificateError/malformed``, ``CertificateError/limitExceeded``,
    ///   ``CertificateError/unexpectedBlock(label:)``, ``CertificateError/noCertificate``.
    public static func all(inPEM pem: [UInt8], maximumCount: Int = 1024) throws(CertificateError) -> [Certificate] {
        guard pem.count <= maximumTextLength else { throw .limitExceeded }
        let blocks = try blocks(in: pem)
        guard blocks.count <= maximumCount else { throw .limitExceeded }
        guard !blocks.isEmpty else { throw .noCertificate }
        var certificates: [Certificate] = []
        for block in blocks {
            guard block.label == PEM.certificateLabel, block.headers.isEmpty else {
                throw .unexpectedBlock(label: block.label)
            }
            certificates.append(try Certificate(block, in: pem))
        }
        return certificates
    }

    /// The first certificate of a text that can be read, whatever else is in it.
    ///
    /// Its key is what Notary verifies with where the type is `ecdsa-x509` or `rsa-x509`, and what it computes the
    /// canonical key ID of.
    ///
    /// - Parameter pem: PEM, at most ``maximumTextLength`` bytes.
    /// - Returns: The first block that is a certificate without headers and can be read; nil without one, and for text
    ///   that is not sound PEM.
    public static func first(inPEM pem: [UInt8]) -> Certificate? {
        guard pem.count <= maximumTextLength, let blocks = try? blocks(in: pem) else { return nil }
        for block in blocks where block.label == PEM.certificateLabel && block.headers.isEmpty {
            if let certificate = try? Certificate(block, in: pem) { return certificate }
        }
        return nil
    }

    private static func blocks(in pem: [UInt8]) throws(CertificateError) -> [PEM.Block] {
        do {
            // A block takes 50 bytes at the least: the text's length bounds their number.
            return try PEM.blocks(in: pem.span, PEM.Limits(bytes: maximumTextLength, blocks: .max))
        } catch {
            throw .malformed
        }
    }

    private init(_ block: PEM.Block, in pem: [UInt8]) throws(CertificateError) {
        // Base64 with a line feed after each 64 characters; more is white space, and no certificate.
        guard block.body.count <= Self.maximumLength * 3 / 2 else { throw .limitExceeded }
        let der: [UInt8]
        do {
            der = try PEM.contents(of: block, in: pem.span).withBytes { bytes in bytes.indices.map { bytes[$0] } }
        } catch {
            throw .malformed
        }
        try self.init(der: der)
    }
}
