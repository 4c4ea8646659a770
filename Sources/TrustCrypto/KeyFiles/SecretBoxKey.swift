import CSodium

/// A private key as cosign keeps it: PKCS #8 in a secretbox of NaCl (XSalsa20 and Poly1305), under a key that scrypt makes
/// of the passphrase.
public struct SecretBoxKey: Sendable {
    private static let maximumCiphertextLength = 65536

    private let derivation: KeyDerivation
    private let nonce: [UInt8]
    private let ciphertext: [UInt8]

    /// Takes the parts of the file.
    ///
    /// - Parameters:
    ///   - salt: scrypt's salt.
    ///   - cost: scrypt's N.
    ///   - blockSize: scrypt's r.
    ///   - parallelism: scrypt's p.
    ///   - nonce: 24 bytes.
    ///   - ciphertext: The tag and the encrypted key.
    /// - Throws: ``KeyFileError/malformed``; ``KeyFileError/limitExceeded`` for a file that asks for more than 128 MiB of
    ///   memory or some seconds of time.
    public init(
        salt: [UInt8],
        cost: Int,
        blockSize: Int,
        parallelism: Int,
        nonce: [UInt8],
        ciphertext: [UInt8]
    ) throws(KeyFileError) {
        derivation = .scrypt(salt: salt, cost: cost, blockSize: blockSize, parallelism: parallelism)
        try derivation.checkCost()
        guard nonce.count == crypto_secretbox_noncebytes(), ciphertext.count > crypto_secretbox_macbytes() else {
            throw .malformed
        }
        guard ciphertext.count <= Self.maximumCiphertextLength else { throw .limitExceeded }
        self.nonce = nonce
        self.ciphertext = ciphertext
    }

    /// Opens the key. Takes as long as the file asks for, about a third of a second for those of cosign.
    ///
    /// - Parameter passphrase: What was typed when the key was made, which may have been nothing.
    /// - Returns: The key.
    /// - Throws: ``KeyFileError``; ``KeyFileError/wrongPassphrase`` also for a file that was tampered with.
    public func open(_ passphrase: borrowing SecretBytes) throws(KeyFileError) -> PrivateKey {
        let key = try derivation.derive(crypto_secretbox_keybytes(), from: passphrase)
        var isOpen = false
        let plaintext = key.withBytes { key in
            SecretBytes(count: ciphertext.count - crypto_secretbox_macbytes()) { buffer in
                key.withUnsafeBufferPointer { key in
                    guard let target = buffer.baseAddress, let key = key.baseAddress else { return }
                    isOpen =
                        crypto_secretbox_open_easy(target, ciphertext, UInt64(ciphertext.count), nonce, key) == 0
                }
            }
        }
        guard isOpen else { throw .wrongPassphrase }
        return try plaintext.withBytes { (der) throws(KeyFileError) in
            do {
                return try PrivateKeyContents.pkcs8(der)
            } catch let error as KeyFileError {
                throw error
            } catch {
                // The passphrase was right: the box is sealed with it.
                throw .malformed
            }
        }
    }
}
