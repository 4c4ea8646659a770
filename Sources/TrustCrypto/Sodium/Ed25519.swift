import CSodium

/// Ed25519 (RFC 8032) by libsodium.
enum Ed25519 {
    static let publicKeyLength = 32
    static let seedLength = 32
    static let signatureLength = 64

    /// Canonically encoded, on the curve and of prime order: what every honestly made key is. Keys of small order would
    /// accept signatures for messages that nobody signed.
    static func isValidPublicKey(_ key: [UInt8]) -> Bool {
        Sodium.start()
        return key.count == publicKeyLength && crypto_core_ed25519_is_valid_point(key) == 1
    }

    /// libsodium refuses non-canonical S and R or keys of small order.
    static func isValid(_ signature: Span<UInt8>, over message: Span<UInt8>, publicKey: [UInt8]) -> Bool {
        Sodium.start()
        guard signature.count == signatureLength, publicKey.count == publicKeyLength else { return false }
        return signature.withUnsafeBufferPointer { signature in
            guard let signature = signature.baseAddress else { return false }
            return message.withUnsafeBufferPointer { message in
                crypto_sign_verify_detached(signature, message.baseAddress, UInt64(message.count), publicKey) == 0
            }
        }
    }

    /// As above, of a message that was hashed with SHA-512 first, under the domain that Ed25519ph has for it.
    static func isValidPrehashed(_ signature: Span<UInt8>, over message: Span<UInt8>, publicKey: [UInt8]) -> Bool {
        Sodium.start()
        guard signature.count == signatureLength, publicKey.count == publicKeyLength else { return false }
        var state = crypto_sign_state()
        guard crypto_sign_init(&state) == 0 else { return false }
        let isHashed = message.withUnsafeBufferPointer { message in
            crypto_sign_update(&state, message.baseAddress, UInt64(message.count)) == 0
        }
        guard isHashed else { return false }
        return signature.withUnsafeBufferPointer { signature in
            guard let signature = signature.baseAddress else { return false }
            return crypto_sign_final_verify(&state, signature, publicKey) == 0
        }
    }
}

/// An Ed25519 private key.
final class Ed25519Secret: Sendable {
    /// libsodium's form: the seed, then the public key; 64 bytes.
    private let secretKey: SecretBytes
    let publicKey: [UInt8]

    // The seed has 32 bytes.
    init(seed: Span<UInt8>) throws(CryptoError) {
        guard seed.count == Ed25519.seedLength else { throw .malformedPrivateKey }
        Sodium.start()
        var publicKey = [UInt8](repeating: 0, count: Ed25519.publicKeyLength)
        secretKey = SecretBytes(count: Int(crypto_sign_secretkeybytes())) { secret in
            seed.withUnsafeBufferPointer { seed in
                guard let secret = secret.baseAddress, let seed = seed.baseAddress else { return }
                crypto_sign_seed_keypair(&publicKey, secret, seed)
            }
        }
        self.publicKey = publicKey
    }

    static func generate() throws(CryptoError) -> Ed25519Secret {
        let seed = SecretBytes.random(count: Ed25519.seedLength)
        return try seed.withBytes { (seed) throws(CryptoError) in try Ed25519Secret(seed: seed) }
    }

    func withSeed<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try secretKey.withBytes { (bytes) throws(Failure) in try body(bytes.extracting(first: Ed25519.seedLength)) }
    }

    func sign(_ message: Span<UInt8>) throws(CryptoError) -> [UInt8] {
        var status: CInt = -1
        var signature = [UInt8](repeating: 0, count: Ed25519.signatureLength)
        secretKey.withBytes { secret in
            secret.withUnsafeBufferPointer { secret in
                guard let secret = secret.baseAddress else { return }
                message.withUnsafeBufferPointer { message in
                    status = crypto_sign_detached(&signature, nil, message.baseAddress, UInt64(message.count), secret)
                }
            }
        }
        guard status == 0 else { throw .signingFailed }
        return signature
    }
}
