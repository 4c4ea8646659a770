import KeyStorage
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@Suite struct FileKeyStoreTests {
    let directory: TemporaryDirectory
    let store: FileKeyStore

    init() throws {
        directory = try TemporaryDirectory()
        store = FileKeyStore(directory: directory.path + "/home/keys", lockTimeout: .milliseconds(200))
    }

    @Test(arguments: [.ecdsaP256, .ecdsaP384, .ed25519, .rsa(bits: 2048)] as [KeyAlgorithm])
    func keysComeBack(algorithm: KeyAlgorithm) async throws {
        let key = try PrivateKey.generate(algorithm)
        let attributes = try KeyAttributes(role: .targets, repository: testRepository, label: "für CI")
        let record = try await store.add(key, attributes, passphrase: .good, created: now)
        #expect(record.keyID == TUFKey(publicKey: key.publicKey, scheme: key.scheme).computedID)
        #expect(record.keyID == record.tufKey?.computedID)
        #expect(record.attributes == attributes)
        #expect(record.created == now)
        #expect(record.isEncrypted)
        #expect(record.location == store.directory + "/\(record.keyID).key")
        #expect(try await store.record(of: record.keyID) == record)
        #expect(try await store.list() == KeyListing(records: [record]))
        #expect(try permissions(record.location) == 0o600)
        #expect(try permissions(store.directory) == 0o700)
        #expect(try permissions(directory.path + "/home") == 0o700)

        let opened = try await store.unlock(record.keyID, passphrase: .good)
        #expect(opened.publicKey == key.publicKey)
        let signature = try await opened.sign([1, 2, 3])
        let isValid = key.publicKey.isValidSignature(signature.span, over: [1, 2, 3].span, scheme: key.scheme)
        #expect(isValid)

        // OpenSSL reads the file as it is.
        let pem = try run("openssl", ["pkey", "-in", record.location, "-passin", "pass:correct horse", "-pubout"])
        #expect(pem.output == key.publicKey.pem)
    }

    @Test func passphrasesAreChecked() async throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        await #expect(throws: KeyStorageError.passphraseTooShort(minimum: 8)) {
            try await store.add(key, .root(), passphrase: Passphrase("1234567"), created: now)
        }
        await #expect(throws: KeyStorageError.storeMissing(path: store.directory)) { try await store.list() }
        let record = try await store.add(key, .root(), passphrase: Passphrase("12345678"), created: now)
        await #expect(throws: KeyStorageError.wrongPassphrase(record.keyID, origin: nil)) {
            try await store.unlock(record.keyID, passphrase: .other)
        }
        await #expect(throws: KeyStorageError.passphraseRequired(record.keyID)) {
            try await store.unlock(record.keyID, passphrase: nil)
        }
    }

    @Test func duplicatesChangeNothing() async throws {
        let key = try PrivateKey.generate(.ed25519)
        let record = try await store.add(key, .root(), passphrase: .good, created: now)
        let before = try contents(record.location)
        await #expect(throws: KeyStorageError.duplicateKey(record.keyID, path: record.location)) {
            try await store.add(key, .targets(), passphrase: .other, created: now)
        }
        #expect(try contents(record.location) == before)
        // A file of that name that is no key is not overwritten either.
        try write("junk", record.location)
        await #expect(throws: KeyStorageError.duplicateKey(record.keyID, path: record.location)) {
            try await store.add(key, .root(), passphrase: .other, created: now)
        }
        #expect(try contents(record.location) == Array("junk".utf8))
    }

    @Test func passphrasesCanBeChanged() async throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        let record = try await store.add(key, .targets(), passphrase: .good, created: now)
        let before = try contents(record.location)
        await #expect(throws: KeyStorageError.wrongPassphrase(record.keyID, origin: nil)) {
            try await store.changePassphrase(of: record.keyID, from: .other, to: .good)
        }
        await #expect(throws: KeyStorageError.passphraseTooShort(minimum: 8)) {
            try await store.changePassphrase(of: record.keyID, from: .good, to: Passphrase("short"))
        }
        #expect(try contents(record.location) == before)
        try await store.changePassphrase(of: record.keyID, from: .good, to: .other)
        #expect(try await store.record(of: record.keyID) == record)
        #expect(try await store.unlock(record.keyID, passphrase: .other).publicKey == key.publicKey)
        await #expect(throws: KeyStorageError.wrongPassphrase(record.keyID, origin: nil)) {
            try await store.unlock(record.keyID, passphrase: .good)
        }
    }

    @Test func unencryptedKeysAreMarkedAndCanBeEncrypted() async throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        let record = try await store.addUnencryptedUnsafe(key, .targets(), created: now)
        #expect(!record.isEncrypted)
        #expect(try await store.list().records == [record])
        #expect(try await store.unlock(record.keyID, passphrase: nil).publicKey == key.publicKey)
        #expect(try run("openssl", ["pkey", "-in", record.location, "-pubout"]).output == key.publicKey.pem)
        try await store.changePassphrase(of: record.keyID, from: nil, to: .good)
        #expect(try await store.record(of: record.keyID)?.isEncrypted == true)
        await #expect(throws: KeyStorageError.passphraseRequired(record.keyID)) {
            try await store.unlock(record.keyID, passphrase: nil)
        }
    }

    @Test func removedKeysAreGone() async throws {
        let record = try await store.add(.generate(.ed25519), .root(), passphrase: .good, created: now)
        let kept = try await store.add(.generate(.ed25519), .root(), passphrase: .good, created: now)
        try await store.remove(record.keyID)
        #expect(try await store.record(of: record.keyID) == nil)
        await #expect(throws: KeyStorageError.keyNotFound(record.keyID, unavailable: [])) {
            try await store.remove(record.keyID)
        }
        await #expect(throws: KeyStorageError.keyNotFound(record.keyID, unavailable: [])) {
            try await store.unlock(record.keyID, passphrase: .good)
        }
        #expect(try await store.list().records == [kept])
        #expect(try DurableFile.list(store.directory) == [".lock", "\(kept.keyID).key"])
    }

    @Test func keyIDsOfForeignMetadataAreNoPaths() async throws {
        let record = try await store.add(.generate(.ed25519), .root(), passphrase: .good, created: now)
        try write(try contents(record.location), directory.path + "/home/outside.key")
        for name in ["../outside", "..", ".", "/etc/passwd", "a/b", record.keyID.string.uppercased()] {
            let keyID = try KeyID(name)
            #expect(try await store.record(of: keyID) == nil)
            await #expect(throws: KeyStorageError.keyNotFound(keyID, unavailable: [])) {
                try await store.unlock(keyID, passphrase: .good)
            }
            await #expect(throws: KeyStorageError.keyNotFound(keyID, unavailable: [])) { try await store.remove(keyID) }
        }
        #expect(try contents(directory.path + "/home/outside.key") == contents(record.location))
    }

    @Test func listingsAreOrdered() async throws {
        var records: [KeyRecord] = []
        for (role, name) in [
            (RoleName.root, nil), (.snapshot, "a.example/x"), (.targets, "a.example/x"), (.targets, "b.example/x"),
            (.timestamp, "a.example/x"),
        ] as [(RoleName, String?)] {
            let attributes = try KeyAttributes(role: role, repository: name)
            records.append(try await store.addUnencryptedUnsafe(.generate(.ed25519), attributes, created: now))
        }
        try write("not a key", store.directory + "/README")
        #expect(try await store.list() == KeyListing(records: records))
        #expect(try await store.list().records == records)
    }

    @Test func writersTakeTurns() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                let store = FileKeyStore(directory: store.directory)
                group.addTask {
                    _ = try await store.addUnencryptedUnsafe(.generate(.ed25519), .root(), created: now)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.list().records.count == 20)

        // The same key twenty times: one is stored, the others are told.
        let key = try PrivateKey.generate(.ed25519)
        let stored = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 {
                let store = FileKeyStore(directory: store.directory)
                group.addTask {
                    (try? await store.addUnencryptedUnsafe(key, .root(), created: now)) != nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(stored == 1)
    }

    @Test func aHeldLockIsWaitedForAndThenReported() async throws {
        let record = try await store.add(.generate(.ed25519), .root(), passphrase: .good, created: now)
        let path = store.directory + "/.lock"
        let lock = try await FileLock.acquire(path, timeout: .zero)
        await #expect(throws: KeyStorageError.file(.locked(path: path))) {
            try await store.addUnencryptedUnsafe(.generate(.ed25519), .root(), created: now)
        }
        await #expect(throws: KeyStorageError.file(.locked(path: path))) { try await store.remove(record.keyID) }
        // Readers do not mind.
        #expect(try await store.unlock(record.keyID, passphrase: .good).publicKey == record.publicKey)
        _ = consume lock
    }

    @Test func whoMakesAKeyKeepsOutOthersThatWouldMakeOne() async throws {
        let lock = try await store.lockMaking(timeout: .zero)
        #expect(try permissions(store.directory) == 0o700)
        let path = store.directory + "/.making.lock"
        await #expect(throws: KeyStorageError.file(.locked(path: path))) {
            _ = try await store.lockMaking(timeout: .milliseconds(20))
        }
        let record = try await store.addUnencryptedUnsafe(.generate(.ed25519), .root(), created: now)
        #expect(try await store.list() == KeyListing(records: [record]))
        _ = consume lock
        _ = try await store.lockMaking(timeout: .zero)
    }

    @Test func attributesAreChecked() {
        #expect(throws: KeyStorageError.repositoryNotAllowed(.root)) {
            try KeyAttributes(role: .root, repository: "a")
        }
        for role in [RoleName.targets, .snapshot, .timestamp] {
            #expect(throws: KeyStorageError.repositoryRequired(role)) {
                try KeyAttributes(role: role, repository: nil)
            }
        }
        for text in ["", "a\nb", "\u{7F}", String(repeating: "a", count: 513)] {
            #expect(throws: KeyStorageError.malformedAttribute("repository")) {
                try KeyAttributes(role: .targets, repository: text)
            }
            #expect(throws: KeyStorageError.malformedAttribute("label")) {
                try KeyAttributes(role: .root, repository: nil, label: text)
            }
        }
    }
}
