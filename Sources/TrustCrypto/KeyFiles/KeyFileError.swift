/// Why a key file could not be read or written.
public enum KeyFileError: Error, Sendable, Equatable {
    /// The file holds no PEM block at all.
    case notAKey
    /// The file holds PEM, but no private key: a certificate, a public key. The label is that of its first block.
    case notAPrivateKey(label: String)
    /// The file ends in the middle of the key.
    case truncated
    /// The file is damaged, or not written as its format demands.
    case malformed
    /// The file holds several private keys, and nothing says which is meant.
    case severalKeys
    /// The file is sound, but of a form, cipher, curve or key type that is not supported; the text names it.
    case unsupported(String)
    /// The key is encrypted and no passphrase was given, or an empty one was given to encrypt with.
    case passphraseRequired
    /// The key does not open with this passphrase. (A damaged ciphertext cannot be told from a wrong passphrase.)
    case wrongPassphrase
    /// The file, or the work that its key derivation asks for, exceeds what is permitted.
    case limitExceeded
    /// The numbers of the key contradict each other or are out of range.
    case inconsistentKey
    /// The cryptographic library could not do what was asked.
    case encodingFailed
}
