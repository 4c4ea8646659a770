import CanonicalJSON
import Testing
import TrustCrypto
import TrustTestSupport

@testable import TUF

/// A repository that Go's client reads, byte for byte.
@Suite struct NotaryVectorTests {
    static let gun = "example.com/app"
    static let now = Instant(secondsSinceEpoch: 1_900_000_000)

    static func file(_ role: RoleName) throws -> [UInt8] {
        let name = role.string.replacing("/", with: ".")
        return try Files.read(try Files.fixture("notary/vectors/\(name).json"))
    }

    static func set(
        _ ids: [String],
        gun: String = gun,
        at now: Instant = now
    ) throws -> TrustedSet {
        let anchor = RootAnchor.keys(Set(try ids.map { try KeyID($0) }), threshold: 1)
        let root = try RootStage(anchor: anchor, firstRoot: file(.root), binding: .notary(gun: gun))
        let targets = try root.close(at: now).accept(file(.timestamp)).accept(file(.snapshot))
        return try targets.accept(file(.targets))
    }

    /// The id of the certificate, and that of the key in it.
    static let rootIDs = [
        "617ad0c822ab6dfe64033864f1d8fb4b913663d1bc9a07d8a54118b34e70c3f9",
        "a37c4cdcb0c06c8e9e7acc852524a56791293cbbef26393a57c7a92755242ac0",
    ]

    @Test(arguments: rootIDs)
    func itVerifies(pinned: String) throws {
        let set = try Self.set([pinned])
        var walk = try DelegationWalk(for: TargetPath("1.0"), in: set)
        guard case .load(let listed) = try walk.next() else {
            Issue.record("the releases role has the first word")
            return
        }
        #expect(listed.role == NotarySimulator.releases)
        #expect(
            listed.file.name
                == "targets%2Freleases.0e3b7405b88db2717610b4e4953f44f27c24db5d6043de725ba0f316e53e722a.json"
        )
        try walk.accept(Self.file(listed.role))
        guard case .found(let found) = try walk.next() else {
            Issue.record("it lists the tag")
            return
        }
        #expect(found.role == listed.role)
        #expect(
            found.record.digest(.sha256)?.hex == "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        )
    }

    @Test func keyIDs() throws {
        let root = try Self.set([Self.rootIDs[0]]).root.payload
        let ids = try RoleName.topLevel.map { try #require(root.roleKeys($0)?.keyIDs.first?.string) }
        #expect(
            ids == [
                Self.rootIDs[0], "1d7a9626c258188b6759173f3073de651d93ad39c4a7734530cdcac4bd6abfb9",
                "7dbd13b954fe9672cd016265101f67b0764dcc850de1fc362df10e7344adb46d",
                "9720df8a76c368aae078fe39ba9e04d7a64b7eab65f6da5b52428d64f1b95a94",
            ]
        )
        let key = try #require(root.keys[KeyID(Self.rootIDs[0])])
        #expect(key.notaryCanonicalID.string == Self.rootIDs[1])
    }

    @Test func whoeverIsNotPinnedIsRefused() throws {
        let stranger = "9720df8a76c368aae078fe39ba9e04d7a64b7eab65f6da5b52428d64f1b95a94"
        #expect(throws: TUFError.notPinned(required: 1, valid: 0)) { try Self.set([stranger]) }
    }

    /// Nothing in the metadata but the certificate says whose it is.
    @Test func anotherCollectionsRoot() throws {
        let error = TUFError.wrongRepository(role: .root, expected: "example.com/other", found: Self.gun)
        #expect(throws: error) { try Self.set([Self.rootIDs[0]], gun: "example.com/other") }
    }

    @Test func itExpires() throws {
        let end = try #require(Instant(rfc3339: "2033-01-01T00:00:00Z"))
        #expect(throws: TUFError.expired(role: .timestamp, at: end)) { try Self.set([Self.rootIDs[0]], at: end) }
    }

    /// What is read is written again as it was: Go's programs hash what they would write.
    @Test func itIsWrittenAgain() async throws {
        let set = try Self.set([Self.rootIDs[0]])
        let root = set.root.payload
        let drafts: [(RoleName, NotaryDraft)] = [
            (
                .root,
                NotaryDraft(
                    rootWithKeys: Array(root.keys.values),
                    roles: root.roles,
                    version: 1,
                    expires: root.common.expires
                )
            ),
            (
                .snapshot,
                NotaryDraft(
                    snapshotOf: [
                        .root: try Self.file(.root), .targets: try Self.file(.targets),
                        NotarySimulator.releases: try Self.file(NotarySimulator.releases),
                    ],
                    version: 1,
                    expires: set.snapshot.payload.common.expires
                )
            ),
            (
                .timestamp,
                NotaryDraft(
                    timestampOf: try Self.file(.snapshot),
                    version: 1,
                    expires: set.timestamp.payload.common.expires
                )
            ),
        ]
        for (role, draft) in drafts {
            let written = try await draft.signed(by: []).bytes
            let original = try Self.file(role)
            let end = #","signatures":["#.utf8.count + 2
            #expect(original.starts(with: written.dropLast(end)), "\(role)")
        }
    }
}
