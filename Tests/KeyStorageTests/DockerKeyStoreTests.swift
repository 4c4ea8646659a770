import Foundation
import KeyStorage
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

/// Docker's and notary's key directories, used in place.
@Suite struct DockerKeyStoreTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func id(_ text: String) throws -> KeyID { try KeyID(text) }

    @Test(arguments: ["notary", "notary-old"])
    func keysAreListedFoundAndOpened(layout: String) async throws {
        let base = try NotaryFixture.copy(layout, to: directory)
        let before = try FileManager.default.subpathsOfDirectory(atPath: base).sorted()
        let store = DockerKeyStore(directory: base)
        #expect(store.location == base + "/private")
        let listing = try await store.list()
        #expect(listing.problems.isEmpty)
        let expected = layout == "notary" ? NotaryFixture.today : NotaryFixture.old
        #expect(Set(listing.records.map(\.keyID.string)) == Set(expected.map(\.id)))
        for key in expected {
            let record = try #require(try await store.record(of: id(key.id)))
            #expect(record.role.string == key.role)
            #expect(record.repository == key.repository)
            #expect(record.location == "\(base)/private/\(key.file)")
            #expect(record.isEncrypted && record.kind == .notary)
            #expect(record.publicKey == nil && record.tufKey == nil && record.scheme == nil)
            let publicKey = try key.publicKey()
            #expect(record.isKey(publicKey))
            #expect(try !record.isKey(PrivateKey.generate(.ecdsaP256).publicKey))
            #expect(try await store.unlock(record.keyID, passphrase: NotaryFixture.passphrase).publicKey == publicKey)
            await #expect(throws: KeyStorageError.wrongPassphrase(record.keyID, origin: nil)) {
                try await store.unlock(record.keyID, passphrase: .good)
            }
            await #expect(throws: KeyStorageError.passphraseRequired(record.keyID)) {
                try await store.unlock(record.keyID, passphrase: nil)
            }
        }
        // In place, and without converting anything.
        #expect(try FileManager.default.subpathsOfDirectory(atPath: base).sorted() == before)
    }

    @Test(arguments: [.ecdsaP256, .ecdsaP384, .ed25519, .rsa(bits: 2048)] as [KeyAlgorithm])
    func newKeysHaveTheFormOfDocker(algorithm: KeyAlgorithm) async throws {
        let store = DockerKeyStore(directory: directory.path + "/trust")
        let key = try PrivateKey.generate(algorithm)
        let record = try await store.add(key, .targets(), passphrase: .good, created: now)
        #expect(record.keyID == NotaryKeyID.id(of: key.publicKey))
        #expect(record.location == "\(directory.path)/trust/private/\(record.keyID).key")
        #expect(try record.attributes == .targets())
        #expect(record.isEncrypted)
        #expect(try await store.list() == KeyListing(records: [record]))
        #expect(try permissions(record.location) == 0o600)
        #expect(try permissions(store.directory) == 0o700)
        #expect(try permissions(directory.path + "/trust") == 0o700)
        let head = "-----BEGIN ENCRYPTED PRIVATE KEY-----\ngun: \(testRepository)\nrole: targets\n\nMI"
        #expect(String(decoding: try contents(record.location), as: UTF8.self).hasPrefix(head))
        #expect(try await store.unlock(record.keyID, passphrase: .good).publicKey == key.publicKey)
        await #expect(throws: KeyStorageError.duplicateKey(record.keyID, path: record.location)) {
            try await store.add(key, .root(), passphrase: .good, created: now)
        }
        await #expect(throws: KeyStorageError.passphraseTooShort(minimum: 8)) {
            try await store.add(.generate(.ed25519), .root(), passphrase: Passphrase("1234567"), created: now)
        }
        #expect(try await store.list().records == [record])
    }

    @Test func headersSayWhatDockersSay() async throws {
        let store = DockerKeyStore(directory: directory.path + "/trust")
        func head(_ role: String, _ repository: String?) async throws -> String {
            let attributes = try KeyAttributes(role: RoleName(role), repository: repository, label: "a note")
            let record = try await store.add(.generate(.ed25519), attributes, passphrase: .good, created: now)
            #expect(record.label == nil)
            let lines = String(decoding: try contents(record.location), as: UTF8.self).split(separator: "\n")
            return lines.dropFirst().prefix { $0.contains(":") }.joined(separator: "|")
        }
        #expect(try await head("root", nil) == "role: root")
        #expect(try await head("snapshot", "a.example/b") == "gun: a.example/b|role: snapshot")
        #expect(try await head("timestamp", "a.example/b") == "gun: a.example/b|role: timestamp")
        #expect(try await head("alice", "a.example/b") == "role: alice")
        #expect(try await head("targets/releases", nil) == "role: targets/releases")
        await #expect(throws: KeyStorageError.self) { try await head("zoë", nil) }
    }

    @Test(arguments: ["notary", "notary-old"])
    func passphrasesAreChangedInPlace(layout: String) async throws {
        let base = try NotaryFixture.copy(layout, to: directory)
        let store = DockerKeyStore(directory: base)
        for key in layout == "notary" ? NotaryFixture.today : NotaryFixture.old {
            let before = try #require(try await store.record(of: id(key.id)))
            try await store.changePassphrase(of: before.keyID, from: NotaryFixture.passphrase, to: .good)
            let after = try #require(try await store.record(of: id(key.id)))
            #expect(after.attributes == before.attributes && after.location == before.location)
            #expect(try permissions(after.location) == 0o600)
            #expect(try await store.unlock(after.keyID, passphrase: .good).publicKey == key.publicKey())
        }
        #expect(try await store.list().records.count == 4)
    }

    @Test func removedKeysAreGoneFromAllPlaces() async throws {
        let base = try NotaryFixture.copy("notary-old", to: directory)
        let today = try NotaryFixture.copy("notary", to: directory)
        try FileManager.default.moveItem(
            atPath: "\(today)/private/\(NotaryFixture.root).key",
            toPath: "\(base)/private/\(NotaryFixture.root).key"
        )
        let store = DockerKeyStore(directory: base)
        let root = try id(NotaryFixture.root)
        let record = try #require(try await store.record(of: root))
        #expect(record.location == "\(base)/private/\(NotaryFixture.root).key")
        #expect(try await store.list().records.count == 4)
        try await store.remove(root)
        #expect(try await store.record(of: root) == nil)
        #expect(try await store.list().records.count == 3)
        await #expect(throws: KeyStorageError.keyNotFound(root, unavailable: [])) { try await store.remove(root) }
        await #expect(throws: KeyStorageError.keyNotFound(root, unavailable: [])) {
            try await store.unlock(root, passphrase: nil)
        }
    }

    @Test func keysWithoutEncryptionTellTheirPublicHalf() async throws {
        let base = directory.path + "/trust"
        let key = try PrivateKey.generate(.ecdsaP256)
        let pem = try NotaryKeyFile.encodeUnencryptedUnsafe(key, .init(role: nil, gun: "a"))
        let notaryID = NotaryKeyID.id(of: key.publicKey)
        try DurableFile.createDirectory(base + "/private", mode: 0o700)
        try write(pem.withBytes { bytes in bytes.indices.map { bytes[$0] } }, "\(base)/private/\(notaryID).key")
        let store = DockerKeyStore(directory: base)
        let record = try #require(try await store.record(of: notaryID))
        #expect(record.publicKey == key.publicKey)
        #expect(record.role.string == "delegation")
        #expect(record.repository == nil)
        #expect(!record.isEncrypted)
        let tufID = TUFKey(publicKey: key.publicKey, scheme: key.scheme).computedID
        #expect(try await store.record(of: tufID) == record)
        #expect(try await store.unlock(tufID, passphrase: nil).publicKey == key.publicKey)
    }

    @Test func keysThatCannotBeReadAreProblems() async throws {
        let base = try NotaryFixture.copy("notary", to: directory)
        let path = "\(base)/private/\(NotaryFixture.targets).key"
        let text = String(decoding: try contents(path), as: UTF8.self)
        let store = DockerKeyStore(directory: base)
        try write(text.replacing("gun: \(testRepository)\n", with: ""), path)
        // What says no repository can sign all the same.
        let record = try #require(try await store.record(of: id(NotaryFixture.targets)))
        #expect(record.role == .targets && record.repository == nil)
        #expect(try await store.list().problems.isEmpty)
        try setPermissions(path, 0o644)
        let error = KeyStorageError.permissionsTooWide(path: path, permissions: 0o644)
        await #expect(throws: error) { try await store.unlock(id(NotaryFixture.targets), passphrase: nil) }
        // Nor is it overwritten.
        let key = try await PrivateKeyFixture.targets()
        let targets = try id(NotaryFixture.targets)
        await #expect(throws: KeyStorageError.duplicateKey(targets, path: path)) {
            try await store.add(key, .targets(), passphrase: .good, created: now)
        }
        #expect(try await store.list().records.count == 3)
        for name in ["../outside", "..", "a/b", "short"] {
            #expect(try await store.record(of: id(name)) == nil)
        }
    }

    @Test func missingDirectoriesAreSaid() async throws {
        let store = DockerKeyStore(directory: directory.path + "/none")
        let error = KeyStorageError.storeMissing(path: directory.path + "/none/private")
        await #expect(throws: error) { try await store.list() }
        await #expect(throws: error) { try await store.record(of: id(NotaryFixture.root)) }
        await #expect(throws: error) { try await store.remove(id(NotaryFixture.root)) }
    }

    @Test func variablesOfDockerAndNotaryOpenTheirKeys() async throws {
        let base = try NotaryFixture.copy("notary", to: directory)
        let store = DockerKeyStore(directory: base)
        let right = "correct horse battery staple"
        func open(_ key: String, _ environment: [String: String]) async throws -> PublicKey {
            let record = try #require(try await store.record(of: id(key)))
            return try await store.unlock(record, asking: EnvironmentPassphrases(environment)).publicKey
        }
        for (key, variables) in [
            (NotaryFixture.root, ["DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE", "NOTARY_ROOT_PASSPHRASE"]),
            (NotaryFixture.targets, ["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "NOTARY_TARGETS_PASSPHRASE"]),
            (NotaryFixture.bob, ["DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE", "NOTARY_DELEGATION_PASSPHRASE"]),
        ] {
            let own = key == NotaryFixture.bob ? "TRUSTCTL_DELEGATION_PASSPHRASE" : nil
            for variable in variables + [own].compactMap(\.self) {
                _ = try await open(key, [variable: right])
            }
            // Docker's comes first, and one that is empty counts as unset.
            _ = try await open(key, [variables[0]: right, variables[1]: "wrong"])
            _ = try await open(key, [variables[0]: "", variables[1]: right])
            let origin = "the environment variable \(variables[0])"
            let keyID = try id(key)
            await #expect(throws: KeyStorageError.wrongPassphrase(keyID, origin: origin)) {
                _ = try await open(key, [variables[0]: "wrong", variables[1]: right])
            }
        }
        // They are no business of this program's own keys.
        let attributes = try KeyAttributes.root()
        await #expect(throws: KeyStorageError.self) {
            _ = try await EnvironmentPassphrases(["NOTARY_ROOT_PASSPHRASE": right]).newPassphrase(
                for: attributes,
                keyID: nil
            )
        }
    }

    @Test func exportsCarryTheID() async throws {
        let key = try await PrivateKeyFixture.targets()
        let export = try await KeyTransfer.notary(key, .targets(), passphrase: .good, isExport: true)
        let text = export.bytes.withBytes { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
        #expect(
            text.hasPrefix(
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\ngun: \(testRepository)\npath: \(NotaryFixture.targets)\n"
                    + "role: targets\n\n"
            )
        )
        try write(text, directory.path + "/export")
        let found = try #require(try await ForeignKeys.inFile(directory.path + "/export").keys.first)
        #expect(found.notaryID?.string == NotaryFixture.targets)
        #expect(try await found.open(.good).publicKey == key.publicKey)
    }
}

private enum PrivateKeyFixture {
    /// The targets key of the fixture.
    static func targets() async throws -> PrivateKey {
        try await KeyTransfer.read(fixtures + "/p384.pem", passphrase: nil)
    }
}
