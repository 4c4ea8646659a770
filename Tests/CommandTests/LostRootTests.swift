import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// `init --unsafe-replace-lost-root`, interrupted at every point.
@Suite(.timeLimit(.minutes(20))) struct LostRootTests {
    private static func keys(_ world: World) async throws -> [(id: String, role: String)] {
        try await world.publisher.run("key", "list", "--json").objects.compactMap { key in
            key["keyID"]?.string.map { ($0, key["role"]?.string ?? "") }
        }
    }

    private static func pin(_ made: JSONValue, in consumer: Trustctl) async throws {
        let words = try #require(made["pinCommand"]?.string).split(separator: " ").dropFirst().map(String.init)
        try expect(try await consumer.runAll(words + ["--replace"]), 0)
    }

    /// Killed when the Nth request was answered, for every second N, and with bins for every fourth; then it is run again. Consumers see the old set or the
    /// new one, all tags are kept, and no key is made twice.
    @Test(arguments: [(1, "0"), (3, "0"), (2, "2")])
    func killedAtEveryRequest(first: Int, bins: String) async throws {
        try await World.with(fronted: true) { world in
            let front = try #require(world.front)
            let made = try await world.initialize("--bins", bins)
            try await world.pin(made)
            let image = try await world.push("a-1")
            try await world.tag(image, "a-[2-3]")
            try await world.sign("a-1", "a-2", "a-3")
            let tags = (1...3).map { world.reference("a-\($0)") }
            let arguments = [
                "init", world.repository, "--unsafe-replace-lost-root", "--unsafe-unencrypted", "--yes", "--json",
            ]
            var stop = first
            var isWhole = false
            while !isWhole {
                try expect(try await world.consumer.runAll(["verify"] + tags), 0)
                for key in try await Self.keys(world) where key.role == "root" {
                    try expect(try await world.publisher.run("key", "remove", key.id, "--yes"), 0)
                }
                let before = Set(try await Self.keys(world).map(\.id))
                let killer = Killer(at: stop)
                front.change { _, _ in killer.requestWasAnswered() }
                let process = try await RunningProcess.start(world.publisher.command(arguments))
                killer.victim(process)
                var output = try await process.wait()
                front.change(nil)
                isWhole = output.exitCode == 0
                if !isWhole {
                    let seen = try await world.consumer.runAll(["verify"] + tags)
                    #expect([0, Reason.wrongRoot.exitCode].contains(seen.exitCode), "stopped at \(stop): \(seen)")
                    output = try await world.publisher.runAll(arguments)
                    try expect(output, 0)
                }
                let new = try output.object
                #expect(new["carriedTags"] == ["a-1", "a-2", "a-3"], "stopped at \(stop)")
                let after = Set(try await Self.keys(world).map(\.id))
                #expect(after.count == before.count + 4, "stopped at \(stop)")
                try await expectRefusal(world.consumer, ["verify", tags[0]], .wrongRoot)
                try await Self.pin(new, in: world.consumer)
                try expect(try await world.consumer.runAll(["verify"] + tags), 0)
                // It is one repository, which goes on.
                try expect(try await world.publisher.runAll(["sign", "image", tags[0]]), 0)
                let diagnosed = try await Diagnosed(world.publisher, world.repository)
                #expect(diagnosed.problems == [], "stopped at \(stop): \(diagnosed.output)")
                stop += 4
            }
            #expect(stop > 12)
        }
    }
}
