public import KeyStorage
public import TUF
public import TUFClient
public import TrustCrypto

/// A publisher's private keys, from key stores.
///
/// Keys stay open until the publisher is done, so that a change that has to be made anew asks for no passphrase twice. A
/// passphrase that was typed for a repository's key is tried for its other keys too, and protects those that are made in
/// the same run; never the root key.
public actor KeyStoreSigners: SignerSource {
    /// Whoever makes a key may be typing its passphrase.
    private static let makingTimeout = Duration.seconds(120)

    private let stores: KeyStoreSet
    private let passphrases: any PassphraseSource
    private let clock: any WallClock
    private let unencryptedStore: FileKeyStore?
    private var open: [KeyID: PrivateKey] = [:]
    private var typed: Passphrase?

    /// The keys of some stores.
    ///
    /// - Parameters:
    ///   - stores: Where the keys are; new ones go to the primary store.
    ///   - passphrases: Where passphrases come from.
    ///   - unencryptedUnsafe: A store to put new keys into without encryption: whoever can read it can sign. Nil
    ///     encrypts them.
    ///   - clock: Says when a key was made.
    public init(
        stores: KeyStoreSet,
        passphrases: any PassphraseSource,
        unencryptedUnsafe: FileKeyStore? = nil,
        clock: any WallClock = SystemClock()
    ) {
        self.stores = stores
        self.passphrases = passphrases
        unencryptedStore = unencryptedUnsafe
        self.clock = clock
    }

    /// Opens keys of a role, as many as must sign.
    ///
    /// - Parameters:
    ///   - role: The role.
    ///   - keys: The role's keys.
    ///   - threshold: How many of them must sign.
    /// - Returns: `threshold` signers.
    /// - Throws: ``Refusal`` with ``Reason/keyUnavailable`` when there are fewer, with ``Reason/storage`` when a store or
    ///   file that may have them cannot be used as it is.
    public func signers(
        for role: RoleName,
        keys: [PublicKey],
        threshold: Int
    ) async throws(Refusal) -> [any Signer] {
        let listing = await stores.list()
        var found: [PrivateKey] = []
        var failure: KeyStorageError?
        for record in listing.records where keys.contains(where: record.isKey) {
            guard found.count < threshold else { break }
            // The same key may lie in two stores.
            guard !found.contains(where: { record.isKey($0.publicKey) }) else { continue }
            do throws(KeyStorageError) {
                found.append(try await unlock(record))
            } catch {
                failure = failure ?? error
            }
        }
        guard found.count < threshold else { return found }
        let checked = "the \(role) key"
        if let failure { throw Refusal.keys(failure, checked: checked) }
        let ids = keys.map { TUFKey(publicKey: $0, scheme: $0.defaultScheme).computedID.string }.sorted()
        var text = "\(found.count) of the keys \(ids.joined(separator: ", "))"
        let problems = listing.problems.map { Refusal.keys($0.error, checked: checked) }
        for problem in problems { text += "; \(problem.found)" }
        // The key may be there and only its store in disorder, which is to be mended first.
        let disorder = problems.first { $0.reason == .storage }
        throw Refusal(
            disorder?.reason ?? .keyUnavailable,
            checked: "\(checked) in \(places)",
            found: text,
            expected: disorder?.expected ?? "at least \(threshold)",
            next: disorder?.next
                ?? "to see what there is: trustctl key list; for a key on another medium: --key-store DIR",
            cause: disorder?.cause ?? listing.problems.first?.error
        )
    }

    /// Whether enough keys of a role are in the stores.
    ///
    /// - Parameters:
    ///   - role: The role.
    ///   - keys: The role's keys.
    ///   - threshold: How many of them must sign.
    /// - Returns: Whether there are enough; their passphrases are not looked at.
    public func canSign(for role: RoleName, keys: [PublicKey], threshold: Int) async -> Bool {
        let records = await stores.list().records
        return Set(keys).count { key in records.contains { $0.isKey(key) } } >= threshold
    }

    /// The root keys in the stores.
    ///
    /// - Returns: The keys, oldest first.
    /// - Throws: ``Refusal`` when some store or file cannot be read: a key that was not seen is not a key that is not
    ///   there.
    public func rootKeys() async throws(Refusal) -> [TUFKey] {
        try await records { $0.role == .root }
    }

    /// Keeps out other publishers that are about to make a root key in the primary store.
    ///
    /// - Returns: The lock, held until the value ends.
    /// - Throws: ``Refusal`` when another one holds it for too long, or the store cannot be written.
    public func lockRootKeys() async throws(Refusal) -> FileLock? {
        do throws(KeyStorageError) {
            return try await stores.primary.lockMaking(timeout: Self.makingTimeout)
        } catch {
            throw Refusal.keys(error, checked: "a new root key")
        }
    }

    /// The keys that were made for a role of a repository before.
    ///
    /// - Parameters:
    ///   - role: The role.
    ///   - repository: The name that the trust data carries.
    /// - Returns: The keys, oldest first.
    /// - Throws: ``Refusal`` when some store or file cannot be read.
    public func keys(for role: RoleName, repository: String) async throws(Refusal) -> [TUFKey] {
        try await records { $0.role == role && $0.repository?.utf8.elementsEqual(repository.utf8) == true }
    }

    /// The keys of a role that were made with a label.
    ///
    /// - Parameters:
    ///   - role: The role.
    ///   - label: The label.
    /// - Returns: The keys, oldest first.
    /// - Throws: ``Refusal`` when some store or file cannot be read.
    public func keys(for role: RoleName, labelled label: String) async throws(Refusal) -> [TUFKey] {
        try await records { $0.role == role && $0.label?.utf8.elementsEqual(label.utf8) == true }
    }

    /// Makes a key and keeps it in the primary store.
    ///
    /// - Parameters:
    ///   - role: The role.
    ///   - repository: The repository that it is for; nil for root keys.
    ///   - algorithm: Its algorithm.
    ///   - label: A note by which it is found again.
    /// - Returns: The key, which is stored.
    /// - Throws: ``Refusal``.
    public func makeKey(
        for role: RoleName,
        repository: String?,
        algorithm: KeyAlgorithm,
        label: String?
    ) async throws(Refusal) -> TUFKey {
        let checked = "a new \(role) key"
        do throws(KeyStorageError) {
            let key = try await KeyGeneration.key(algorithm)
            let attributes = try KeyAttributes(role: role, repository: repository, label: label)
            let record: KeyRecord
            if let unencryptedStore {
                record = try await unencryptedStore.addUnencryptedUnsafe(key, attributes, created: clock.now())
            } else {
                let passphrase = try await newPassphrase(for: key, attributes)
                record = try await stores.primary.add(
                    key,
                    attributes,
                    passphrase: passphrase,
                    created: clock.now()
                )
            }
            open[record.keyID] = key
            return TUFKey(publicKey: key.publicKey, scheme: key.scheme)
        } catch {
            throw Refusal.keys(error, checked: checked)
        }
    }

    // MARK: Keys

    private func unlock(_ record: KeyRecord) async throws(KeyStorageError) -> PrivateKey {
        if let key = open[record.keyID] { return key }
        let (_, store) = try await stores.find(record.keyID)
        let key: PrivateKey
        if let remembered = try await unlockWithTyped(record, store) {
            key = remembered
        } else {
            let source = RememberingPassphrases(passphrases)
            key = try await store.unlock(record, asking: source)
            if record.role != .root, let answer = source.last, answer.isTyped { typed = answer.passphrase }
        }
        open[record.keyID] = key
        return key
    }

    private func unlockWithTyped(
        _ record: KeyRecord,
        _ store: any KeyStore
    ) async throws(KeyStorageError) -> PrivateKey? {
        guard let typed, record.isEncrypted, record.role != .root else { return nil }
        do throws(KeyStorageError) {
            return try await store.unlock(record.keyID, passphrase: typed)
        } catch .wrongPassphrase {
            return nil
        } catch {
            throw error
        }
    }

    private func newPassphrase(
        for key: PrivateKey,
        _ attributes: KeyAttributes
    ) async throws(KeyStorageError) -> Passphrase {
        if let typed, attributes.role != .root { return typed }
        let id = TUFKey(publicKey: key.publicKey, scheme: key.scheme).computedID
        let request = PassphraseRequest(
            role: attributes.role,
            repository: attributes.repository,
            keyID: id,
            purpose: .new,
            kind: stores.primary is DockerKeyStore ? .notary : .own
        )
        guard let answer = try await passphrases.passphrase(for: request) else { throw .passphraseRequired(id) }
        if attributes.role != .root, answer.isTyped { typed = answer.passphrase }
        return answer.passphrase
    }

    // MARK: Records

    private var places: String {
        ([stores.primary] + stores.additional).map(\.location).joined(separator: ", ")
    }

    private func records(_ isWanted: (KeyRecord) -> Bool) async throws(Refusal) -> [TUFKey] {
        let listing = await stores.list()
        if let problem = listing.problems.first { throw Refusal.keys(problem.error, checked: "key stores") }
        var keys: [TUFKey] = []
        for record in listing.records.filter(isWanted).sorted(by: { $0.created < $1.created }) {
            let key: TUFKey
            if let known = record.tufKey {
                key = known
            } else {
                // docker's files do not tell the public half: the key has to be opened to be known.
                do throws(KeyStorageError) {
                    let opened = try await unlock(record)
                    key = TUFKey(publicKey: opened.publicKey, scheme: opened.scheme)
                } catch {
                    throw Refusal.keys(error, checked: "the \(record.role) key \(record.keyID)")
                }
            }
            if !keys.contains(key) { keys.append(key) }
        }
        return keys
    }
}
