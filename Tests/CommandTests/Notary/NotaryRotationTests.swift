import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// New keys, by trustctl and by notary: who has pinned or seen the old ones follows.
@Suite(.timeLimit(.minutes(4))) struct NotaryRotationTests {
    @Test func everybodyFollowsWhatIsRotatedHere() async throws {
        try await NotaryWorld.with { world in
            let image = try await world.signed()
            let notary = try world.notary()
            let docker = try world.docker()
            let old = try world.copy(of: world.consumer, "old")
            var root: Int64 = 1
            func follow(_ keys: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws {
                root += 1
                async let first = world.tags(notary)
                async let second = world.tags(docker)
                async let third = world.tags(world.consumer)
                let expected = ["1.0": image.hex]
                let all = try await [first, second, third]
                #expect(all == [expected, expected, expected], sourceLocation: sourceLocation)
                #expect(try await world.version(of: "root") == root, sourceLocation: sourceLocation)
            }
            _ = try await (world.tags(notary), world.tags(docker))
            for arguments in [
                ["timestamp"], ["targets"], ["root"], ["snapshot"], ["snapshot", "--no-server-managed"], ["snapshot"],
                ["root", "--role", "targets", "--role", "timestamp"], ["snapshot", "--server-managed"],
            ] {
                let rotate = ["key", "rotate", world.repository, "--json", "--unsafe-unencrypted", "--role"]
                let report = try await world.succeed(world.publisher, rotate + arguments).object
                try Schema.check(report, "rotate")
                try await follow(arguments)
            }
            // Whoever has seen nothing since, and whoever has seen nothing at all.
            try await world.verify("1.0", by: old)
            let fresh = try world.home("fresh")
            for pin in try await world.consumer.run("pin", "list", "--json").objects {
                let ids = pin["rootKeys"]?.array?.compactMap(\.string) ?? []
                try expect(
                    try await fresh.runAll(["pin", "add", world.repository, "--notary", "--root-key"] + ids),
                    0
                )
            }
            try await world.verify("1.0", by: fresh)
            // The publisher goes on.
            try await world.push("2.0")
            try await world.publish("sign", "image", world.reference("2.0"))
            try await world.verify("2.0")
            #expect(try await world.tags(notary) == ["1.0": image.hex, "2.0": image.hex])
        }
    }

    @Test func everybodyFollowsWhatNotaryRotates() async throws {
        try await NotaryWorld.with { world in
            let image = try await world.push("1.0", "2.0")
            let notary = try world.notary()
            let keys = ["--key-store", "docker:\(notary.trustDirectory)"]
            let manifest = try world.directory.write(try world.images.blob(image.digest), to: "signed")
            try await notary.succeed("init", world.repository)
            try await notary.succeed("add", world.repository, "1.0", manifest, "-p")
            for home in [world.publisher, world.consumer] {
                try await world.succeed(home, ["verify", world.reference("1.0"), "--trust-on-first-use"])
            }
            let old = try world.copy(of: world.consumer, "old")
            for arguments in [["root"], ["targets"], ["snapshot", "-r"], ["timestamp", "-r"], ["snapshot"], ["root"]] {
                let role = arguments[0]
                if arguments.count == 1 {
                    try await notary.succeed("key", "rotate", world.repository, role, input: "yes\n")
                } else {
                    try await notary.succeed("key", "rotate", world.repository, role, "-r", input: "yes\n")
                }
                try await world.verify("1.0")
                // Both go on, with the new keys.
                try await world.succeed(world.publisher, ["sign", "image", world.reference("2.0")] + keys)
                try await world.verify("2.0")
                try await world.succeed(world.publisher, ["revoke", world.reference("2.0")] + keys)
                try await world.refuse("2.0", .unsignedTag)
                #expect(try await world.tags(notary) == ["1.0": image.hex], "\(arguments)")
            }
            try await world.verify("1.0", by: old)
            // And trustctl rotates what notary has: notary has none of the new key, and follows.
            let rotate = ["key", "rotate", world.repository, "--role", "root", "--unsafe-unencrypted"] + keys
            try await world.succeed(world.publisher, rotate)
            #expect(try await world.tags(notary) == ["1.0": image.hex])
            try await world.verify("1.0", by: old)
        }
    }

    /// The key that goes is the one that is named, and a name that nobody has changes nothing.
    @Test func theKeyThatIsNamedIsReplaced() async throws {
        try await NotaryWorld.with { world in
            let image = try await world.signed()
            let rotate = ["key", "rotate", world.repository, "--role", "root", "--unsafe-unencrypted", "--replace"]
            let keys = try await world.publisher.run("key", "list", "--json").objects
            func id(_ role: String) throws -> String {
                try #require(keys.first { $0["role"]?.string == role }?["keyID"]?.string)
            }
            let refused = try await world.run(world.publisher, rotate + [try id("targets")])
            try expect(refused, 64)
            #expect(try await world.version(of: "root") == 1)
            try await world.succeed(world.publisher, rotate + [try id("root")])
            #expect(try await world.version(of: "root") == 2)
            try await world.verify("1.0")
            #expect(try await world.tags(try world.notary()) == ["1.0": image.hex])
        }
    }

    /// A key that is there already takes the place, and the old one is told where it is.
    @Test func aKeyOfDockersTakesThePlace() async throws {
        try await NotaryWorld.with { world in
            let image = try await world.signed()
            let notary = try world.notary()
            try await notary.succeed("key", "generate", "--role", "targets")
            let list = try await notary.succeed("key", "list").text
            let line = try #require(list.split(separator: "\n").first { $0.hasPrefix("targets") })
            let id = String(try #require(line.split(separator: " ").first { $0.count == 64 }))
            let keys = ["--key-store", "docker:\(notary.trustDirectory)"]
            let file = world.directory.file("targets.pub")
            let export = ["key", "export", id, "--public-key", "--output", file]
            try expect(try await world.publisher.runAll(export + keys), 0)
            let rotate = ["key", "rotate", world.repository, "--role", "targets", "--key", file]
            let rotated = try await world.succeed(world.publisher, rotate + keys)
            #expect(rotated.text == "targets \(id)\n")
            // The server has the timestamp's, and no other can be given to it.
            let timestamp = ["key", "rotate", world.repository, "--role", "timestamp", "--key", file]
            try expect(try await world.run(world.publisher, timestamp), 64)
            // Its own key is no longer one; notary's is.
            let refused = try await world.run(world.publisher, ["revoke", world.reference("1.0")])
            try expect(refused, Reason.keyUnavailable.exitCode)
            try await world.succeed(world.publisher, ["revoke", world.reference("1.0")] + keys)
            let manifest = try world.directory.write(try world.images.blob(image.digest), to: "signed")
            try await notary.succeed("add", world.repository, "1.0", manifest, "-p")
            try await world.verify("1.0")
        }
    }
}
