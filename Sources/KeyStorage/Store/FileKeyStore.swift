public import TUF
public import TrustCrypto

/// Private keys as files in a directory: one file a key, named `<key id>.key`.
///
/// Each file is a JSON object (role, repository, public key) and below it the key as PEM: PKCS #8 encrypted with PBES2,
/// scrypt and AES-256, which `openssl pkey -in FILE` reads as it is. The files have mode 0600 and the directory 0700;
/// wider permissions, other owners and symbolic links are refused, for the directory and for each file. Files are written
/// in one step and survive a power cut. Writers of all processes take turns by a lock; readers need none, so a store on a
/// read-only medium can be read.
public struct FileKeyStore: KeyStore {
    /// The directory.
    public let directory: String

    private let lockTimeout: Duration

    /// The directory.
    public var location: String { directory }

    /// Names a store, without looking at it. The directory is made when the first key is added.
    ///
    /// - Parameters:
    ///   - directory: The directory.
    ///   - lockTimeout: How long to wait at most for another process that writes.
    public init(directory: String, lockTimeout: Duration = .seconds(10)) {
        self.directory = directory
        self.lockTimeout = lockTimeout
    }

    /// Lists the keys, without any passphrase. A file that cannot be read is listed as a problem and hides no other.
    ///
    /// - Returns: The keys, and what could not be read.
    /// - Throws: ``KeyStorageError`` when the directory as a whole cannot be read.
    public func list() async throws(KeyStorageError) -> KeyListing {
        guard try PrivatePath.checkDirectory(directory), let names = try names() else {
            throw .storeMissing(path: directory)
        }
        var listing = KeyListing()
        var records: [KeyRecord] = []
        for name in names where name.hasSuffix(StoredKeyFile.nameSuffix) {
            let path = DurableFile.join(directory, name)
            do throws(KeyStorageError) {
                guard let keyID = try? KeyID(String(name.dropLast(StoredKeyFile.nameSuffix.count))) else {
                    throw .malformedRecord(path: path)
                }
                // Nil: removed since the names were read.
                if let file = try read(keyID) { records.append(file.record) }
            } catch {
                listing.problems.append(KeyListing.Problem(path: path, error: error))
            }
        }
        return KeyListing(records: records, problems: listing.problems)
    }

    /// Looks up one key, without any passphrase.
    ///
    /// - Parameter keyID: The id that TUF computes for the key.
    /// - Returns: Its record, or nil when the store does not have it.
    /// - Throws: ``KeyStorageError``, also when the key's file is there and cannot be read.
    public func record(of keyID: KeyID) async throws(KeyStorageError) -> KeyRecord? {
        guard try PrivatePath.checkDirectory(directory) else { throw .storeMissing(path: directory) }
        guard let file = try read(keyID) else { return nil }
        return file.record
    }

    /// Opens a key. Takes about 0.2 s for an encrypted one.
    ///
    /// - Parameters:
    ///   - keyID: The id that TUF computes for the key.
    ///   - passphrase: Opens it; nil will do for a key that is not encrypted.
    /// - Returns: The key; it is the one with that id, whatever its file says.
    /// - Throws: ``KeyStorageError``.
    public func unlock(_ keyID: KeyID, passphrase: Passphrase?) async throws(KeyStorageError) -> PrivateKey {
        try await BlockingWork.run(on: BlockingWork.derivation) { () throws(KeyStorageError) in
            try existing(keyID).open(passphrase)
        }
    }

    /// Keeps out everybody else who wants to make a key that is missing. The directory is made if it is not there.
    ///
    /// - Parameter timeout: How long to wait at most for another process that makes a key.
    /// - Returns: The lock, held until the value ends.
    /// - Throws: ``KeyStorageError``, ``KeyStorageError/file(_:)`` with ``FileError/locked(path:)`` among them.
    public func lockMaking(timeout: Duration) async throws(KeyStorageError) -> FileLock {
        try prepareDirectory()
        return try await lock(".making.lock", timeout: timeout)
    }

    /// Stores a key, encrypted.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - attributes: What it is for.
    ///   - passphrase: What opens it from now on; at least ``Passphrase/minimumLength`` bytes.
    ///   - created: The time to note.
    /// - Returns: The key's record.
    /// - Throws: ``KeyStorageError``; nothing is changed then.
    public func add(
        _ key: PrivateKey,
        _ attributes: KeyAttributes,
        passphrase: Passphrase,
        created: Instant
    ) async throws(KeyStorageError) -> KeyRecord {
        let pem = try await KeyTransfer.encrypted(key, passphrase: passphrase, path: directory)
        let copy = SecretBytes(copying: pem.span)
        return try await add(key, attributes, isEncrypted: true, created: created, pem: copy)
    }

    /// Stores a key without encryption: whoever can read the file can sign.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - attributes: What it is for.
    ///   - created: The time to note.
    /// - Returns: The key's record.
    /// - Throws: ``KeyStorageError``; nothing is changed then.
    public func addUnencryptedUnsafe(
        _ key: PrivateKey,
        _ attributes: KeyAttributes,
        created: Instant
    ) async throws(KeyStorageError) -> KeyRecord {
        let pem: SecretBytes
        do throws(KeyFileError) {
            pem = try PrivateKeyFile.encodeUnencryptedUnsafe(key)
        } catch {
            throw .keyFile(path: directory, error)
        }
        return try await add(key, attributes, isEncrypted: false, created: created, pem: pem)
    }

