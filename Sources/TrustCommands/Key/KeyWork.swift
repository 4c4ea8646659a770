import KeyStorage
import TUF
import TUFClient
import TrustCrypto

/// Steps that several key commands share.
enum KeyWork {
    /// Stores a key, with a new passphrase from the sources; without encryption where there are none.
    static func add(
        _ key: PrivateKey,
        _ attributes: KeyAttributes,
        to store: FileKeyStore,
        passphrases: (any PassphraseSource)?
    ) async throws(KeyStorageError) -> KeyRecord {
        let now = SystemClock().now()
        guard let passphrases else {
            return try await store.addUnencryptedUnsafe(key, attributes, created: now)
        }
        let id = TUFKey(publicKey: key.publicKey, scheme: key.scheme).computedID
        // Nobody should type a passphrase for a key that is there already.
        if let present = try await presentRecord(id, in: store) {
            throw .duplicateKey(id, path: present.location)
        }
        let request = PassphraseRequest(
            role: attributes.role,
            repository: attributes.repository,
            keyID: id,
            purpose: .new
        )
        guard let answer = try await passphrases.passphrase(for: request) else { throw .passphraseRequired(id) }
        return try await store.add(key, attributes, passphrase: answer.passphrase, created: now)
    }

    /// A store that is not there yet has no keys.
    private static func presentRecord(_ id: KeyID, in store: FileKeyStore) async throws(KeyStorageError) -> KeyRecord? {
        do throws(KeyStorageError) {
            return try await store.record(of: id)
        } catch .storeMissing {
            return nil
        } catch {
            throw error
        }
    }
}
