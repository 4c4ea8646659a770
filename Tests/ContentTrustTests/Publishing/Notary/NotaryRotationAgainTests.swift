import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// A rotation that was interrupted, and is asked for again.
@Suite struct NotaryRotationAgainTests {
    private func root(_ world: NotaryPublishingWorld) async throws -> Root { try await world.state().root }

    /// The server took it, and nobody was told.
    @Test func whatWasPublishedIsNotPublishedAgain() async throws {
        let world = try await NotaryPublishingWorld()
        try await world.sign("1.0")
        let before = try await root(world)
        await world.server.goAwayAfterTheNextUpdate()
        let refusal = await #expect(throws: Refusal.self) { try await world.rotate(.root, .targets) }
        #expect(refusal?.reason == .unreachable)
        #expect(refusal?.found.contains("may have been published") == true)
        await world.server.comeBack()
        let after = try await root(world)
        #expect(after.common.version == 2)

        // Other roles, and other keys, are another matter.
        try await world.rotate(.targets)
        #expect(try await root(world).common.version == 3)
        let own = try await root(world).keys(of: .root)[0].computedID
        #expect(own != before.keys(of: .root)[0].computedID)
        try await world.rotate(.root) { $0.replaced = [own] }
        #expect(try await root(world).common.version == 4)
        #expect(try await world.tags() == ["1.0"])
    }

    @Test(arguments: [false, true]) func theSameCommandComesToItsEnd(isNamed: Bool) async throws {
        let world = try await NotaryPublishingWorld()
        try await world.sign("1.0")
        let before = try await root(world)
        let roles: [RoleName] = [.root, .targets]
        let named = isNamed ? Set(roles.map { before.keys(of: $0)[0].notaryCanonicalID }) : []
        await world.server.goAwayAfterTheNextUpdate()
        _ = await #expect(throws: Refusal.self) { try await world.rotate(.root, .targets) { $0.replaced = named } }
        await world.server.comeBack()
        let report = try await world.rotate(.root, .targets) { $0.replaced = named }
        let after = try await root(world)
        #expect(after.common.version == 2 && report.finishesEarlierRun)
        #expect(report.roles.map(\.role) == roles)
        #expect(report.roles.map(\.replaced) == roles.map { before.keys(of: $0) })
        #expect(report.roles.map(\.added) == roles.map { after.keys(of: $0) })
        #expect(try await world.tags() == ["1.0"])
        // Once more is once more.
        try await world.rotate(.root, .targets)
        #expect(try await root(world).common.version == 3)
    }

    /// Keys that were made before the server could be asked are used, and no others are made.
    @Test func keysThatWereMadeAreUsed() async throws {
        let world = try await NotaryPublishingWorld()
        await world.signers.withhold([.root])
        _ = await #expect(throws: Refusal.self) { try await world.rotate(.targets) }
        let subject = world.subject.description
        let made = try await world.signers.keys(for: .targets, repository: subject)
        #expect(made.count == 2)
        await world.signers.withhold([])
        let report = try await world.rotate(.targets)
        #expect(!report.finishesEarlierRun)
        #expect(report.roles.first?.added.map(\.publicKey) == [made.last?.publicKey])
        #expect(try await world.signers.keys(for: .targets, repository: subject).count == 2)
    }
}
