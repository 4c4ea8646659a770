import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// Whose keys the releases have.
@Suite struct NotarySignerKeyTests {
    private func releases(_ world: NotaryPublishingWorld) async throws -> Set<KeyID> {
        Set(try await world.state().delegations[Dialect.releases]?.keys.keyIDs ?? [])
    }

    private func id(_ key: PrivateKey) -> KeyID { TUFKey(notary: key.publicKey).computedID }

    @Test func theReleasesAreNoSigner() async throws {
        let world = try await NotaryPublishingWorld()
        try await world.add("alice")
        let before = await world.server.store.named
        for name in ["releases", "targets/releases"] {
            let refusal = await #expect(throws: Refusal.self) {
                _ = try await world.publisher().removeSigner(
                    try RoleName(name),
                    keepingTags: false,
                    of: world.subject,
                    at: NotaryPublishingWorld.place
                )
            }
            #expect(refusal?.reason == .usage && refusal?.found == "the role of all signers")
        }
        #expect(await world.server.store.named == before)
    }

    /// Two signers with one key between them, one of whom gets another.
    @Test func aSharedKeyStaysInTheReleases() async throws {
        let world = try await NotaryPublishingWorld()
        let shared = try await world.add("alice")[0]
        try await world.add("bob", keys: [shared])
        let new = try await world.add("alice")[0]
        #expect(try await releases(world) == [id(shared), id(new)])
        // Bob's role has it, so bob can sign.
        let signers = TestSigners()
        await signers.add(shared, for: NotaryHistory.role("targets/bob"))
        try await world.sign("1.0", by: world.publisher(with: signers))
        #expect(try await world.tags() == ["1.0"])
        // And what nobody has any more is taken out.
        try await world.add("bob", keys: [new])
        #expect(try await releases(world) == [id(new)])
    }
}
