import COpenSSL

/// A hash function of libcrypto, fetched once: looking it up costs more than hashing a small document.
final class OpenSSLDigest: @unchecked Sendable {
    // Fetched methods are immutable and may be used by any number of threads.
    let method: OpaquePointer
    private let length: Int

    static let sha256 = OpenSSLDigest("SHA256", length: 32)
    static let sha384 = OpenSSLDigest("SHA384", length: 48)
    static let sha512 = OpenSSLDigest("SHA512", length: 64)

    private init(_ name: String, length: Int) {
        method = OpenSSL.require(EVP_MD_fetch(nil, name, nil))
        self.length = length
    }

    deinit { EVP_MD_free(method) }

    static func of(_ algorithm: HashAlgorithm) -> OpenSSLDigest {
        switch algorithm {
        case .sha256: sha256
        case .sha384: sha384
        case .sha512: sha512
        }
    }

    func hash(_ bytes: Span<UInt8>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            var written: UInt32 = 0
            bytes.withUnsafeBufferPointer { input in
                OpenSSL.require(
                    EVP_Digest(input.baseAddress, input.count, buffer.baseAddress, &written, method, nil) == 1
                )
            }
            count = Int(written)
        }
    }

    /// The caller frees the context.
    func makeContext() -> OpaquePointer {
        let context = OpenSSL.require(EVP_MD_CTX_new())
        OpenSSL.require(EVP_DigestInit_ex(context, method, nil) == 1)
        return context
    }
}
