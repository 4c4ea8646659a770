import ContentTrust
import OCI
import Testing
import TrustTestSupport

/// The command that a refusal suggests is one that works.
@Suite struct NextCommandTests {
    private static let name = "registry.example.com/team/app"

    private func refusal(_ verdict: Verdict) throws -> Refusal {
        guard case .refused(let refusal) = verdict else { throw FixtureError.unexpected("trusted") }
        return refusal
    }

    /// Signing names the tag, not the image that was compared with it.
    @Test(arguments: [false, true])
    func anImageAtHandThatMoved(isAtHand: Bool) async throws {
        try await LocalStoreTests.with(plainFiles: false) { world in
            try await world.image("1.0", "one")
            _ = try await world.initialize()
            try await world.sign("1.0")
            let moved = try await world.image(isAtHand ? "other" : "1.0", "another")
            let image = ImageLocation.layout(path: world.directory.file("images"), name: try ImageName("other"))
            let refusal = try refusal(
                await world.verifier().verify(
                    Query(subject: world.subject, tag: "1.0", image: isAtHand ? .atHand(image) : .asServed)
                )
            )
            #expect(refusal.reason == .tagMoved)
            #expect(
                refusal.next
                    == "if the new image is meant: trustctl sign image \(world.subject):1.0 --digest \(moved)"
            )
        }
    }

    /// Off line the name that a layout is signed with is known only to who says it.
    @Test func layoutsOffLine() async throws {
        try await LocalStoreTests.with(plainFiles: false) { world in
            try await world.image("1.0", "one")
            _ = try await world.initialize()
            try await world.sign("1.0")
            #expect(LocalStoreTests.reason(await world.verify("1.0")) == .trusted)
            let unnamed = try refusal(await world.verify("1.0") { $0.offline = true })
            #expect(unnamed.reason == .usage)
            #expect(unnamed.next == "run the same command with --name NAME")
            let named = await world.verify("1.0") {
                $0.offline = true
                $0.signedName = Self.name
            }
            #expect(LocalStoreTests.reason(named) == .trusted)
        }
    }

    /// A path with a space is one word of the command.
    @Test func wordsAreQuoted() async throws {
        try await LocalStoreTests.with(plainFiles: false) { world in
            let path = world.directory.file("my images")
            _ = try ImageLayout(creatingIfAbsent: path)
            let verdict = await world.verifier().verify(Query(subject: .layout(path: path), tag: "1.0"))
            let refusal = try refusal(verdict)
            #expect(refusal.reason == .unsignedRepository)
            #expect(refusal.next == "if you publish it: trustctl init 'oci:\(path)'")
        }
    }

    /// What is unreadable is said once, with the name of its store.
    @Test func whatIsNotTrustDataIsNamedOnce() async throws {
        try await LocalStoreTests.with(plainFiles: false) { world in
            try await world.image("trust-data", "not trust data")
            let refusal = try refusal(await world.verify("1.0"))
            #expect(refusal.reason == .badSignature)
            #expect(refusal.checked == "trust data in \(world.subject)")
        }
    }
}
