import COpenSSL

/// Hashes bytes that arrive piece by piece.
///
/// Not copyable: one hasher makes one digest.
public struct DigestHasher: ~Copyable, @unchecked Sendable {
    private let algorithm: HashAlgorithm
    private let context: OpaquePointer

    /// Starts a hash.
    ///
    /// - Parameter algorithm: The algorithm to use.
    public init(_ algorithm: HashAlgorithm = .sha256) {
        self.algorithm = algorithm
        context = OpenSSLDigest.of(algorithm).makeContext()
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Appends bytes to what is hashed.
    ///
    /// - Parameter bytes: The next piece; may be empty.
    public mutating func update(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { buffer in
            OpenSSL.require(EVP_DigestUpdate(context, buffer.baseAddress, buffer.count) == 1)
        }
    }

    /// Ends the hash.
    ///
    /// - Returns: The digest of all pieces.
    public consuming func finalize() -> Digest {
        let value = [UInt8](unsafeUninitializedCapacity: algorithm.byteCount) { buffer, count in
            var written: UInt32 = 0
            OpenSSL.require(EVP_DigestFinal_ex(context, buffer.baseAddress, &written) == 1)
            count = Int(written)
        }
        return Digest(algorithm: algorithm, value: value)
    }
}
