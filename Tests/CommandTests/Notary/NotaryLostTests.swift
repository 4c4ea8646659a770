import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// Collections that their server has lost, or that somebody deleted there: what everybody is told, and that what is
/// told works.
@Suite(.timeLimit(.minutes(4))) struct NotaryLostTests {
    /// The server's memory is gone, its keys with it.
    private static func lose(_ world: NotaryWorld) async throws {
        await world.services.stop()
        try await world.services.start()
    }

    /// The refusal of a command.
    private static func refusal(
        _ world: NotaryWorld,
        _ home: Trustctl,
        _ arguments: [String]
    ) async throws -> JSONValue {
        try #require(try await world.run(home, arguments + ["--json"]).objects.first)
    }

    /// The commands in the next step of a refusal.
    private static func commands(_ refusal: JSONValue) -> [[String]] {
        let next = refusal["next"]?.string ?? ""
        return next.split(separator: ";").compactMap { part in
            guard let found = part.firstRange(of: "trustctl ") else { return nil }
            return part[found.upperBound...].split(separator: " ").map(String.init)
        }
    }

    @Test func theCollectionIsMissedByAllAndBegunAnew() async throws {
        try await NotaryWorld.with { world in
            let image = try await world.signed()
            try await world.verify("1.0")
            let neverSeen = try world.copy(of: world.consumer, "never-seen")
            try Files.remove("\(neverSeen.home)/trust/seen-notary")
            try await Self.lose(world)
            try await world.refuse("1.0", .trustDataMissing)
            for command in [
                ["sign", "image", world.reference("1.0")], ["sign", "image", "--init", world.reference("1.0")],
                ["refresh", world.repository], ["revoke", world.reference("1.0")],
                ["signer", "list", world.repository],
                ["notary", "mirror", world.repository, "--to", world.directory.file("lost.tar")],
            ] {
                let refused = try await Self.refusal(world, world.publisher, command)
                #expect(refused["reason"] == "trust-data-missing", "\(command): \(refused)")
            }
            // The next step is complete.
            let refreshed = try await Self.refusal(world, world.publisher, ["refresh", world.repository])
            let suggested = try #require(Self.commands(refreshed).first)
            let again = try await Self.refusal(world, world.publisher, ["init", world.repository])
            #expect(again["reason"] == "usage")
            #expect(Self.commands(again).first == suggested, "\(again)")
            #expect(suggested.contains("--unsafe-replace-lost-root") && suggested.contains("--store"))
            let begun = try await world.publisher.runAll(suggested + ["--yes", "--unsafe-unencrypted", "--json"])
            try expect(begun, 0)
            let made = try begun.object
            #expect(made["carriedTags"] == ["1.0"])
            try await world.verify("1.0", by: world.publisher)
            #expect(try await world.tags(try world.notary()) == ["1.0": image.hex])
            // Everybody else compares, and pins anew.
            for home in [world.consumer, neverSeen] {
                let refused = try await Self.refusal(world, home, ["verify", world.reference("1.0")])
                #expect(refused["reason"] == "wrong-root", "\(refused)")
                #expect(refused["next"]?.string?.contains("--replace --notary") == true)
                let command = try #require(made["pinCommand"]?.string).split(separator: " ").map(String.init)
                try expect(try await home.runAll(command.dropFirst() + ["--replace"]), 0)
                try await world.verify("1.0", by: home)
            }
            try await world.push("2.0")
            try await world.publish("sign", "image", world.reference("2.0"))
            try await world.verify("2.0")
        }
    }

    /// The key that began the collection before is not taken again.
    @Test func theSameRootKeyDoesNotBeginItAgain() async throws {
        try await NotaryWorld.with { world in
            try await world.signed()
            try await world.publish("notary", "delete", world.repository, "--yes")
            try expect(try await world.publisher.run("pin", "remove", "--notary", world.repository), 0)
            let refused = try await Self.refusal(world, world.publisher, ["init", world.repository])
            #expect(refused["reason"] == "usage", "\(refused)")
            #expect(refused["next"]?.string?.contains("--new-root-key") == true, "\(refused)")
            let arguments = ["init", world.repository, "--new-root-key", "--unsafe-unencrypted"]
            try await world.succeed(world.publisher, arguments)
            try await world.publish("sign", "image", world.reference("1.0"))
            try await world.verify("1.0", by: world.publisher)
            try await world.refuse("1.0", .wrongRoot)
        }
    }

    /// Other programs, and machines that have seen nothing, take it all the same: that is told as what it is.
    @Test(arguments: [true, false]) func theSameRootKeyIsRecognised(keepsServerKeys: Bool) async throws {
        try await NotaryWorld.with { world in
            try await world.signed()
            try await world.verify("1.0")
            let other = try world.home("other")
            try Files.copy("\(world.publisher.home)/keys", to: "\(other.home)/keys")
            if keepsServerKeys {
                try await world.publish("notary", "delete", world.repository, "--yes")
            } else {
                try await Self.lose(world)
            }
            try await world.succeed(other, ["init", world.repository, "--unsafe-unencrypted"])
            try await world.succeed(other, ["sign", "image", world.reference("1.0")])
            for (home, command) in [
                (world.consumer, ["verify", world.reference("1.0")]),
                (world.publisher, ["sign", "image", world.reference("1.0")]),
            ] {
                let refused = try await Self.refusal(world, home, command)
                #expect(refused["reason"] == "wrong-root", "\(refused)")
                #expect(refused["found"]?.string?.contains("begun anew") == true, "\(refused)")
            }
            try Files.remove("\(world.consumer.home)/trust/seen-notary")
            try await world.verify("1.0")
        }
    }

    @Test func onlyWhatIsThereIsDeleted() async throws {
        try await NotaryWorld.with(fronted: true) { world in
            let front = try #require(world.front)
            try await world.signed()
            let slip = ["notary", "delete", "\(world.repository)-typo", "--yes"] + world.location
            try await expectRefusal(world.publisher, slip, .unsignedRepository, schema: "notary")
            // Somebody in front of the server says yes to everything.
            front.answer("/", method: "DELETE", with: .status("200 OK"))
            let delete = ["notary", "delete", world.repository, "--yes"] + world.location
            try await expectRefusal(world.publisher, delete, .badResponse, schema: "notary")
            try await world.verify("1.0")
            front.answer("/", method: "DELETE", with: nil)
            try await world.publish("notary", "delete", world.repository, "--yes")
            try await expectRefusal(world.publisher, delete, .unsignedRepository, schema: "notary")
        }
    }

    /// The key that signed the snapshots is gone, and the root key can leave that to the server.
    @Test func aLostSnapshotKeyIsNamed() async throws {
        try await NotaryWorld.with { world in
            try await world.signed()
            let rotate = ["key", "rotate", world.repository, "--role", "snapshot"]
            try await world.succeed(world.publisher, rotate + ["--no-server-managed", "--unsafe-unencrypted"])
            for key in try await world.publisher.run("key", "list", "--json").objects where key["role"] == "snapshot" {
                let id = try #require(key["keyID"]?.string)
                try expect(try await world.publisher.run("key", "remove", id, "--yes"), 0)
            }
            let refused = try await Self.refusal(world, world.publisher, ["revoke", world.reference("1.0")])
            #expect(refused["reason"] == "key-unavailable", "\(refused)")
            let command = try #require(Self.commands(refused).first)
            #expect(command.contains("--server-managed") && command.contains("--ca-cert"), "\(command)")
            try expect(try await world.publisher.runAll(command), 0)
            try await world.publish("revoke", world.reference("1.0"))
        }
    }

    /// Keys are made where docker and notary look for them, if that place is named.
    @Test func newKeysGoToDockersStore() async throws {
        try await NotaryWorld.with { world in
            let image = try await world.push("1.0")
            let notary = try world.notary()
            let keys = ["--key-store", "docker:\(notary.trustDirectory)"]
            try await world.succeed(world.publisher, ["init", world.repository] + keys)
            try await world.succeed(world.publisher, ["key", "rotate", world.repository, "--role", "targets"] + keys)
            let manifest = try world.directory.write(try world.images.blob(image.digest), to: "signed")
            try await notary.succeed("add", world.repository, "1.0", manifest, "-p")
            try await world.verify("1.0", by: world.publisher)
            #expect(try await world.publisher.run("key", "list", "--json").objects.isEmpty)
            // Without encryption they do not, which is told with the command that hands them over.
            let plain = ["key", "rotate", world.repository, "--role", "targets", "--unsafe-unencrypted"] + keys
            let told = try await world.succeed(world.publisher, plain).errorText
            let word = try #require(told.firstRange(of: "trustctl key export "))
            let id = String(told[word.upperBound...].prefix { $0 != " " })
            let export = ["key", "export", id, "--format", "notary", "--output", world.directory.file("key.pem")]
            try expect(try await world.publisher.runAll(export), 0)
        }
    }

    /// Commands that are suggested lead to the server that was asked.
    @Test func suggestedCommandsNameTheServer() async throws {
        try await NotaryWorld.with { world in
            try await world.push("1.0")
            let none = try await Self.refusal(world, world.publisher, ["sign", "image", world.reference("1.0")])
            let make = try #require(Self.commands(none).first)
            try expect(try await world.publisher.runAll(make + ["--unsafe-unencrypted"]), 0)
            let there = try await Self.refusal(world, world.publisher, ["init", "--new-root-key", world.repository])
            #expect(there["next"]?.string?.contains("--store") == true, "\(there)")
            for command in [["verify", world.reference("1.0")], ["inspect", world.reference("1.0")]] {
                let refused = try await Self.refusal(world, world.publisher, command)
                let next = try #require(Self.commands(refused).first)
                #expect(next.starts(with: ["list", world.repository] + world.location), "\(refused)")
                try expect(try await world.publisher.runAll(next), 0)
            }
            let nobody = ["sign", "image", "--signer", "bob", world.reference("1.0")]
            let refused = try await Self.refusal(world, world.publisher, nobody)
            #expect(refused["found"] == "there is no such signer", "\(refused)")
            let list = try #require(Self.commands(refused).first)
            let listed = try await world.publisher.runAll(list)
            try expect(listed, 0)
            #expect(listed.errorText.contains("signer add \(world.repository) --store"), "\(listed)")
        }
    }
}
