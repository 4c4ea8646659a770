import COpenSSL

/// How a key file turns a passphrase into a key, with the costs that are permitted.
///
/// A file says itself how much work its passphrase costs, so a hostile one could ask for hours or for all memory.
enum KeyDerivation: Equatable {
    case scrypt(salt: [UInt8], cost: Int, blockSize: Int, parallelism: Int)
    case pbkdf2(salt: [UInt8], iterations: Int, hash: PBKDF2Hash)

    enum PBKDF2Hash: CaseIterable {
        case sha1
        case sha256
        case sha384
        case sha512

        var objectIdentifier: [UInt8] {
            switch self {
            case .sha1: ObjectIdentifiers.hmacSHA1
            case .sha256: ObjectIdentifiers.hmacSHA256
            case .sha384: ObjectIdentifiers.hmacSHA384
            case .sha512: ObjectIdentifiers.hmacSHA512
            }
        }
    }

    static let maximumSaltLength = 1024
    /// scrypt's memory is 128 · N · r bytes: at most 128 MiB.
    static let maximumMemory = 128 << 20
    /// scrypt's time grows with N · r · p: at most about ten times that of the keys written here (2 s).
    static let maximumWork = 1 << 23
    /// About 5 s; five times what is recommended for SHA-256 today.
    static let maximumIterations = 5_000_000

    /// What this program writes: about 0.2 s and 16 MiB, and the most that OpenSSL 3.0 reads back.
    static func standard(salt: [UInt8]) -> KeyDerivation {
        .scrypt(salt: salt, cost: 16384, blockSize: 8, parallelism: 6)
    }

    /// Demands that the work is within bounds.
    func checkCost() throws(KeyFileError) {
        switch self {
        case .scrypt(let salt, let cost, let blockSize, let parallelism):
            // RFC 7914 §2: N is a power of 2 and larger than 1.
            guard cost > 1, cost & (cost - 1) == 0, blockSize > 0, parallelism > 0 else { throw .malformed }
            guard salt.count <= Self.maximumSaltLength,
                cost <= Self.maximumWork, blockSize <= Self.maximumWork, parallelism <= Self.maximumWork,
                128 * cost * blockSize <= Self.maximumMemory,
                128 * blockSize * parallelism <= Self.maximumMemory,
                cost * blockSize <= Self.maximumWork / parallelism
            else { throw .limitExceeded }
        case .pbkdf2(let salt, let iterations, _):
            guard iterations > 0 else { throw .malformed }
            guard salt.count <= Self.maximumSaltLength, iterations <= Self.maximumIterations else {
                throw .limitExceeded
            }
        }
    }

    /// Derives a key. Takes as long as the parameters say.
    func derive(_ length: Int, from passphrase: borrowing SecretBytes) throws(KeyFileError) -> SecretBytes {
        try checkCost()
        var isDone = false
        let key = passphrase.withBytes { passphrase in
            SecretBytes(count: length) { buffer in
                isDone = OpenSSL.attempt { run(passphrase, into: buffer) }
            }
        }
        guard isDone else { throw .encodingFailed }
        return key
    }

    private func run(_ passphrase: Span<UInt8>, into buffer: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        passphrase.withUnsafeBufferPointer { passphrase in
            passphrase.withMemoryRebound(to: CChar.self) { passphrase in
                switch self {
                case .scrypt(let salt, let cost, let blockSize, let parallelism):
                    EVP_PBE_scrypt(
                        passphrase.baseAddress,
                        passphrase.count,
                        salt,
                        salt.count,
                        UInt64(cost),
                        UInt64(blockSize),
                        UInt64(parallelism),
                        UInt64(Self.maximumMemory * 3),
                        buffer.baseAddress,
                        buffer.count
                    ) == 1
                case .pbkdf2(let salt, let iterations, let hash):
                    PKCS5_PBKDF2_HMAC(
                        passphrase.baseAddress,
                        CInt(passphrase.count),
                        salt,
                        CInt(salt.count),
                        CInt(iterations),
                        hash.method,
                        CInt(buffer.count),
                        buffer.baseAddress
                    ) == 1
                }
            }
        }
    }
}

extension KeyDerivation.PBKDF2Hash {
    fileprivate var method: OpaquePointer? {
        switch self {
        case .sha1: EVP_sha1()
        case .sha256: OpenSSLDigest.sha256.method
        case .sha384: OpenSSLDigest.sha384.method
        case .sha512: OpenSSLDigest.sha512.method
        }
    }
}
