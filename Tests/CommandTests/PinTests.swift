import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// Whom to trust.
@Suite(.timeLimit(.minutes(8))) struct PinTests {
    @Test func withoutAPinTheLineToAddOneIsShown() async throws {
        try await World.with { world in
            let image = try await world.push("1.0")
            let made = try await world.initialize()
            try await world.sign("1.0")
            let stranger = try world.stranger()
            let verify = ["verify", world.reference("1.0")]
            try await expectRefusal(stranger, verify, .noPin)
            let refused = try await stranger.runAll(verify + ["--json"]).object
            #expect(refused["next"] == made["pinCommand"])

            let inspected = try await stranger.run("inspect", world.repository, "--json")
            try expect(inspected, 15)
            let claimed = try inspected.object
            try Schema.check(claimed, "inspect")
            #expect(claimed["verified"] == false)
            #expect(claimed["roles"]?["root"]?["keyIDs"] == made["roles"]?["root"]?["keyIDs"])
            #expect(try await stranger.run("inspect", world.repository).text.hasPrefix("UNVERIFIED"))

            try await world.pin(made, in: stranger)
            let answer = try await stranger.runAll(verify)
            #expect(answer.text == "\(world.repository)@\(image.digest)\n")
        }
    }

    @Test func trustOnFirstUseIsAChoice() async throws {
        try await World.with { world in
            try await world.push("1.0")
            try await world.initialize()
            try await world.sign("1.0")
            let verify = ["verify", world.reference("1.0")]
            let byOption = try world.stranger()
            try expect(try await byOption.runAll(verify + ["--trust-on-first-use"]), 0)
            try expect(try await byOption.runAll(verify), 0)
            #expect(try await byOption.run("pin", "list").text.contains(world.repository))

            let byConfiguration = try world.stranger()
            try Files.write(Array(#"{"trustOnFirstUse": true}"#.utf8), to: "\(byConfiguration.home)/config.json")
            try expect(try await byConfiguration.runAll(verify), 0)

            let misspelt = try world.stranger()
            try Files.write(Array(#"{"trustOnFirstUsed": true}"#.utf8), to: "\(misspelt.home)/config.json")
            try await expectRefusal(misspelt, verify, .usage)
        }
    }

    @Test func aWrongRoot() async throws {
        try await World.with { world in
            try await world.push("1.0")
            let made = try await world.initialize()
            try await world.sign("1.0")
            try await world.pin(made)
            let stranger = try world.stranger()
            let id = String(repeating: "ab", count: 32)
            try expect(try await stranger.run("pin", "add", world.repository, "--root-key", id), 0)
            try await expectRefusal(stranger, ["verify", world.reference("1.0")], .wrongRoot)
            // A publisher that begins anew is somebody else, to those who pinned the first one and to those who have seen it.
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            let tags = world.registry.tagsDirectory("team/app")
            for tag in try Files.names(in: tags) where tag.hasPrefix("trust-data") {
                try Files.remove("\(tags)/\(tag)")
            }
            let usurper = try world.stranger()
            try expect(try await usurper.run("init", world.repository, "--unsafe-unencrypted"), 0)
            try expect(try await usurper.run("sign", "image", world.reference("1.0")), 0)
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .wrongRoot)
            let pinned = try world.stranger()
            try await world.pin(made, in: pinned)
            try await expectRefusal(pinned, ["verify", world.reference("1.0")], .wrongRoot)
        }
    }

    @Test func theTrustDataOfAnotherRepositoryWithTheSameRoot() async throws {
        try await World.with { world in
            let made = try await world.initialize()
            let id = try #require(made["roles"]?["root"]?["keyIDs"]?.array?.first?.string)
            let other = "\(world.registry.address)/team/other"
            try await world.push("1.0")
            try await world.sign("1.0")
            try expect(try await world.publisher.run("init", other, "--unsafe-unencrypted"), 0)
            // The registry serves one repository's trust data under the other's name.
            let repositories = "\(world.registry.storage)/docker/registry/v2/repositories/team"
            try Files.remove("\(repositories)/other")
            try Files.copy("\(repositories)/app", to: "\(repositories)/other")
            try expect(
                try await world.consumer.run("pin", "add", "\(world.registry.address)/team/*", "--root-key", id),
                0
            )
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            try await expectRefusal(world.consumer, ["verify", "\(other):1.0"], .wrongRepository)
            // Whoever has seen the right trust data of that name hears the same.
            try await expectRefusal(world.publisher, ["verify", "\(other):1.0"], .wrongRepository)
            // A mirror is trusted when the pin says whose it is.
            let mirrored = try await world.consumer.run(
                "pin",
                "add",
                other,
                "--root-key",
                id,
                "--signed-as",
                world.repository
            )
            try expect(mirrored, 0)
            try expect(try await world.consumer.run("verify", "\(other):1.0"), 0)
        }
    }

    @Test func aRootFileCanBePinned() async throws {
        let world = try await LocalWorld()
        let root = "\(world.store)/1.root.json"
        let consumer = try world.publisher.withHome(world.directory, "consumer")
        // Another name's, a broken one, and the one.
        try expect(try await consumer.run("pin", "add", "registry.example.com/other", "--root", root), 19)
        var broken = try Files.read(root)
        broken[broken.count / 2] ^= 1
        let brokenFile = try world.directory.write(broken, to: "broken.json")
        let refused = try await consumer.run("pin", "add", LocalWorld.name, "--root", brokenFile)
        try expect(refused, 12)
        #expect(try await consumer.run("pin", "list").text == "")
        try expect(try await consumer.run("pin", "add", LocalWorld.name, "--root", root), 0)
        try expect(try await consumer.run("verify", world.reference, "--store", "dir:\(world.store)"), 0)
    }
}
