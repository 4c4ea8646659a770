import TUF
import Testing
import TrustTestSupport

@testable import ContentTrust

/// A thief signed versions that leave no room for the next: which keys have to be replaced, and where versions begin anew.
@Suite struct FastForwardPublishingTests {
    typealias World = LocalStoreTests.World

    private static let highest = CommonFields.maximumVersion
    private static let present = StoreThief.presentVersion

    /// A world in which everybody has seen what the thief signed.
    private static func with(
        snapshot: Int64,
        timestamp: Int64,
        _ body: (World) async throws -> Void
    ) async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("a", "a")
            let made = try await world.initialize()
            try await world.sign("a")
            let thief = StoreThief(world: world, keys: made.keys)
            try await thief.publish(snapshotVersion: snapshot, timestampVersion: timestamp)
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
            try await world.image("b", "b")
            try await body(world)
        }
    }

    private static func rotate(_ roles: RoleName..., in world: World) async throws -> PublishReport {
        try await world.publisher.rotate(KeyRotation(roles: roles), of: world.subject, at: world.location).published
    }

    /// Refused, and nothing was written.
    private static func expectStuck(
        _ world: World,
        naming roles: String,
        _ body: () async throws -> Void
    ) async throws {
        let store = HostileStoreTests.store(world)
        let before = try Files.tree(store)
        let timestamp = try Files.read("\(store)/timestamp.json")
        let refusal = await #expect(throws: Refusal.self) { try await body() }
        #expect(refusal?.reason == .rollback)
        #expect(refusal?.next?.hasSuffix(" \(roles)") == true, "\(String(describing: refusal?.next))")
        #expect(try Files.tree(store) == before && Files.read("\(store)/timestamp.json") == timestamp)
    }

    private static func expectGoesOn(_ world: World) async throws {
        #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
        try await world.sign("b")
        _ = try await world.publisher.refresh(world.subject, at: world.location)
        #expect(LocalStoreTests.reason(await world.verify("b")) == .trusted)
    }

    @Test func theTimestamp() async throws {
        try await Self.with(snapshot: Self.present, timestamp: Self.highest) { world in
            try await Self.expectStuck(world, naming: "--role timestamp") {
                _ = try await world.publisher.refresh(world.subject, at: world.location)
            }
            let published = try await Self.rotate(.timestamp, in: world)
            #expect(published.versions[.timestamp] == 1)
            try await Self.expectGoesOn(world)
        }
    }

    /// A timestamp that is still vouched for bounds the snapshot, though another key signs that.
    @Test func theSnapshot() async throws {
        try await Self.with(snapshot: Self.highest, timestamp: Self.present + 1) { world in
            try await Self.expectStuck(world, naming: "--role snapshot --role timestamp") { try await world.sign("b") }
            try await Self.expectStuck(world, naming: "--role snapshot --role timestamp") {
                _ = try await Self.rotate(.snapshot, in: world)
            }
            let published = try await Self.rotate(.snapshot, .timestamp, in: world)
            #expect(published.versions[.snapshot] == 1)
            // Of what is left of it nobody needs to be afraid: it goes on rising.
            #expect(try #require(published.versions[.timestamp]) > Self.present + 1)
            try await Self.expectGoesOn(world)
        }
    }

    /// Up to here versions rise above what is gone, so that no name of a file is used twice; from there they begin anew.
    @Test(arguments: [NextVersions.plausible, NextVersions.plausible + 1])
    func theLastThatIsPlausible(version: Int64) async throws {
        try await Self.with(snapshot: version, timestamp: version) { world in
            let published = try await Self.rotate(.snapshot, .timestamp, in: world)
            let expected = version == NextVersions.plausible ? version + 1 : 1
            #expect(published.versions[.timestamp] == expected && published.versions[.snapshot] == expected)
            try await Self.expectGoesOn(world)
        }
    }

    /// Without a new key nothing begins anew: those who saw these versions take none that is lower.
    @Test func versionsRiseAsLongAsTheKeysStay() async throws {
        try await Self.with(snapshot: Self.highest / 2, timestamp: Self.highest / 2) { world in
            try await world.sign("b")
            #expect(LocalStoreTests.reason(await world.verify("b")) == .trusted)
            let published = try await Self.rotate(.targets, in: world)
            #expect(try #require(published.versions[.timestamp]) > Self.highest / 2)
            try await Self.expectGoesOn(world)
        }
    }
}
