public import TUF
public import TrustCrypto

/// The private keys of docker or notary, used where they are and as they are: `~/.docker/trust`, `~/.notary`.
///
/// Keys are known by the ids that `notary key list` shows. What an encrypted file says of its key is its role and, for
/// targets, snapshot and timestamp keys, its repository; the public half is not known before the key is opened. Keys of
/// signers belong to no repository, and notes cannot be kept.
///
/// Files are read in all forms and places that docker and notary ever used, and written in those of today, so that both
/// go on working with them. Theirs is the protection of the keys, too: 2048 rounds of PBKDF2. Otherwise it is as in
/// ``FileKeyStore``: mode 0600, directories 0700, symbolic links and wider permissions refused, files written in one step.
public struct DockerKeyStore: KeyStore {
    /// The directory that the keys are in.
    public let directory: String

    private let lockTimeout: Duration

    /// The directory that the keys are in.
    public var location: String { directory }

    /// Names a key directory, and looks only for its place.
    ///
    /// - Parameters:
    ///   - directory: `~/.docker/trust`, `~/.notary` or one like them, or the directory `private` in it.
    ///   - lockTimeout: How long to wait at most for another process of this program that writes. Docker and notary take
    ///     no locks.
    public init(directory: String, lockTimeout: Duration = .seconds(10)) {
        self.directory = NotaryLayout.keyDirectory(in: directory)
        self.lockTimeout = lockTimeout
    }

    /// Lists the keys, without any passphrase. A file that cannot be read is listed as a problem and hides no other. Of a
    /// key whose repository nothing says, the record does not say it either.
    ///
    /// - Returns: The keys, and what could not be read.
    /// - Throws: ``KeyStorageError`` when the directory as a whole cannot be read.
    public func list() async throws(KeyStorageError) -> KeyListing {
        let found = try NotaryLayout.list(directory)
        var records: [KeyRecord] = []
        var problems = found.problems
        // Today's place comes before those of old, which docker would move the key from.
        for key in found.keys.sorted(by: { isToday($0) && !isToday($1) }) {
            guard !records.contains(where: { $0.keyID == key.notaryID }) else { continue }
            do throws(KeyStorageError) {
                records.append(try record(key))
            } catch {
                problems.append(KeyListing.Problem(path: key.path, error: error))
            }
        }
        return KeyListing(records: records, problems: problems)
    }

    /// Looks up one key, without any passphrase.
    ///
    /// - Parameter keyID: The id that Notary v1 computes for the key; that of TUF will do for a key that is not encrypted.
    /// - Returns: Its record, or nil when the store does not have it.
    /// - Throws: ``KeyStorageError``, also when the key's file is there and cannot be read.
    public func record(of keyID: KeyID) async throws(KeyStorageError) -> KeyRecord? {
        let listing = try await list()
        if let record = listing.records.first(where: { $0.keyID == keyID || $0.tufKey?.computedID == keyID }) {
            return record
        }
        guard let problem = listing.problems.first(where: { names(keyID, $0.path) }) else { return nil }
        throw problem.error
    }

    /// Opens a key.
    ///
    /// - Parameters:
    ///   - keyID: As for ``record(of:)``.
    ///   - passphrase: Opens it; nil will do for a key that is not encrypted.
    /// - Returns: The key; it is the one with that id, whatever its file says.
    /// - Throws: ``KeyStorageError``.
    public func unlock(_ keyID: KeyID, passphrase: Passphrase?) async throws(KeyStorageError) -> PrivateKey {
        let key = try await existing(keyID)
        do throws(KeyStorageError) {
            return try await key.open(passphrase)
        } catch .keyFile(_, .wrongPassphrase) {
            throw .wrongPassphrase(keyID, origin: nil)
        } catch .keyFile(_, .passphraseRequired) {
            throw .passphraseRequired(keyID)
        } catch {
            throw error
        }
    }

    /// Keeps out everybody else of this program who wants to make a key that is missing. The directory is made if it is
    /// not there.
    ///
    /// - Parameter timeout: How long to wait at most for another process that makes a key.
    /// - Returns: The lock, held until the value ends.
    /// - Throws: ``KeyStorageError``, ``KeyStorageError/file(_:)`` with ``FileError/locked(path:)`` among them.
    public func lockMaking(timeout: Duration) async throws(KeyStorageError) -> FileLock {
        try StoreFiles.prepare(directory)
        return try await StoreFiles.lock(DurableFile.join(directory, ".making.lock"), timeout: timeout)
    }

