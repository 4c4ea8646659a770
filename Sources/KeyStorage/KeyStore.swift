public import TUF
public import TrustCrypto

/// A place where private keys live.
public protocol KeyStore: Sendable {
    /// Where it is, for people.
    var location: String { get }

    /// Lists the keys, without any passphrase.
    ///
    /// - Returns: The keys that could be read, and what could not.
    /// - Throws: ``KeyStorageError`` when the store as a whole cannot be read,
    ///   ``KeyStorageError/storeMissing(path:)`` when there is none.
    func list() async throws(KeyStorageError) -> KeyListing

    /// Looks up one key, without any passphrase.
    ///
    /// - Parameter keyID: The id by which the store knows the key, ``KeyRecord/keyID``.
    /// - Returns: Its record, or nil when the store does not have it.
    /// - Throws: ``KeyStorageError``, also when the key's file is there and cannot be read.
    func record(of keyID: KeyID) async throws(KeyStorageError) -> KeyRecord?

    /// Opens a key.
    ///
    /// - Parameters:
    ///   - keyID: The id by which the store knows the key.
    ///   - passphrase: Opens it; nil will do for a key that is not encrypted.
    /// - Returns: The key.
    /// - Throws: ``KeyStorageError``, ``KeyStorageError/wrongPassphrase(_:origin:)`` and
    ///   ``KeyStorageError/passphraseRequired(_:)`` among them.
    func unlock(_ keyID: KeyID, passphrase: Passphrase?) async throws(KeyStorageError) -> PrivateKey

    /// Keeps out everybody else who wants to make a key that is missing: two that look at once would both make one.
    ///
    /// It keeps nobody from reading, and ``add(_:_:passphrase:created:)`` works while it is held.
    ///
    /// - Parameter timeout: How long to wait at most for another process that makes a key.
    /// - Returns: The lock, held until the value ends.
    /// - Throws: ``KeyStorageError/file(_:)`` with ``FileError/locked(path:)`` when the time is up;
    ///   ``KeyStorageError/cancelled``, and ``KeyStorageError`` when the store cannot be written.
    func lockMaking(timeout: Duration) async throws(KeyStorageError) -> FileLock

    /// Stores a key, encrypted.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - attributes: What it is for.
    ///   - passphrase: What opens it from now on; at least ``Passphrase/minimumLength`` bytes.
    ///   - created: The time to note.
    /// - Returns: The key's record.
    /// - Throws: ``KeyStorageError``, ``KeyStorageError/duplicateKey(_:path:)`` among them; nothing is changed then.
    func add(
        _ key: PrivateKey,
        _ attributes: KeyAttributes,
        passphrase: Passphrase,
        created: Instant
    ) async throws(KeyStorageError) -> KeyRecord

    /// Encrypts a key with another passphrase. Whoever has a copy of the old file can still open that one as before.
    ///
    /// - Parameters:
    ///   - keyID: The id by which the store knows the key.
    ///   - old: What opens it now; nil will do for a key that is not encrypted.
    ///   - new: What opens it from now on; at least ``Passphrase/minimumLength`` bytes.
    /// - Throws: ``KeyStorageError``; nothing is changed then.
    func changePassphrase(of keyID: KeyID, from old: Passphrase?, to new: Passphrase) async throws(KeyStorageError)

    /// Removes a key for good. Its file is overwritten first as far as the medium lets one.
    ///
    /// - Parameter keyID: The id by which the store knows the key.
    /// - Throws: ``KeyStorageError``, ``KeyStorageError/keyNotFound(_:unavailable:)`` among them.
    func remove(_ keyID: KeyID) async throws(KeyStorageError)
}
