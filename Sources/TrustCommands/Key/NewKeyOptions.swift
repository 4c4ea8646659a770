import ArgumentParser
import ContentTrust
import KeyStorage
import TUF
import TUFClient
import TrustCrypto

/// What a new key is for, and where it goes.
struct NewKeyOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Role: root, which is the default, targets, snapshot or timestamp.", valueName: "role"))
    var role: String?

    @Option(help: ArgumentHelp("Repository that the key belongs to; none for root keys.", valueName: "repo"))
    var repository: String?

    @Option(help: ArgumentHelp("A note for people.", valueName: "text"))
    var label: String?

    @Option(
        help: ArgumentHelp(
            "Key store to put it into instead of TRUSTCTL_HOME/keys; docker:DIR for docker's or notary's.",
            valueName: "dir"
        ),
        completion: .directory
    )
    var into: String?

    @Flag(help: "Store it without encryption: whoever can read the file can sign.")
    var unsafeUnencrypted = false

    mutating func validate() throws {
        guard let into else { return }
        try KeyStoreArgument.validate(into, option: "--into")
        guard !unsafeUnencrypted || !KeyStoreArgument.isDocker(into) else {
            throw ValidationError("--unsafe-unencrypted is for key stores of trustctl.")
        }
    }

    /// Where the key goes.
    func store(_ home: TrustHome) -> any KeyStore { KeyStoreArgument.store(into ?? home.keys) }

    /// What the key is for.
    ///
    /// - Returns: The attributes.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    func attributes() throws(Refusal) -> KeyAttributes {
        let name: RoleName
        do throws(TUFError) {
            name = try RoleName(role ?? "root")
        } catch {
            throw wrongRole
        }
        guard RoleName.topLevel.contains(name) else { throw wrongRole }
        var bound: String?
        if let repository { bound = try SignedName.name(parsing: repository) }
        do throws(KeyStorageError) {
            return try KeyAttributes(role: name, repository: bound, label: label)
        } catch {
            throw Refusal.keys(error, checked: "a new \(name) key")
        }
    }

    /// What a key of another program is for: what its file says, and what the options say of it where the file does not.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - canOverride: Whether a role that is named counts more than the file's, and root is meant where nothing says one.
    /// - Returns: The attributes.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    func attributes(for key: ForeignKey, canOverride: Bool) throws(Refusal) -> KeyAttributes {
        guard let ownRole = key.role, !(canOverride && role != nil) else {
            guard canOverride || role != nil else {
                throw Refusal(
                    .usage,
                    checked: "the key in \(key.path)",
                    found: "nothing that says what it is for",
                    next: "name its role: --role ROLE"
                )
            }
            return try attributes()
        }
        var bound = key.repository
        if bound == nil, let repository, ownRole != .root { bound = try SignedName.name(parsing: repository) }
        do throws(KeyStorageError) {
            return try KeyAttributes(role: ownRole, repository: bound, label: label)
        } catch {
            throw Refusal.keys(error, checked: "the \(ownRole) key in \(key.path)")
        }
    }

    /// Gets a key, stores it with a new passphrase, and shows it.
    ///
    /// - Parameters:
    ///   - common: Where state is kept, and how much is said.
    ///   - passphrases: Where the new passphrase comes from.
    ///   - context: Has the environment and the console.
    ///   - done: What was done, for people: "made the".
    ///   - make: Makes or reads the key.
    /// - Returns: ``Reason/trusted``.
    /// - Throws: ``Refusal``; what `make` throws.
    func keep(
        _ common: CommonOptions,
        _ passphrases: PassphraseOptions,
        _ context: CommandContext,
        done: String,
        make: (KeyAttributes) async throws(Refusal) -> PrivateKey
    ) async throws(Refusal) -> Reason {
        let attributes = try attributes()
        return try await keep(attributes, common, passphrases, context, done: done) { () async throws(Refusal) in
            try await make(attributes)
        }
    }

    /// As ``keep(_:_:_:done:make:)``, for a key of which it is known what it is for.
    func keep(
        _ attributes: KeyAttributes,
        _ common: CommonOptions,
        _ passphrases: PassphraseOptions,
        _ context: CommandContext,
        done: String,
        make: () async throws(Refusal) -> PrivateKey
    ) async throws(Refusal) -> Reason {
        let home = try common.trustHome(context.environment)
        let store = store(home)
        let key = try await make()
        do throws(KeyStorageError) {
            let record = try await add(key, attributes, to: store, asking: passphrases.source(context))
            KeyText.show(record, done: done, json: common.json, on: context.console)
            return .trusted
        } catch {
            throw Refusal.keys(error, checked: "a new \(attributes.role) key")
        }
    }

    private func add(
        _ key: PrivateKey,
        _ attributes: KeyAttributes,
        to store: any KeyStore,
        asking passphrases: any PassphraseSource
    ) async throws(KeyStorageError) -> KeyRecord {
        let now = SystemClock().now()
        if unsafeUnencrypted, let store = store as? FileKeyStore {
            return try await store.addUnencryptedUnsafe(key, attributes, created: now)
        }
        let id = id(of: key)
        // Nobody should type a passphrase for a key that is there already.
        if let present = try await presentRecord(id, in: store) { throw .duplicateKey(id, path: present.location) }
        let answer = try await passphrases.newPassphrase(for: attributes, keyID: id, kind: kind)
        return try await store.add(key, attributes, passphrase: answer.passphrase, created: now)
    }

    /// The id by which the store will know a key.
    func id(of key: PrivateKey) -> KeyID {
        switch kind {
        case .own: TUFKey(publicKey: key.publicKey, scheme: key.scheme).computedID
        case .notary: NotaryKeyID.id(of: key.publicKey)
        }
    }

    /// A store that is not there yet has no keys.
    func presentRecord(_ id: KeyID, in store: any KeyStore) async throws(KeyStorageError) -> KeyRecord? {
        do throws(KeyStorageError) {
            return try await store.record(of: id)
        } catch .storeMissing {
            return nil
        } catch {
            throw error
        }
    }

    /// Whose key store the key goes into.
    var kind: KeyStoreKind { into.map(KeyStoreArgument.isDocker) == true ? .notary : .own }

    private var wrongRole: Refusal {
        Refusal(
            .usage,
            checked: "--role \(ReferenceText.shortened(role ?? ""))",
            found: "not a role that has keys of its own",
            expected: "root, targets, snapshot or timestamp"
        )
    }
}
