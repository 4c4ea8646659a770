import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// What a publisher has seen binds it, also where something has expired and has to be signed anew.
@Suite struct NotaryRollbackTests {
    private static let day = NotaryPublishingWorld.day

    private func expectRollback(_ role: String, _ body: () async throws -> Void) async {
        let refusal = await #expect(throws: Refusal.self) { try await body() }
        #expect(refusal?.reason == .rollback, "\(String(describing: refusal))")
        #expect(refusal?.found.hasPrefix(role) == true, "\(String(describing: refusal))")
    }

    @Test func anOldSetUnderAnExpiredRootIsRefused() async throws {
        let world = try await NotaryPublishingWorld(lifetimes: [.root: Self.day])
        try await world.sign("1.0")
        let old = await world.server.store
        try await world.sign("2.0")
        try await world.revoke("1.0")
        let newest = await world.server.store
        world.clock.advance(bySeconds: 2 * Self.day)

        await world.server.restore(old)
        await expectRollback("timestamp") { try await world.sign("3.0") }
        // Whoever signs timestamps can give an old set a new one.
        for _ in 0..<5 { try await world.server.signTimestamp() }
        await expectRollback("snapshot") { try await world.sign("3.0") }

        await world.server.restore(newest)
        try await world.refresh()
        try await world.sign("3.0")
        #expect(try await world.tags() == ["2.0", "3.0"])
    }

    @Test func anOldRootIsRefusedWhenTheNewestHasExpired() async throws {
        let world = try await NotaryPublishingWorld()
        try await world.sign("1.0")
        let old = await world.server.store
        try await world.rotate(.root, by: world.publisher(lifetimes: [.root: Self.day]))
        let newest = await world.server.store
        world.clock.advance(bySeconds: 2 * Self.day)
        await world.server.restore(old)
        await expectRollback("root") { try await world.sign("2.0") }
        await world.server.restore(newest)
        try await world.refresh()
        #expect(try await world.tags() == ["1.0"])
    }

    /// A snapshot tells no versions: its signer can list an old file of a signer's.
    @Test(arguments: [false, true]) func anOldFileOfASignerIsRefused(isExpired: Bool) async throws {
        let world = try await NotaryPublishingWorld(lifetimes: isExpired ? [.root: Self.day] : [:])
        let key = try PrivateKey.generate(.ecdsaP256)
        await world.signers.add(key, for: try RoleName("targets/alice"))
        try await world.add("alice", keys: [key])
        try await world.sign("1.0")
        let old = await world.server.file(Dialect.releases)
        try await world.revoke("1.0")
        let newest = await world.server.file(Dialect.releases)
        if isExpired { world.clock.advance(bySeconds: 2 * Self.day) }
        try await world.server.replace(Dialect.releases, with: old)
        await expectRollback("targets/releases") { try await world.sign("2.0") }
        try await world.server.replace(Dialect.releases, with: newest)
        if isExpired { try await world.refresh() }
        try await world.sign("2.0")
        #expect(try await world.tags() == ["2.0"])
    }
}
