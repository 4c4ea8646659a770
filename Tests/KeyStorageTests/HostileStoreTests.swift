import Foundation
import KeyStorage
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

/// Stores that somebody else has had a hand in.
@Suite struct HostileStoreTests {
    let directory: TemporaryDirectory
    let store: FileKeyStore

    init() throws {
        directory = try TemporaryDirectory()
        store = FileKeyStore(directory: directory.path + "/keys")
    }

    private func expect(_ error: KeyStorageError, _ record: KeyRecord) async {
        await #expect(throws: error) { try await store.list() }
        await #expect(throws: error) { try await store.record(of: record.keyID) }
        await #expect(throws: error) { try await store.unlock(record.keyID, passphrase: .good) }
        await #expect(throws: error) { try await store.remove(record.keyID) }
        await #expect(throws: error) {
            try await store.addUnencryptedUnsafe(.generate(.ed25519), .root(), created: now)
        }
    }

    /// One key's file is bad: it is reported, and the others are listed.
    private func expectProblem(_ error: KeyStorageError, _ record: KeyRecord, others: [KeyRecord]) async throws {
        let listing = try await store.list()
        #expect(listing.records == others)
        #expect(listing.problems == [KeyListing.Problem(path: record.location, error: error)])
        await #expect(throws: error) { try await store.record(of: record.keyID) }
        await #expect(throws: error) { try await store.unlock(record.keyID, passphrase: .good) }
    }

    /// Not encrypted, which saves the time that opening would take.
    private func twoKeys() async throws -> (KeyRecord, KeyRecord) {
        (
            try await store.addUnencryptedUnsafe(.generate(.ed25519), .root(), created: now),
            try await store.addUnencryptedUnsafe(.generate(.ed25519), .root(), created: now)
        )
    }

    @Test(arguments: [0o750, 0o705, 0o777, 0o710, 0o701])
    func directoriesForOthersAreRefused(mode: Int) async throws {
        let (record, _) = try await twoKeys()
        try setPermissions(store.directory, mode)
        await expect(.permissionsTooWide(path: store.directory, permissions: UInt32(mode)), record)
    }

    @Test(arguments: [0o640, 0o604, 0o666, 0o601])
    func filesForOthersAreRefused(mode: Int) async throws {
        let (record, other) = try await twoKeys()
        try setPermissions(record.location, mode)
        try await expectProblem(
            .permissionsTooWide(path: record.location, permissions: UInt32(mode)),
            record,
            others: [other]
        )
    }

    @Test func linkedDirectoriesAreRefused() async throws {
        let (record, _) = try await twoKeys()
        try FileManager.default.moveItem(atPath: store.directory, toPath: directory.path + "/elsewhere")
        try FileManager.default.createSymbolicLink(
            atPath: store.directory,
            withDestinationPath: directory.path + "/elsewhere"
        )
        await expect(.symbolicLink(path: store.directory), record)
        let withSlash = FileKeyStore(directory: store.directory + "/")
        await #expect(throws: KeyStorageError.symbolicLink(path: store.directory)) { try await withSlash.list() }
        try FileManager.default.removeItem(atPath: store.directory)
        try write("a file", store.directory)
        await expect(.storeNotADirectory(path: store.directory), record)
    }

    @Test func linkedFilesAreRefused() async throws {
        let (record, other) = try await twoKeys()
        try FileManager.default.moveItem(atPath: record.location, toPath: directory.path + "/elsewhere")
        try FileManager.default.createSymbolicLink(
            atPath: record.location,
            withDestinationPath: directory.path + "/elsewhere"
        )
        try await expectProblem(.symbolicLink(path: record.location), record, others: [other])
        try FileManager.default.removeItem(atPath: record.location)
        #expect(mkfifo(record.location, 0o600) == 0)
        try await expectProblem(.file(.wrongFileType(path: record.location)), record, others: [other])
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func foreignOwnersAreRefused() async throws {
        let (record, other) = try await twoKeys()
        #expect(chown(record.location, 65534, 65534) == 0)
        try await expectProblem(.foreignOwner(path: record.location, owner: 65534), record, others: [other])
        #expect(chown(store.directory, 65534, 65534) == 0)
        await expect(.foreignOwner(path: store.directory, owner: 65534), record)
    }

    @Test func anotherKeyUnderTheNameIsRefused() async throws {
        let (record, other) = try await twoKeys()
        let text = String(decoding: try contents(record.location), as: UTF8.self)
        let otherText = String(decoding: try contents(other.location), as: UTF8.self)
        let malformed = KeyStorageError.malformedRecord(path: record.location)
        // The whole file of another key.
        try write(otherText, record.location)
        try await expectProblem(malformed, record, others: [other])
        // The right record, the other's private key: seen when it is opened.
        let head = text[..<(try #require(text.range(of: "-----BEGIN")).lowerBound)]
        let otherKey = otherText[(try #require(otherText.range(of: "-----BEGIN")).lowerBound)...]
        try write(String(head + otherKey), record.location)
        #expect(try await store.record(of: record.keyID) == record)
        await #expect(throws: malformed) { try await store.unlock(record.keyID, passphrase: .good) }
    }

    /// What is wrong in the file's head, and what is made of it.
    static let heads: [(from: String, to: String)] = [
        ("trustctl-key-1", "trustctl-key-2"), ("\"root\"", "\"targets\""), ("\"root\"", "\"\""), ("\"root\"", "7"),
        ("\"repository\": null", "\"repository\": \"a\""), ("\"label\": null", "\"label\": \"\""),
        ("\"ed25519\"", "\"ecdsa-sha2-nistp256\""), ("\"ed25519\"", "\"x\""), ("2027", "20277"),
        ("\"publicKey\": \"MCow", "\"publicKey\": \"MCox"), ("\"keyID\": \"", "\"keyID\": \"0"), ("{", "["),
        ("\"role\"", "\"format\""), ("-----BEGIN", "----BEGIN"),
    ]

    @Test(arguments: heads)
    func damagedRecordsAreRefused(from: String, to: String) async throws {
        let (record, other) = try await twoKeys()
        let text = String(decoding: try contents(record.location), as: UTF8.self)
        let damaged = text.replacing(from, with: to)
        #expect(damaged != text)
        try write(damaged, record.location)
        try await expectProblem(.malformedRecord(path: record.location), record, others: [other])
    }

    @Test func truncatedFilesAreRefused() async throws {
        let (record, _) = try await twoKeys()
        let bytes = try contents(record.location)
        for count in stride(from: 0, to: bytes.count - 1, by: 13) {
            try write(Array(bytes[..<count]), record.location)
            await #expect(throws: KeyStorageError.self) { try await store.record(of: record.keyID) }
        }
        try write(bytes + [UInt8](repeating: 0x20, count: 200_000), record.location)
        await #expect(throws: KeyStorageError.file(.tooLarge(path: record.location, limit: 131_072))) {
            try await store.record(of: record.keyID)
        }
    }

    @Test func unknownMembersOfTheRecordAreKept() async throws {
        let (record, _) = try await twoKeys()
        let text = String(decoding: try contents(record.location), as: UTF8.self)
        try write(text.replacing("\"format\"", with: "\"added\": [1], \"format\""), record.location)
        #expect(try await store.record(of: record.keyID) == record)
        try await store.changePassphrase(of: record.keyID, from: nil, to: .other)
        #expect(String(decoding: try contents(record.location), as: UTF8.self).contains("\"added\""))
    }

    @Test func abandonedFilesOfAKilledWriterAreCleanedUp() async throws {
        _ = try await twoKeys()
        let abandoned = store.directory + "/.trustctl-tmp-0011223344556677"
        try write("half", abandoned)
        #expect(try await store.list().problems.isEmpty)
        _ = try await store.addUnencryptedUnsafe(.generate(.ed25519), .root(), created: now)
        #expect(!FileManager.default.fileExists(atPath: abandoned))
    }

    @Test(.enabled(if: geteuid() != 0, "root passes over file modes"))
    func readOnlyDirectoriesCanBeRead() async throws {
        let (record, _) = try await twoKeys()
        try setPermissions(store.directory, 0o500)
        #expect(try await store.list().records.count == 2)
        await #expect(throws: KeyStorageError.file(.permissionDenied(path: record.location))) {
            try await store.remove(record.keyID)
        }
        try setPermissions(store.directory, 0o700)
    }
}