    /// Stores a key, encrypted as docker and notary do it.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - attributes: What it is for. The label is not kept, nor is the repository of a delegated role.
    ///   - passphrase: What opens it from now on; at least ``Passphrase/minimumLength`` bytes.
    ///   - created: Not kept: the file has the time at which it was written.
    /// - Returns: The key's record.
    /// - Throws: ``KeyStorageError``; nothing is changed then.
    public func add(
        _ key: PrivateKey,
        _ attributes: KeyAttributes,
        passphrase: Passphrase,
        created: Instant
    ) async throws(KeyStorageError) -> KeyRecord {
        let keyID = NotaryKeyID.id(of: key.publicKey)
        let path = path(of: keyID)
        let pem = try await KeyTransfer.notary(key, attributes, passphrase: passphrase, path: path)
        try StoreFiles.prepare(directory)
        let lock = try await lock()
        // Whatever is there under that name, readable or not, must not be lost.
        let found = try NotaryLayout.list(directory)
        let paths = found.keys.map(\.path) + found.problems.map(\.path)
        if let present = paths.first(where: { names(keyID, $0) }) { throw .duplicateKey(keyID, path: present) }
        guard PrivatePath.kind(of: path) == nil else { throw .duplicateKey(keyID, path: path) }
        try StoreFiles.filing { () throws(FileError) in try DurableFile.removeAbandonedTemporaries(in: directory) }
        try StoreFiles.write(pem.bytes, to: path)
        guard let record = try await record(of: keyID) else { throw .fileMissing(path: path) }
        _ = consume lock
        return record
    }

    /// Encrypts a key with another passphrase, in one step and in place, as `notary key passwd` does.
    ///
    /// - Parameters:
    ///   - keyID: As for ``record(of:)``.
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
        let lock = try await lock()
        // Looked for again under the lock: the file may have gone meanwhile.
        let path = try await existing(keyID).path
        let entry = try ForeignKeyFile.entry(ForeignKeyFile.read(path), path: path)
        // In the places of old, the name and the place say what the headers do not, and go on saying it.
        let headers = NotaryKeyFile.Headers(role: entry.role, gun: entry.gun)
        let pem = try await KeyTransfer.notary(key, headers, passphrase: new, path: path)
        try StoreFiles.write(pem.bytes, to: path)
        _ = consume lock
    }

    /// Removes a key for good, wherever it lies. Its file is overwritten first as far as the medium lets one.
    ///
    /// - Parameter keyID: As for ``record(of:)``.
    /// - Throws: ``KeyStorageError``, ``KeyStorageError/keyNotFound(_:unavailable:)`` among them.
    public func remove(_ keyID: KeyID) async throws(KeyStorageError) {
        guard try PrivatePath.checkDirectory(directory) else { throw .storeMissing(path: directory) }
        let lock = try await lock()
        let id = try await existing(keyID).notaryID
        // The same key in a place of old would come back when docker moves it.
        for key in try NotaryLayout.list(directory).keys where key.notaryID == id {
            try StoreFiles.filing { () throws(FileError) in
                _ = try DurableFile.removeOverwriting(key.path)
            }
        }
        _ = consume lock
    }

    private func record(_ key: ForeignKey) throws(KeyStorageError) -> KeyRecord {
        // A name that says no id is no key of the directory.
        guard let keyID = key.notaryID else { throw .malformedRecord(path: key.path) }
        // What notary takes a key for that says no role.
        guard let role = key.role ?? (try? RoleName("delegation")) else { throw .malformedRecord(path: key.path) }
        let publicKey = key.isEncrypted ? nil : try key.openNow(nil).publicKey
        return KeyRecord(
            keyID: keyID,
            attributes: KeyAttributes(
                found: role,
                repository: ForeignKey.belongsToRepository(role) ? key.repository : nil
            ),
            publicKey: publicKey,
            scheme: publicKey?.defaultScheme,
            created: key.modified ?? Instant(secondsSinceEpoch: 0),
            location: key.path,
            isEncrypted: key.isEncrypted,
            kind: .notary
        )
    }

    private func existing(_ keyID: KeyID) async throws(KeyStorageError) -> ForeignKey {
        guard let record = try await record(of: keyID) else { throw .keyNotFound(keyID, unavailable: []) }
        guard let key = try NotaryLayout.list(directory).keys.first(where: { $0.path == record.location }) else {
            throw .keyNotFound(keyID, unavailable: [])
        }
        return key
    }

    private func path(of keyID: KeyID) -> String {
        DurableFile.join(directory, keyID.string + NotaryLayout.nameSuffix)
    }

    private func isToday(_ key: ForeignKey) -> Bool { DurableFile.parent(of: key.path) == directory }

    /// Whether a file's name begins with that id.
    private func names(_ keyID: KeyID, _ path: String) -> Bool {
        guard let name = path.split(separator: "/").last, name.hasSuffix(NotaryLayout.nameSuffix) else { return false }
        return NotaryKeyID.parse(stem: String(name.dropLast(NotaryLayout.nameSuffix.count)))?.id == keyID
    }

    private func lock() async throws(KeyStorageError) -> FileLock {
        try await StoreFiles.lock(DurableFile.join(directory, ".lock"), timeout: lockTimeout)
    }
}
