import Foundation
import KeyStorage
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@Suite struct KeyStoreSetTests {
    let directory: TemporaryDirectory
    let home: FileKeyStore
    let stick: FileKeyStore
    let unmounted: FileKeyStore
    let source = FixedPassphrase(.good)

    init() throws {
        directory = try TemporaryDirectory()
        home = FileKeyStore(directory: directory.path + "/home")
        stick = FileKeyStore(directory: directory.path + "/stick")
        unmounted = FileKeyStore(directory: directory.path + "/unmounted")
    }

    @Test func keysAreFoundWhereverTheyAre() async throws {
        let root = try await stick.add(.generate(.ed25519), .root(), passphrase: .good, created: now)
        let targets = try await home.add(.generate(.ed25519), .targets(), passphrase: .good, created: now)
        let set = KeyStoreSet(primary: home, additional: [unmounted, stick])
        #expect(try await set.find(root.keyID).record == root)
        #expect(try await set.find(root.keyID).store.location == stick.directory)
        let (record, store) = try await set.find(targets.keyID)
        #expect(try await store.unlock(record, asking: source).publicKey == targets.publicKey)
        let listing = await set.list()
        #expect(listing.records == [root, targets])
        #expect(
            listing.problems == [
                KeyListing.Problem(path: unmounted.directory, error: .storeMissing(path: unmounted.directory))
            ]
        )
        // Only now it matters that a store is missing.
        let unknown = try KeyID(String(repeating: "0", count: 64))
        await #expect(throws: KeyStorageError.keyNotFound(unknown, unavailable: [unmounted.directory])) {
            try await set.find(unknown)
        }
    }

    @Test func theUsersOwnStoreNeedNotExist() async throws {
        let set = KeyStoreSet(primary: home)
        #expect(await set.list() == KeyListing())
        let unknown = try KeyID(String(repeating: "0", count: 64))
        await #expect(throws: KeyStorageError.keyNotFound(unknown, unavailable: [])) { try await set.find(unknown) }
    }

    @Test func aBadStoreHidesNoKeyOfAnother() async throws {
        let key = try PrivateKey.generate(.ed25519)
        let record = try await home.add(key, .root(), passphrase: .good, created: now)
        _ = try await stick.add(key, .root(), passphrase: .good, created: now)
        try setPermissions(home.directory, 0o755)
        let error = KeyStorageError.permissionsTooWide(path: home.directory, permissions: 0o755)
        let set = KeyStoreSet(primary: home, additional: [stick])
        #expect(try await set.find(record.keyID).store.location == stick.directory)
        #expect(await set.list().problems == [KeyListing.Problem(path: home.directory, error: error)])
        let alone = KeyStoreSet(primary: home)
        await #expect(throws: error) { try await alone.find(record.keyID) }
    }

    @Test(arguments: ["p256.pem", "p256.sec1.pem", "rsa2048.pkcs1.pem", "ed25519.scrypt.pem", "p384.sec1-aes192.pem"])
    func foreignKeysComeInAndOut(name: String) async throws {
        let path = fixtures + "/" + name
        let passphrase = try await KeyTransfer.isEncrypted(path) ? Passphrase("correct horse battery staple") : nil
        let key = try await KeyTransfer.read(path, passphrase: passphrase)
        let record = try await home.add(key, .root(), passphrase: .good, created: now)
        #expect(record.publicKey == key.publicKey)

        let exported = try await KeyTransfer.encrypted(home.unlock(record.keyID, passphrase: .good), passphrase: .other)
        let out = directory.path + "/out.pem"
        try write(exported, out)
        #expect(try await KeyTransfer.isEncrypted(out))
        #expect(try await KeyTransfer.read(out, passphrase: .other).publicKey == key.publicKey)
        await #expect(throws: KeyStorageError.keyFile(path: out, .wrongPassphrase)) {
            try await KeyTransfer.read(out, passphrase: .good)
        }
        await #expect(throws: KeyStorageError.passphraseTooShort(minimum: 8)) {
            try await KeyTransfer.encrypted(key, passphrase: Passphrase("short"))
        }
        // A file of the store is a key file too.
        #expect(try await KeyTransfer.read(record.location, passphrase: .good).publicKey == key.publicKey)
    }

    @Test func unsuitableFilesAreNamed() async throws {
        let missing = directory.path + "/missing"
        await #expect(throws: KeyStorageError.fileMissing(path: missing)) {
            try await KeyTransfer.read(missing, passphrase: nil)
        }
        let publicKey = fixtures + "/p256.pub.pem"
        await #expect(throws: KeyStorageError.keyFile(path: publicKey, .notAPrivateKey(label: "PUBLIC KEY"))) {
            try await KeyTransfer.isEncrypted(publicKey)
        }
        let large = directory.path + "/large"
        try write([UInt8](repeating: 10, count: 65537), large)
        await #expect(throws: KeyStorageError.file(.tooLarge(path: large, limit: 65536))) {
            try await KeyTransfer.read(large, passphrase: nil)
        }
    }
}

/// A source that always knows.
struct FixedPassphrase: PassphraseSource {
    let answer: PassphraseAnswer

    init(_ passphrase: Passphrase, isTyped: Bool = false) {
        answer = PassphraseAnswer(passphrase: passphrase, origin: "the test", isTyped: isTyped)
    }

    func passphrase(for request: PassphraseRequest) async throws(KeyStorageError) -> PassphraseAnswer? { answer }
}
