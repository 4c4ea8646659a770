import ArgumentParser
import ContentTrust
import KeyStorage
import TUF
import TUFClient
import TrustCrypto

/// What a new key is for, and where it goes.
struct NewKeyOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Role: root, targets, snapshot or timestamp.", valueName: "role"))
    var role = "root"

    @Option(help: ArgumentHelp("Repository that the key belongs to; none for root keys.", valueName: "repo"))
    var repository: String?

    @Option(help: ArgumentHelp("A note for people.", valueName: "text"))
    var label: String?

    @Option(
        help: ArgumentHelp("Key store to put it into instead of TRUSTCTL_HOME/keys.", valueName: "dir"),
        completion: .directory
    )
    var into: String?

    @Flag(help: "Store it without encryption: whoever can read the file can sign.")
    var unsafeUnencrypted = false

    /// What the key is for.
    ///
    /// - Returns: The attributes.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    func attributes() throws(Refusal) -> KeyAttributes {
        let name: RoleName
        do throws(TUFError) {
            name = try RoleName(role)
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
        let home = try common.trustHome(context.environment)
        let store = FileKeyStore(directory: into ?? home.keys)
        let key = try await make(attributes)
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
        to store: FileKeyStore,
        asking passphrases: any PassphraseSource
    ) async throws(KeyStorageError) -> KeyRecord {
        let now = SystemClock().now()
        if unsafeUnencrypted { return try await store.addUnencryptedUnsafe(key, attributes, created: now) }
        let id = TUFKey(publicKey: key.publicKey, scheme: key.scheme).computedID
        // Nobody should type a passphrase for a key that is there already.
        if let present = try await presentRecord(id, in: store) { throw .duplicateKey(id, path: present.location) }
        let answer = try await passphrases.newPassphrase(for: attributes, keyID: id)
        return try await store.add(key, attributes, passphrase: answer.passphrase, created: now)
    }

    /// A store that is not there yet has no keys.
    private func presentRecord(_ id: KeyID, in store: FileKeyStore) async throws(KeyStorageError) -> KeyRecord? {
        do throws(KeyStorageError) {
            return try await store.record(of: id)
        } catch .storeMissing {
            return nil
        } catch {
            throw error
        }
    }

    private var wrongRole: Refusal {
        Refusal(
            .usage,
            checked: "--role \(ReferenceText.shortened(role))",
            found: "not a role that has keys of its own",
            expected: "root, targets, snapshot or timestamp"
        )
    }
}
