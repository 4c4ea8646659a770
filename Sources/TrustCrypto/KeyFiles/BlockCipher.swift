import COpenSSL

/// The ciphers of encrypted key files, all of them CBC with PKCS #7 padding.
enum BlockCipher: CaseIterable {
    case aes128
    case aes192
    case aes256
    case tripleDES

    var keyLength: Int {
        switch self {
        case .aes128: 16
        case .aes192, .tripleDES: 24
        case .aes256: 32
        }
    }

    /// Length of a block and of the initialization vector.
    var blockLength: Int { self == .tripleDES ? 8 : 16 }

    var objectIdentifier: [UInt8] {
        switch self {
        case .aes128: ObjectIdentifiers.aes128CBC
        case .aes192: ObjectIdentifiers.aes192CBC
        case .aes256: ObjectIdentifiers.aes256CBC
        case .tripleDES: ObjectIdentifiers.tripleDESCBC
        }
    }

    /// Its name in the `DEK-Info` header of older PEM files.
    var dekName: String {
        switch self {
        case .aes128: "AES-128-CBC"
        case .aes192: "AES-192-CBC"
        case .aes256: "AES-256-CBC"
        case .tripleDES: "DES-EDE3-CBC"
        }
    }

    var method: OpaquePointer? {
        switch self {
        case .aes128: EVP_aes_128_cbc()
        case .aes192: EVP_aes_192_cbc()
        case .aes256: EVP_aes_256_cbc()
        case .tripleDES: EVP_des_ede3_cbc()
        }
    }

    /// - Returns: The plaintext, or nil when its padding shows that the key is wrong.
    func decrypt(_ ciphertext: Span<UInt8>, key: borrowing SecretBytes, iv: [UInt8]) -> SecretBytes? {
        guard ciphertext.count > 0, ciphertext.count.isMultiple(of: blockLength) else { return nil }
        return run(ciphertext, key: key, iv: iv, encrypting: false)
    }

    /// - Returns: The ciphertext, or nil when libcrypto refuses.
    func encrypt(_ plaintext: Span<UInt8>, key: borrowing SecretBytes, iv: [UInt8]) -> SecretBytes? {
        run(plaintext, key: key, iv: iv, encrypting: true)
    }

    private func run(
        _ input: Span<UInt8>,
        key: borrowing SecretBytes,
        iv: [UInt8],
        encrypting: Bool
    ) -> SecretBytes? {
        precondition(key.count == keyLength && iv.count == blockLength)
        let context = OpenSSL.require(EVP_CIPHER_CTX_new())
        defer { EVP_CIPHER_CTX_free(context) }
        var isDone = false
        let output = SecretBytes(capacity: input.count + blockLength) { buffer in
            OpenSSL.attempt {
                var first: CInt = 0
                var last: CInt = 0
                let isReady = key.withBytes { key in
                    key.withUnsafeBufferPointer { key in
                        EVP_CipherInit_ex(context, method, nil, key.baseAddress, iv, encrypting ? 1 : 0) == 1
                    }
                }
                isDone =
                    isReady
                    && input.withUnsafeBufferPointer { input in
                        EVP_CipherUpdate(context, buffer.baseAddress, &first, input.baseAddress, CInt(input.count)) == 1
                    }
                    && EVP_CipherFinal_ex(context, buffer.baseAddress.map { $0 + Int(first) }, &last) == 1
                return isDone ? Int(first) + Int(last) : 0
            }
        }
        guard isDone else { return nil }
        return output
    }
}
