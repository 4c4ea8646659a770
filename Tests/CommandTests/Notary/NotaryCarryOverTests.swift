import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// A collection that notary and docker made, carried over to trust data in the registry, and the people who had pinned it.
@Suite(.timeLimit(.minutes(4))) struct NotaryCarryOverTests {
    /// A collection with two tags and a signer, with docker's and notary's own keys; `gone` has no image.
    private static func begin(_ world: NotaryWorld) async throws -> (image: TestImages.Entry, keys: [String]) {
        let image = try await world.push("1.0", "2.0", text: "carried")
        let notary = try world.notary("docker/trust")
        let manifest = try world.directory.write(try world.images.blob(image.digest), to: "signed")
        let gone = try world.directory.write(Array("gone".utf8), to: "gone")
        try await notary.succeed("init", world.repository, "-p")
        for tag in ["1.0", "2.0"] { try await notary.succeed("add", world.repository, tag, manifest) }
        try await notary.succeed("add", world.repository, "gone", gone, "-p")
        let docker = try world.docker()
        try await docker.succeed("key", "generate", "alice", "--dir", world.directory.path)
        try await docker.succeed("signer", "add", "--key", world.directory.file("alice.pub"), "alice", world.repository)
        return (image, ["--key-store", "docker:\(notary.trustDirectory)"])
    }

    private static func pinCollection(_ world: NotaryWorld) async throws {
        try await world.succeed(world.consumer, ["list", world.repository, "--trust-on-first-use"])
        try await world.succeed(world.publisher, ["list", world.repository, "--trust-on-first-use"])
    }

    private static func fates(_ plan: JSONValue) -> [String: String] {
        let tags = plan["tags"]?.array ?? []
        return Dictionary(tags.map { ($0["tag"]?.string ?? "", $0["fate"]?.string ?? "") }) { first, _ in first }
    }

    @Test func whoHadPinnedTheCollectionFollowsWhenItsServerIsGone() async throws {
        try await NotaryWorld.with { world in
            let (image, keys) = try await Self.begin(world)
            try await Self.pinCollection(world)
            let command =
                ["notary", "import", world.repository, "--from", "notary+\(world.server)", "--ca-cert"]
                + [world.services.certificates.certificate]

            let plan = try await world.publisher.runAll(command + ["--dry-run", "--json"])
            try expect(plan, 0)
            try Schema.check(try plan.object, "notary")
            #expect(Self.fates(try plan.object) == ["1.0": "carried", "2.0": "carried", "gone": "left"])
            #expect(try plan.object["changed"]?.boolean == false)
            #expect(try plan.object["missingKeys"]?.array?.compactMap(\.string) == ["root"])
            let dry = try await world.publisher.runAll(command + ["--dry-run"])
            #expect(dry.errorText.contains("the root key is not at hand"))
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .unsignedRepository)

            // The root key is docker's, where it is. Without it nothing happens.
            try await expectRefusal(world.publisher, command, .keyUnavailable, schema: "notary")
            let made = try await world.publisher.runAll(command + keys + ["--unsafe-unencrypted", "--json"])
            try expect(made, 0)
            try Schema.check(try made.object, "notary")
            #expect(try made.object["signers"]?.array?.first?["isCarried"]?.boolean == true)
            let again = try await world.publisher.runAll(command + keys + ["--json"])
            try expect(again, 0)
            #expect(Self.fates(try again.object) == ["1.0": "present", "2.0": "present", "gone": "left"])

            await world.services.stop()
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .noPin)
            let followed = try await world.consumer.run("notary", "follow", world.repository, "--json")
            try expect(followed, 0)
            try Schema.check(try followed.object, "pin")
            for tag in ["1.0", "2.0"] {
                let verified = try await world.consumer.run("verify", world.reference(tag))
                try expect(verified, 0)
                #expect(verified.text == "\(world.repository)@\(image.digest)\n")
            }
            try await expectRefusal(world.consumer, ["verify", world.reference("gone")], .unsignedTag)
            let signers = try await world.publisher.run("signer", "list", world.repository, "--json")
            #expect(try signers.object["signers"]?.array?.map { $0["name"]?.string } == ["alice"])
        }
    }

    /// What the collection takes back later is named, with a command that takes it back in the registry.
    @Test func whatIsRevokedAfterAnImportIsNotForgotten() async throws {
        try await NotaryWorld.with { world in
            let (_, keys) = try await Self.begin(world)
            try await Self.pinCollection(world)
            let command =
                ["notary", "import", world.repository, "--from", "notary+\(world.server)", "--ca-cert"]
                + [world.services.certificates.certificate, "--unsafe-unencrypted"] + keys
            try expect(try await world.publisher.runAll(command), 0)
            let notary = try world.notary("docker/trust")
            try await notary.succeed("remove", world.repository, "1.0", "-p")

            let again = try await world.publisher.runAll(command)
            #expect(again.exitCode == Reason.warning.exitCode)
            let revoke = "trustctl revoke \(world.reference("1.0"))"
            #expect(again.errorText.contains(revoke))
            #expect(again.errorText.contains("1 there already"))
            let object = try await world.publisher.runAll(command + ["--json", "--dry-run"])
            #expect(object.exitCode == Reason.warning.exitCode)
            try Schema.check(try object.object, "notary")
            #expect(try object.object["unlistedTags"]?.array?.compactMap { $0["tag"]?.string } == ["1.0"])

            let pruned = try await world.publisher.runAll(command + ["--prune", "--json"])
            try expect(pruned, 0)
            try Schema.check(try pruned.object, "notary")
            try expect(try await world.consumer.run("notary", "follow", world.repository), 0)
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .unsignedTag)
            try expect(try await world.consumer.run("verify", world.reference("2.0")), 0)
            try expect(try await world.publisher.runAll(command), 0)
        }
    }

    /// A signer who has docker's key elsewhere comes along as the import says.
    @Test func signersWithDockersKeysAskWithThem() async throws {
        try await NotaryWorld.with { world in
            let (image, keys) = try await Self.begin(world)
            try await Self.pinCollection(world)
            let bob = try world.docker("bob")
            try await bob.succeed("key", "generate", "bob", "--dir", world.directory.path)
            let file = world.directory.file("bob.pub")
            try await world.docker().succeed("signer", "add", "--key", file, "bob", world.repository)
            let made = try await world.publisher.runAll(
                ["notary", "import", world.repository, "--from", "notary+\(world.server)", "--unsafe-unencrypted"]
                    + ["--ca-cert", world.services.certificates.certificate] + keys
            )
            try expect(made, 0)
            #expect(made.errorText.contains("left the signer bob"))

            // As it is printed, with the directories of this test.
            let dockers = ["--key-store", "docker:\(world.directory.file("bob/trust"))"]
            let lost = try #require(made.errorText.split(separator: "trustctl key export ").last?.prefix { $0 != " " })
            let copy = world.directory.file("copy.pub")
            let export = ["key", "export", String(lost), "--public-key", "--output", copy] + dockers
            try expect(try await world.consumer.runAll(export), 0)
            try expect(try await world.consumer.run("notary", "follow", world.repository), 0)
            let request = world.directory.file("request")
            let ask = ["signer", "request", world.repository, "bob", "--key", copy, "--out", request] + dockers
            try expect(try await world.consumer.runAll(ask), 0)
            let add = ["signer", "add", world.repository, "bob", "--request", request, "--tag", "*", "--yes"] + keys
            try expect(try await world.publisher.runAll(add), 0)

            // A tag that the targets key has signed moves to the signer.
            let sign = ["sign", "image", world.reference("1.0"), "--signer", "bob", "--digest", image.digest] + dockers
            try expect(try await world.publisher.runAll(["revoke", world.reference("1.0")] + keys), 0)
            try expect(try await world.consumer.runAll(sign), 0)
            try expect(try await world.publisher.runAll(["refresh", world.repository] + keys), 0)
            let tags = try await world.consumer.run("list", world.repository, "--json").object["tags"]?.array ?? []
            #expect(tags.first { $0["tag"] == "1.0" }?["role"] == "bob")
        }
    }

    /// The server was shut down before anybody had moved: its archive, and docker's own cache.
    @Test(arguments: ["archive", "cache"])
    func fromWhatIsLeft(of kind: String) async throws {
        try await NotaryWorld.with { world in
            let (_, keys) = try await Self.begin(world)
            // A cache has the newest root alone.
            try await world.notary("docker/trust").succeed("key", "rotate", world.repository, "root")
            try await Self.pinCollection(world)
            let source: String
            if kind == "archive" {
                source = "notary:\(world.directory.file("app.tar"))"
                try await world.publish("notary", "mirror", world.repository, "--to", world.directory.file("app.tar"))
            } else {
                let notary = try world.notary("docker/trust")
                try await notary.succeed("list", world.repository)
                source = "notary:\(notary.trustDirectory)"
            }
            await world.services.stop()
            let made = try await world.publisher.runAll(
                ["notary", "import", world.repository, "--from", source, "--unsafe-unencrypted"] + keys
            )
            try expect(made, 0)
            try expect(try await world.consumer.run("notary", "follow", world.repository), 0)
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
        }
    }

    /// A repository that is published to both for a while.
    @Test func oneSignatureInTwoPlaces() async throws {
        try await NotaryWorld.with { world in
            let image = try await world.push("1.0", "2.0")
            let both =
                ["--store", "registry", "--store", "notary+\(world.server)"]
                + ["--ca-cert", world.services.certificates.certificate]
            for store in [[], world.location] {
                let made = try await world.publisher.runAll(
                    ["init", world.repository, "--unsafe-unencrypted", "--json"] + store
                )
                try expect(made, 0)
                try await world.pin(try made.object)
            }
            let signed = try await world.publisher.runAll(["sign", "image", world.reference("1.0")] + both)
            try expect(signed, 0)
            let line = "\(world.reference("1.0"))@\(image.digest)"
            #expect(signed.text == "\(line) registry\n\(line) notary+\(world.server)\n")
            try await world.verify("1.0")
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)

            // One place fails, and the other one is done all the same; repeated, only the rest is done.
            await world.services.stop()
            let half = try await world.publisher.runAll(["sign", "image", world.reference("2.0"), "--json"] + both)
            try expect(half, Reason.unreachable.exitCode)
            for line in try half.objects { try Schema.check(line, "publish") }
            #expect(try half.objects.map { $0["reason"]?.string } == ["trusted", "unreachable"])
            #expect(try await world.consumer.run("verify", world.reference("2.0")).text.contains(image.digest))
        }
    }

    /// Half of it is done already: the rest is, and only what was in neither place is told as absent.
    @Test func whatIsInOneOfTwoPlacesIsRevoked() async throws {
        try await NotaryWorld.with { world in
            try await world.push("1.0")
            let both =
                ["--store", "registry", "--store", "notary+\(world.server)"]
                + ["--ca-cert", world.services.certificates.certificate]
            for store in [[], world.location] {
                let make = ["init", world.repository, "--unsafe-unencrypted"]
                try expect(try await world.publisher.runAll(make + store), 0)
            }
            try expect(try await world.publisher.runAll(["sign", "image", world.reference("1.0")] + both), 0)
            try expect(try await world.publisher.run("revoke", world.reference("1.0")), 0)
            let rest = try await world.publisher.runAll(["revoke", world.reference("1.0"), "-q"] + both)
            try expect(rest, 0)
            #expect(rest.text == "\(world.reference("1.0")) notary+\(world.server)\n")
            let again = try await world.publisher.runAll(["revoke", world.reference("1.0"), "--json"] + both)
            #expect(again.exitCode == Reason.unsignedTag.exitCode, "\(again)")
            for line in try again.objects { try Schema.check(line, "publish") }
        }
    }

    @Test func trustDataIsWrittenToANotaryServer() async throws {
        try await NotaryWorld.with { world in
            let image = try await world.push("1.0")
            try expect(try await world.publisher.run("init", world.repository, "--unsafe-unencrypted"), 0)
            try expect(try await world.publisher.run("sign", "image", world.reference("1.0")), 0)
            let command =
                ["notary", "export", world.repository, "--to", "notary+\(world.server)", "--unsafe-unencrypted"]
                + ["--ca-cert", world.services.certificates.certificate, "--json"]
            let written = try await world.publisher.runAll(command)
            try expect(written, 0)
            try Schema.check(try written.object, "publish")
            #expect(try await world.tags(world.notary()) == ["1.0": image.hex])
            #expect(try await world.tags(world.docker()) == ["1.0": image.hex])
            try expect(try await world.publisher.run("revoke", world.reference("1.0")), 0)
            try expect(try await world.publisher.runAll(command), 0)
            #expect(try await world.tags(world.notary("left")) == ["1.0": image.hex])
            // Where there are signers, what was signed before them is still in the targets.
            try await world.publish("signer", "add", world.repository, "alice", "--unsafe-unencrypted")
            let pruned = try await world.publisher.runAll(command + ["--prune"])
            try expect(pruned, 0)
            #expect(pruned.errorText.contains("taken out, because the trust data does not list them: 1.0"))
            #expect(try await world.tags(world.notary("pruned")).isEmpty)
            #expect(try await world.tags(world.docker("pruned-docker")).isEmpty)
        }
    }

    @Test func deletedCollectionsAreMissed() async throws {
        try await NotaryWorld.with { world in
            try await world.signed("1.0")
            try await world.verify("1.0")
            try await expectRefusal(
                world.publisher,
                ["notary", "delete", world.repository] + world.location,
                .usage,
                schema: "notary"
            )
            try await world.publish("notary", "delete", world.repository, "--yes")
            try await world.refuse("1.0", .trustDataMissing)
        }
    }
}
