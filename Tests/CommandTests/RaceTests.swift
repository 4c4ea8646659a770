import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// Publishers on two machines, with the same keys, who sign in the same moment.
@Suite(.timeLimit(.minutes(8))) struct RaceTests {
    static let rounds = 100

    @Test func whatAPublisherWasToldIsSignedStaysSigned() async throws {
        try await World.with { world in
            let image = try await world.push("one")
            try await world.tag(image, "a-[1-\(Self.rounds)]")
            try await world.tag(image, "b-[1-\(Self.rounds)]")
            let made = try await world.initialize()
            let colleague = try world.colleague()
            var signed: [String] = []
            for round in 1...Self.rounds {
                let first = try await world.publisher.start("sign", "image", world.reference("a-\(round)"))
                let second = try await colleague.start("sign", "image", world.reference("b-\(round)"))
                for (tag, process) in [("a-\(round)", first), ("b-\(round)", second)] {
                    let ended = try await process.wait()
                    #expect(ended.exitCode == 0 || ended.exitCode == Reason.conflict.exitCode, "\(tag): \(ended)")
                    if ended.exitCode == 0 { signed.append(tag) }
                }
            }
            // Giving up is allowed, and no way to get through.
            #expect(signed.count >= Self.rounds)
            try await world.pin(made)
            try expect(try await world.consumer.runAll(["verify"] + signed.map(world.reference)), 0)
            let listed = try await world.consumer.run("list", world.repository, "--json").object
            let names = try #require(listed["tags"]?.array).compactMap { $0["tag"]?.string }
            #expect(Set(signed).subtracting(names) == [])
            let extra = try await Skopeo(world.registry).tags("team/app").filter { $0.hasPrefix("trust-data.") }
            #expect(extra.count <= 16, "\(extra)")
        }
    }
}
