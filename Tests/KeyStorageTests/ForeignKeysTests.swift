import Foundation
import KeyStorage
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

/// Key directories of docker and notary, and files with keys of other programs.
@Suite struct ForeignKeysTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func todaysLayoutIsRead() async throws {
        let base = try NotaryFixture.copy("notary", to: directory)
        let listing = try await ForeignKeys.inDirectory(base)
        #expect(listing.problems.isEmpty)
        #expect(listing.keys.map(Summary.init) == NotaryFixture.today.map { $0.summary(in: base) })
        for (key, expected) in zip(listing.keys, NotaryFixture.today) {
            #expect(key.modified != nil)
            #expect(try await key.open(NotaryFixture.passphrase).publicKey == expected.publicKey())
            await #expect(throws: KeyStorageError.keyFile(path: key.path, .wrongPassphrase)) {
                try await key.open(.good)
            }
            await #expect(throws: KeyStorageError.keyFile(path: key.path, .passphraseRequired)) {
                try await key.open(nil)
            }
        }
    }

    @Test func layoutsOfOldAreRead() async throws {
        let base = try NotaryFixture.copy("notary-old", to: directory)
        let listing = try await ForeignKeys.inDirectory(base)
        #expect(listing.problems.isEmpty)
        #expect(listing.keys.map(Summary.init) == NotaryFixture.old.map { $0.summary(in: base) })
        for (key, expected) in zip(listing.keys, NotaryFixture.old) {
            #expect(try await key.open(NotaryFixture.passphrase).publicKey == expected.publicKey())
        }
    }

    @Test(arguments: ["", "/", "/private", "/private/"])
    func directoriesCanBeNamedInSeveralWays(suffix: String) async throws {
        let base = try NotaryFixture.copy("notary", to: directory)
        #expect(try await ForeignKeys.inDirectory(base + suffix).keys.count == 4)
    }

    @Test func theConfigurationDirectoryOfDockerWillDo() async throws {
        let base = try NotaryFixture.copy("notary", to: directory)
        try DurableFile.createDirectory(directory.path + "/docker", mode: 0o755)
        try FileManager.default.moveItem(atPath: base, toPath: directory.path + "/docker/trust")
        #expect(try await ForeignKeys.inDirectory(directory.path + "/docker").keys.count == 4)
    }

    @Test func missingDirectoriesAreSaid() async throws {
        let path = directory.path + "/none"
        await #expect(throws: KeyStorageError.storeMissing(path: path + "/private")) {
            _ = try await ForeignKeys.inDirectory(path)
        }
    }

    @Test func whatCannotBeReadIsAProblemAndHidesNothing() async throws {
        let base = try NotaryFixture.copy("notary", to: directory)
        let keys = base + "/private"
        func path(_ index: Int) -> String { "\(keys)/\(NotaryFixture.today[index].id).key" }
        try setPermissions(path(0), 0o640)
        let moved = directory.path + "/moved.key"
        try FileManager.default.moveItem(atPath: path(1), toPath: moved)
        try FileManager.default.createSymbolicLink(atPath: path(1), withDestinationPath: moved)
        try FileManager.default.createSymbolicLink(atPath: keys + "/zz", withDestinationPath: directory.path)
        try FileManager.default.createSymbolicLink(atPath: keys + "/zy", withDestinationPath: moved)
        try write("nothing", keys + "/" + String(repeating: "f", count: 64) + ".key")
        try write(try contents(path(2)), keys + "/name.key")
        let twice = keys + "/" + String(repeating: "e", count: 64) + "_root.key"
        try write(try contents(path(2)) + contents(path(2)), twice)
        try write("not looked at", keys + "/.lock")
        try DurableFile.createDirectory(keys + "/tuf_keys/a", mode: 0o755)
        let listing = try await ForeignKeys.inDirectory(base)
        #expect(listing.keys.map(Summary.init) == NotaryFixture.today[2...].map { $0.summary(in: base) })
        let expected: [(String, KeyStorageError)] = [
            (path(0), .permissionsTooWide(path: path(0), permissions: 0o640)),
            (path(1), .symbolicLink(path: path(1))),
            (twice, .keyFile(path: twice, .severalKeys)),
            (
                keys + "/" + String(repeating: "f", count: 64) + ".key",
                .keyFile(path: keys + "/" + String(repeating: "f", count: 64) + ".key", .notAKey)
            ),
            (keys + "/name.key", .malformedRecord(path: keys + "/name.key")),
            (keys + "/tuf_keys", .permissionsTooWide(path: keys + "/tuf_keys", permissions: 0o755)),
            (keys + "/zz", .symbolicLink(path: keys + "/zz")),
        ]
        #expect(listing.problems == expected.map { KeyListing.Problem(path: $0.0, error: $0.1) })
    }

    @Test func directoriesForOthersAreRefused() async throws {
        let base = try NotaryFixture.copy("notary", to: directory)
        try setPermissions(base + "/private", 0o755)
        await #expect(throws: KeyStorageError.permissionsTooWide(path: base + "/private", permissions: 0o755)) {
            _ = try await ForeignKeys.inDirectory(base)
        }
        try FileManager.default.moveItem(atPath: base + "/private", toPath: base + "/elsewhere")
        try FileManager.default.createSymbolicLink(
            atPath: base + "/private",
            withDestinationPath: base + "/elsewhere"
        )
        await #expect(throws: KeyStorageError.symbolicLink(path: base + "/private")) {
            _ = try await ForeignKeys.inDirectory(base)
        }
    }

    @Test func aKeyUnderTheNameOfAnotherIsRefusedWhenOpened() async throws {
        let base = try NotaryFixture.copy("notary", to: directory)
        let paths = NotaryFixture.today.map { "\(base)/private/\($0.id).key" }
        try write(try contents(paths[0]), paths[1])
        let key = try #require(try await ForeignKeys.inDirectory(base).keys.first { $0.path == paths[1] })
        await #expect(throws: KeyStorageError.malformedRecord(path: paths[1])) {
            try await key.open(NotaryFixture.passphrase)
        }
    }

    @Test func deepDirectoriesEnd() async throws {
        let base = directory.path + "/deep"
        try DurableFile.createDirectory(base + "/private/tuf_keys" + String(repeating: "/a", count: 70), mode: 0o700)
        let listing = try await ForeignKeys.inDirectory(base)
        let deepest = base + "/private/tuf_keys" + String(repeating: "/a", count: 64)
        #expect(
            listing.problems == [.init(path: deepest, error: .file(.tooLarge(path: deepest, limit: 64)))]
        )
    }

    // MARK: Files

    @Test func exportsOfNotaryAreListedKeyByKey() async throws {
        let path = fixtures + "/notary/export.pem"
        let listing = try await ForeignKeys.inFile(path)
        #expect(listing.problems.isEmpty)
        #expect(listing.keys.count == 3)
        for key in listing.keys {
            let expected = try #require(NotaryFixture.today.first { $0.id == key.notaryID?.string })
            #expect(key.path == path)
            #expect(key.form == .notary)
            #expect(key.role?.string == expected.role)
            #expect(key.repository == expected.repository)
            #expect(try await key.open(NotaryFixture.passphrase).publicKey == expected.publicKey())
        }
    }

    /// What `notary key export` of 2016 wrote: the repository is in the path.
    @Test func pathsOfOldExportsSayTheRepository() async throws {
        let key = NotaryFixture.today[2]
        let text = String(decoding: try contents(fixtures + "/notary/private/\(key.id).key"), as: UTF8.self)
        func read(_ headers: String) async throws -> (ForeignKeyListing) {
            let head = try #require(text.range(of: "gun: registry.example/team/app\nrole: targets\n"))
            try write(text.replacingCharacters(in: head, with: headers), directory.path + "/export")
            return try await ForeignKeys.inFile(directory.path + "/export")
        }
        let old = try await read("path: tuf_keys/a.example/b/\(key.id)_snapshot\n").keys
        #expect(old.map(\.role) == [.snapshot])
        #expect(old.map(\.repository) == ["a.example/b"])
        #expect(old.map(\.notaryID?.string) == [key.id])
        let root = try await read("gun: a\npath: root_keys/\(key.id)\n").keys
        #expect(root.map(\.role) == [.root])
        #expect(root.map(\.repository) == [nil])
        let other = try await read("gun: a\npath: some/where\nrole: alice\n").keys
        #expect(other.map(\.role?.string) == ["alice"])
        #expect(other.map(\.repository) == [nil])
        #expect(other.map(\.notaryID) == [nil])
        let long = try await read("role: \(String(repeating: "a", count: 513))\n")
        #expect(long.keys.isEmpty)
        #expect(long.problems.map(\.error) == [.malformedRecord(path: directory.path + "/export")])
    }

    @Test(arguments: ["p256", "p384", "ed25519", "rsa2048"])
    func keysWithoutHeadersAreListed(kind: String) async throws {
        let publicKey = try PublicKey(pem: String(decoding: contents("\(fixtures)/\(kind).pub.pem"), as: UTF8.self))
        let plain = try #require(try await ForeignKeys.inFile("\(fixtures)/\(kind).pem").keys.first)
        #expect(plain.form == .pem)
        #expect(!plain.isEncrypted)
        #expect(plain.role == nil)
        #expect(plain.notaryID == NotaryKeyID.id(of: publicKey))
        #expect(try await plain.open(nil).publicKey == publicKey)
        let encrypted = try #require(try await ForeignKeys.inFile("\(fixtures)/\(kind).scrypt.pem").keys.first)
        #expect(encrypted.isEncrypted)
        #expect(encrypted.notaryID == nil)
        #expect(try await encrypted.open(NotaryFixture.passphrase).publicKey == publicKey)
    }

    @Test func unusableKeysOfAFileHideNoOthers() async throws {
        let path = directory.path + "/several"
        try write(
            try contents(fixtures + "/refused.p521.pem") + contents(fixtures + "/p256.pem")
                + contents(fixtures + "/refused.certificate.pem"),
            path
        )
        let listing = try await ForeignKeys.inFile(path)
        #expect(listing.keys.count == 1)
        #expect(
            listing.problems.map(\.error) == [
                .keyFile(path: path, .unsupported("EC key on a curve other than P-256 and P-384"))
            ]
        )
        await #expect(throws: KeyStorageError.keyFile(path: fixtures + "/README.md", .notAKey)) {
            _ = try await ForeignKeys.inFile(fixtures + "/README.md")
        }
        await #expect(throws: KeyStorageError.fileMissing(path: path + "2")) {
            _ = try await ForeignKeys.inFile(path + "2")
        }
    }

    // MARK: cosign

    @Test(arguments: [
        ("p256.key", "p256"), ("p256.cosign-32768.key", "p256"), ("rsa2048.131072.key", "rsa2048"),
    ])
    func keysOfCosignAreOpened(file: String, kind: String) async throws {
        let path = "\(fixtures)/cosign/\(file)"
        let listing = try await ForeignKeys.inFile(path)
        let key = try #require(listing.keys.first)
        #expect(listing.keys.count == 1 && listing.problems.isEmpty)
        #expect(key.form == .cosign)
        #expect(key.isEncrypted)
        let publicKey = try PublicKey(pem: String(decoding: contents("\(fixtures)/\(kind).pub.pem"), as: UTF8.self))
        #expect(try await key.open(NotaryFixture.passphrase).publicKey == publicKey)
        await #expect(throws: KeyStorageError.keyFile(path: path, .wrongPassphrase)) { try await key.open(.good) }
        await #expect(throws: KeyStorageError.keyFile(path: path, .passphraseRequired)) { try await key.open(nil) }
    }

    /// cosign encrypts with an empty passphrase when none is typed.
    @Test func emptyPassphrasesOfCosignNeedNotBeTyped() async throws {
        let path = fixtures + "/cosign/ed25519.empty-passphrase.key"
        let key = try #require(try await ForeignKeys.inFile(path).keys.first)
        let publicKey = try PublicKey(pem: String(decoding: contents("\(fixtures)/ed25519.pub.pem"), as: UTF8.self))
        #expect(try await key.open(nil).publicKey == publicKey)
    }

    static let damages: [(from: String, to: String, error: KeyFileError)] = [
        (#""N":65536"#, #""N":65535"#, .malformed), (#""N":65536"#, #""N":-1"#, .malformed),
        (#""N":65536"#, #""N":"65536""#, .malformed), (#""N":65536"#, #""N":1048576"#, .limitExceeded),
        (#""N":65536"#, #""N":9223372036854775807"#, .malformed), (#""p":1"#, #""p":9000000"#, .limitExceeded),
        (#""r":8"#, #""r":0"#, .malformed), (#""kdf""#, #""kdg""#, .malformed),
        (#""scrypt""#, #""argon2""#, .unsupported("key derivation of the cosign key")),
        ("nacl/secretbox", "aes", .unsupported("cipher of the cosign key")),
        (#""nonce":""#, #""nonce":"AAAA"#, .malformed), (#""ciphertext":""#, #""ciphertext":"*"#, .malformed),
        ("{", "[", .malformed),
    ]

    @Test(arguments: damages)
    func damagedKeysOfCosignAreRefused(from: String, to: String, error: KeyFileError) async throws {
        let text = String(decoding: try contents(fixtures + "/cosign/p256.key"), as: UTF8.self)
        let lines = text.split(separator: "\n")
        let json = String(
            decoding: try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined())),
            as: UTF8.self
        )
        let damaged = json.replacing(from, with: to, maxReplacements: 1)
        #expect(damaged != json)
        let path = directory.path + "/cosign.key"
        try write("\(lines[0])\n\(Data(damaged.utf8).base64EncodedString())\n\(lines[lines.count - 1])\n", path)
        #expect(try await ForeignKeys.inFile(path).problems.map(\.error) == [.keyFile(path: path, error)])
    }
}

/// What is known of a key without opening it.
private struct Summary: Equatable {
    let path: String
    let id: String?
    let role: String?
    let repository: String?
    let isEncrypted: Bool

    init(path: String, id: String?, role: String?, repository: String?) {
        self.path = path
        self.id = id
        self.role = role
        self.repository = repository
        isEncrypted = true
    }

    init(_ key: ForeignKey) {
        path = key.path
        id = key.notaryID?.string
        role = key.role?.string
        repository = key.repository
        isEncrypted = key.isEncrypted
    }
}

extension NotaryFixture.Key {
    fileprivate func summary(in base: String) -> Summary {
        Summary(path: "\(base)/private/\(file)", id: id, role: role, repository: repository)
    }
}
