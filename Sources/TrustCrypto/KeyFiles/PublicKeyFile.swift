extension PublicKey {
    /// Reads a file with one public key: a PEM block `PUBLIC KEY`, also with headers, as docker's and notary's programs write
    /// them, or a `CERTIFICATE`, of which the key alone is taken.
    ///
    /// - Parameter file: PEM, with text around it or not; as long as a private key's file may be.
    /// - Throws: ``KeyFileError/malformed`` without such a block or with several blocks, ``KeyFileError/unsupported(_:)`` for a key
    ///   of another kind, ``KeyFileError/limitExceeded``, ``KeyFileError/truncated``.
    public init(file: [UInt8]) throws(KeyFileError) {
        let blocks = try PEM.blocks(in: file.span)
        guard let block = blocks.first, blocks.count == 1 else { throw .malformed }
        let der = try PEM.contents(of: block, in: file.span).withBytes { bytes in bytes.indices.map { bytes[$0] } }
        switch block.label {
        case "PUBLIC KEY":
            do { try self.init(spkiDER: der) } catch { throw .unsupported("key") }
        case PEM.certificateLabel:
            guard let certificate = try? Certificate(der: der) else { throw .malformed }
            guard let key = certificate.publicKey else { throw .unsupported("key") }
            self = key
        default:
            throw .malformed
        }
    }
}
