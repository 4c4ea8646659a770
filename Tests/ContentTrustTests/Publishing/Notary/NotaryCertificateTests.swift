import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// Certificates of root keys end, also where the root itself is signed anew in time.
@Suite struct NotaryCertificateTests {
    private static let day = NotaryPublishingWorld.day

    @Test func anEndThatIsNearIsTold() async throws {
        let world = try await NotaryPublishingWorld()
        let made = world.clock.now()
        #expect(try await world.sign("1.0").endingCertificates == [])
        world.clock.advance(bySeconds: 3500 * Self.day)
        let report = try await world.refresh()
        #expect(report.signedRoles.contains(.root))
        let key = try #require(try await world.state().root.keys(of: .root).first)
        let ending = try #require(report.endingCertificates.first)
        #expect(report.endingCertificates.count == 1)
        #expect(ending.end == made.advanced(bySeconds: RootCertificate.lifetime))
        #expect(key.pinnableIDs.contains(ending.keyID) && key.notaryCanonicalID == ending.notaryKeyID)
        // The present key gets a new one, and there is nothing more to tell.
        try await world.rotate(.root) { $0.newKeys[.root] = key }
        #expect(try await world.refresh().endingCertificates == [])
        world.clock.advance(bySeconds: 300 * Self.day)
        try await world.server.signTimestamp()
        try await world.refresh()
        #expect(try await world.tags() == ["1.0"])
    }

    /// Past its end everything is refused. A server that takes new certificates is mended by the same command; Notary's own
    /// takes none.
    @Test func anEndThatIsPastIsMended() async throws {
        let world = try await NotaryPublishingWorld()
        try await world.sign("1.0")
        world.clock.advance(bySeconds: 3500 * Self.day)
        try await world.refresh()
        world.clock.advance(bySeconds: 300 * Self.day)
        try await world.server.signTimestamp()
        let refusal = await #expect(throws: Refusal.self) { try await world.tags() }
        #expect(refusal?.reason == .certificateExpired)
        // Nothing is published that nobody would accept.
        let before = await world.server.store.named
        let unsigned = await #expect(throws: Refusal.self) { try await world.sign("2.0") }
        #expect(unsigned?.reason == .certificateExpired && unsigned?.next?.contains("notary import") == true)
        #expect(await world.server.store.named == before)
        let key = try #require(try await world.state().root.keys(of: .root).first)
        try await world.rotate(.root) { $0.newKeys[.root] = key }
        #expect(try await world.tags() == ["1.0"])
    }
}