    /// Encrypts a key with another passphrase, in one step. A key that was not encrypted is from then on. Whoever has a
    /// copy of the old file can still open that one as before.
    ///
    /// - Parameters:
    ///   - keyID: The id that TUF computes for the key.
    ///   - old: What opens it now; nil will do for a key that is not encrypted.
    ///   - new: What opens it from now on; at least ``Passphrase/minimumLength`` bytes.
    /// - Throws: ``KeyStorageError``; nothing is changed then.
    public func changePassphrase(
        of keyID: KeyID,
        from old: Passphrase?,
        to new: Passphrase
    ) async throws(KeyStorageError) {
        try new.requireStrength()
        let key = try await unlock(keyID, passphrase: old)
        let path = path(of: keyID)
        let pem = try await KeyTransfer.encrypted(key, passphrase: new, path: path)
        let lock = try await lock()
        // Read again under the lock: the key may have gone, or its record changed, while it was derived.
        let json = try existing(keyID).json
        try write(StoredKeyFile.contents(json, pem: SecretBytes(copying: pem.span)), to: path)
        _ = consume lock
    }

    /// Removes a key for good. Its file is overwritten first, which is a best effort: file systems that copy on write,
    /// flash media and backups keep what they have.
    ///
    /// - Parameter keyID: The id that TUF computes for the key.
    /// - Throws: ``KeyStorageError``, ``KeyStorageError/keyNotFound(_:unavailable:)`` among them.
    public func remove(_ keyID: KeyID) async throws(KeyStorageError) {
        guard try PrivatePath.checkDirectory(directory) else { throw .storeMissing(path: directory) }
        let lock = try await lock()
        let path = path(of: keyID)
        guard StoredKeyFile.isName(keyID),
            try filing({ () throws(FileError) in try DurableFile.removeOverwriting(path) })
        else { throw .keyNotFound(keyID, unavailable: []) }
        _ = consume lock
    }

    private func add(
        _ key: PrivateKey,
        _ attributes: KeyAttributes,
        isEncrypted: Bool,
        created: Instant,
        pem: borrowing SecretBytes
    ) async throws(KeyStorageError) -> KeyRecord {
        let keyID = TUFKey(publicKey: key.publicKey, scheme: key.scheme).computedID
        let path = path(of: keyID)
        let record = KeyRecord(
            keyID: keyID,
            attributes: attributes,
            publicKey: key.publicKey,
            scheme: key.scheme,
            created: created.wholeSeconds,
            location: path,
            isEncrypted: isEncrypted,
            kind: .own
        )
        let json = StoredKeyFile.json(record, key.publicKey, key.scheme)
        try prepareDirectory()
        let lock = try await lock()
        // Whatever is there under that name, readable or not, must not be lost.
        let names = try names() ?? []
        guard !names.contains(StoredKeyFile.name(of: keyID)) else { throw .duplicateKey(keyID, path: path) }
        try filing { () throws(FileError) in try DurableFile.removeAbandonedTemporaries(in: directory) }
        try write(StoredKeyFile.contents(json, pem: pem), to: path)
        _ = consume lock
        return record
    }

    private func prepareDirectory() throws(KeyStorageError) { try StoreFiles.prepare(directory) }

    /// The key's file as far as it can be read without its passphrase; nil when there is none.
    private func read(_ keyID: KeyID) throws(KeyStorageError) -> StoredKeyFile? {
        // Ids are what foreign metadata says, and names of files here.
        guard StoredKeyFile.isName(keyID) else { return nil }
        let path = path(of: keyID)
        guard let contents = try PrivatePath.read(path, limit: StoredKeyFile.maximumLength) else { return nil }
        return try StoredKeyFile.parse(contents, path: path, keyID: keyID)
    }

    private func existing(_ keyID: KeyID) throws(KeyStorageError) -> StoredKeyFile {
        guard try PrivatePath.checkDirectory(directory) else { throw .storeMissing(path: directory) }
        guard let file = try read(keyID) else { throw .keyNotFound(keyID, unavailable: []) }
        return file
    }

    private func names() throws(KeyStorageError) -> [String]? {
        try filing { () throws(FileError) in try DurableFile.list(directory) }
    }

    private func write(_ contents: borrowing SecretBytes, to path: String) throws(KeyStorageError) {
        try StoreFiles.write(contents, to: path)
    }

    /// Excludes other writers.
    private func lock() async throws(KeyStorageError) -> FileLock { try await lock(".lock", timeout: lockTimeout) }

    private func lock(_ name: String, timeout: Duration) async throws(KeyStorageError) -> FileLock {
        try await StoreFiles.lock(DurableFile.join(directory, name), timeout: timeout)
    }

    private func filing<Value>(_ body: () throws(FileError) -> Value) throws(KeyStorageError) -> Value {
        try StoreFiles.filing(body)
    }

    private func path(of keyID: KeyID) -> String {
        DurableFile.join(directory, StoredKeyFile.name(of: keyID))
    }
}
