public import TrustCrypto

/// Bytes that are exactly what their descriptor says. Only made by comparing size and digest.
public struct VerifiedContent: Sendable, Hashable {
    /// The descriptor that the bytes were compared with.
    public let descriptor: Descriptor
    /// The content.
    public let bytes: [UInt8]

    /// Compares bytes with a descriptor: the size first, then the digest.
    ///
    /// - Throws: ``OCIError/sizeMismatch(_:expected:found:)`` or ``OCIError/digestMismatch(expected:found:)``.
    public init(_ bytes: [UInt8], matching descriptor: Descriptor) throws(OCIError) {
        guard Int64(bytes.count) == descriptor.size else {
            throw .sizeMismatch(descriptor.digest, expected: descriptor.size, found: Int64(bytes.count))
        }
        let found = Digest.compute(descriptor.digest.algorithm, over: bytes.span)
        guard found == descriptor.digest else { throw .digestMismatch(expected: descriptor.digest, found: found) }
        self.descriptor = descriptor
        self.bytes = bytes
    }

    /// Compares bytes with a digest alone; the descriptor's size is theirs.
    ///
    /// - Throws: ``OCIError/digestMismatch(expected:found:)``.
    public init(_ bytes: [UInt8], mediaType: MediaType, digest: Digest) throws(OCIError) {
        try self.init(bytes, matching: Descriptor(mediaType: mediaType, digest: digest, size: Int64(bytes.count)))
    }

    /// Describes bytes by their own sha256 digest: for content of our own, and for content that was asked for by tag, where
    /// nothing is known beforehand.
    public init(describing bytes: [UInt8], mediaType: MediaType) {
        descriptor = Descriptor(
            mediaType: mediaType,
            digest: Digest.compute(over: bytes.span),
            size: Int64(bytes.count)
        )
        self.bytes = bytes
    }
}
