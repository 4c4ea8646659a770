import COpenSSL

/// PEM encryption of before PKCS #8 (`Proc-Type: 4,ENCRYPTED`, `DEK-Info: CIPHER,IV`), read only: its key derivation is
/// one round of MD5 and protects nothing but strong passphrases.
struct LegacyEncryption: Equatable {
    let cipher: BlockCipher
    let iv: [UInt8]

    /// - Returns: Nil for a block that is not encrypted.
    static func parse(_ block: PEM.Block) throws(KeyFileError) -> LegacyEncryption? {
        let procType = try block.value(of: "Proc-Type")
        let information = try block.value(of: "DEK-Info")
        guard let procType else {
            guard information == nil else { throw .malformed }
            return nil
        }
        guard procType == "4,ENCRYPTED" else { throw .unsupported("Proc-Type of the PEM block") }
        guard let information else { throw .malformed }
        let parts = information.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw .malformed }
        guard let cipher = BlockCipher.allCases.first(where: { $0.dekName == parts[0] }) else {
            throw .unsupported("cipher of the PEM block")
        }
        guard let iv = Hex.decode(String(parts[1])), iv.count == cipher.blockLength else { throw .malformed }
        return LegacyEncryption(cipher: cipher, iv: iv)
    }

    func decrypt(_ ciphertext: Span<UInt8>, passphrase: borrowing SecretBytes) throws(KeyFileError) -> SecretBytes {
        var isDone = false
        let salt = Array(iv.prefix(8))
        let key = passphrase.withBytes { passphrase in
            SecretBytes(count: cipher.keyLength) { buffer in
                isDone = passphrase.withUnsafeBufferPointer { passphrase in
                    deriveKey(passphrase, salt: salt, into: buffer)
                }
            }
        }
        guard isDone else { throw .unsupported("MD5, which this system's libcrypto leaves out") }
        guard let plaintext = cipher.decrypt(ciphertext, key: key, iv: iv) else { throw .wrongPassphrase }
        return plaintext
    }

    private func deriveKey(
        _ passphrase: UnsafeBufferPointer<UInt8>,
        salt: [UInt8],
        into buffer: UnsafeMutableBufferPointer<UInt8>
    ) -> Bool {
        OpenSSL.attempt {
            let length = EVP_BytesToKey(
                cipher.method,
                EVP_md5(),
                salt,
                passphrase.baseAddress,
                CInt(passphrase.count),
                1,
                buffer.baseAddress,
                nil
            )
            return Int(length) == cipher.keyLength
        }
    }
}
