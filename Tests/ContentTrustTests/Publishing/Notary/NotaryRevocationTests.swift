import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// A tag that was taken out is signed nowhere that readers look, or nothing is taken out.
@Suite struct NotaryRevocationTests {
    private static let alice = NotaryHistory.alice

    /// A collection with two tags in the targets, and a signer since then.
    private func world() async throws -> (world: NotaryPublishingWorld, signer: PrivateKey) {
        let world = try await NotaryPublishingWorld()
        try await world.sign("both", "targets-only")
        let key = try await world.add("alice")[0]
        try await world.sign("both", by: world.publisher(with: alone(key)))
        return (world, key)
    }

    private func alone(_ key: PrivateKey) async throws -> TestSigners {
        let signers = TestSigners()
        await signers.add(key, for: Self.alice)
        return signers
    }

    private func expectUnavailable(_ role: String, _ body: () async throws -> Void) async {
        let refusal = await #expect(throws: Refusal.self) { try await body() }
        #expect(refusal?.reason == .keyUnavailable, "\(String(describing: refusal))")
        #expect(refusal?.found.contains(role) == true, "\(String(describing: refusal))")
    }

    @Test func itIsTakenOutOfTheTargetsToo() async throws {
        let (world, key) = try await world()
        #expect(try await world.tags() == ["both", "targets-only"])
        await world.signers.add(key, for: Self.alice)
        let report = try await world.revoke("both")
        #expect(report.signedRoles == [.targets, Self.alice, Dialect.releases])
        #expect(try await world.tags() == ["targets-only"])
        let other = try await world.revoke("targets-only", "never")
        #expect(other.tags["never"] == .absent)
        guard case .revoked(.some) = other.tags["targets-only"] else { return #expect(Bool(false), "\(other.tags)") }
        #expect(try await world.tags() == [])
    }

    /// Neither half of the keys is enough for a tag that both halves list.
    @Test func nothingIsTakenOutThatReadersWouldFindElsewhere() async throws {
        let (world, key) = try await world()
        let before = await world.server.store.named
        let signer = try await world.publisher(with: alone(key))
        await expectUnavailable("targets,") { try await world.revoke("both", by: signer) }
        await expectUnavailable("targets,") {
            _ = try await signer.revoke(["both"], as: Self.alice, of: world.subject, at: NotaryPublishingWorld.place)
        }
        await expectUnavailable("targets,") { try await world.revoke("targets-only", by: signer) }
        await expectUnavailable("targets/releases") { try await world.revoke("both") }
        #expect(await world.server.store.named == before)
        // What only the targets list needs no signer.
        try await world.revoke("targets-only")
        #expect(try await world.tags() == ["both"])
    }

    /// What the keys of the releases did not sign counts for nothing until somebody signs it as a witness: then it is back.
    @Test func releasesThatNobodyCanReadAreSignedFirst() async throws {
        let (world, key) = try await world()
        let other = try await world.add("alice")[0]
        for key in [key, other] { await world.signers.add(key, for: Self.alice) }
        let refusal = await #expect(throws: Refusal.self) { try await world.revoke("both") }
        #expect(refusal?.next?.contains("notary witness") == true, "\(String(describing: refusal))")
        try await world.revoke("targets-only")
        _ = try await world.publisher().witness(
            [Self.alice, Dialect.releases],
            of: world.subject,
            at: NotaryPublishingWorld.place
        )
        try await world.revoke("both")
        #expect(try await world.tags() == [])
    }
}
