import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// What is signed anew as it stands.
@Suite struct NotaryWitnessTests {
    private static let alice = NotaryHistory.alice

    @Test func aWitnessSignsNothingThatCannotBeRead() async throws {
        let world = try await NotaryPublishingWorld()
        let key = try await world.add("alice")[0]
        await world.signers.add(key, for: Self.alice)
        try await world.sign("1.0")
        try await world.server.replace(Self.alice, with: Array("{}".utf8))
        let before = await world.server.store.named
        let refusal = await #expect(throws: Refusal.self) {
            _ = try await world.publisher().witness([Self.alice], of: world.subject, at: NotaryPublishingWorld.place)
        }
        #expect(refusal?.reason == .badSignature && refusal?.found.contains("cannot be read") == true)
        #expect(refusal?.next?.contains("sign image") == true)
        #expect(await world.server.store.named == before)
    }
}
