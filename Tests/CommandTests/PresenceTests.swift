import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// What is not there, or not what was signed.
@Suite(.timeLimit(.minutes(8))) struct PresenceTests {
    @Test func unknownRepository() async throws {
        try await World.with { world in
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .unsignedRepository)
            // Images alone do not make a signed repository.
            try await world.push("1.0")
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .unsignedRepository)
            for command in ["list", "inspect", "refresh"] {
                try await expectRefusal(
                    world.consumer,
                    [command, world.repository],
                    .unsignedRepository,
                    schema: command == "refresh" ? "publish" : command
                )
            }
        }
    }

    @Test func unsignedTag() async throws {
        try await World.with { world in
            try await world.signed()
            try await world.push("1.1")
            try await expectRefusal(world.consumer, ["verify", world.reference("1.1")], .unsignedTag)
            try await expectRefusal(world.consumer, ["resolve", world.reference("1.1")], .unsignedTag)
        }
    }

    @Test func tagMovedToAnotherImage() async throws {
        try await World.with { world in
            let image = try await world.signed()
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            try await world.push("evil", "evil")
            try await Skopeo(world.registry).copy("team/app:evil", to: "team/app:1.0")
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .tagMoved)
            // What was signed can still be had by digest.
            let resolved = try await world.consumer.run("resolve", world.reference("1.0"))
            #expect(resolved.text == "\(world.repository)@\(image.digest)\n")
            // Signing what the build wrote notices it as well, and publishes nothing.
            let before = try await world.publisher.run("inspect", world.repository, "--json").object
            try await expectRefusal(
                world.publisher,
                ["sign", "image", world.reference("1.0"), "--digest", image.digest],
                .tagMoved,
                schema: "publish"
            )
            let after = try await world.publisher.run("inspect", world.repository, "--json").object
            #expect(before["roles"] == after["roles"])
        }
    }

    @Test func signedTagGoneFromTheRegistry() async throws {
        try await World.with { world in
            let image = try await world.signed()
            try Files.remove("\(world.registry.tagsDirectory("team/app"))/1.0")
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .tagMissing)
            let resolved = try await world.consumer.run("resolve", world.reference("1.0"))
            #expect(resolved.text == "\(world.repository)@\(image.digest)\n")
            try await expectRefusal(
                world.publisher,
                ["sign", "image", world.reference("none")],
                .tagMissing,
                schema: "publish"
            )
        }
    }

    @Test func trustDataGoneFromTheRegistry() async throws {
        try await World.with { world in
            try await world.signed()
            let backup = try world.registry.backUp()
            let tags = world.registry.tagsDirectory("team/app")
            for tag in try Files.names(in: tags) where tag.hasPrefix("trust-data") {
                try Files.remove("\(tags)/\(tag)")
            }
            // Pinned, never seen; then somebody who knows nothing; then pinned and seen.
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .trustDataMissing)
            try await expectRefusal(try world.stranger(), ["verify", world.reference("1.0")], .unsignedRepository)
            try world.registry.restore(backup)
            try await world.registry.restart()
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            try Files.remove(world.registry.storage)
            try await world.registry.restart()
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .trustDataMissing)
            // The publisher puts it back.
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .tagMissing)
        }
    }

    @Test func initRefusesWhatIsThere() async throws {
        try await World.with { world in
            try await world.signed()
            try await expectRefusal(world.publisher, ["init", world.repository], .usage, schema: "init")
            try await expectRefusal(try world.stranger(), ["init", world.repository], .usage, schema: "init")
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            // A tag of that name that holds something else.
            try await world.images.makeImage("trust-data")
            try await Skopeo(world.registry).push(world.images, "trust-data", to: "team/taken:trust-data")
            try await expectRefusal(
                try world.stranger(),
                ["init", "\(world.registry.address)/team/taken"],
                .usage,
                schema: "init"
            )
            #expect(
                try await Skopeo(world.registry).digest("team/taken:trust-data")
                    == world.images.entry("trust-data").digest
            )
        }
    }

    @Test func tagsOfTrustDataAreNoImages() async throws {
        try await World.with { world in
            try await world.signed()
            for tag in ["trust-data", "trust-data.00", "trust-data.x"] {
                let reference = world.reference(tag)
                for arguments in [
                    ["verify", reference], ["resolve", reference], ["sign", "image", reference], ["revoke", reference],
                ] {
                    let answer = try await world.publisher.runAll(arguments)
                    try expect(answer, 64)
                }
            }
            // The names of layouts are used the same way.
            for command in ["verify", "resolve", "revoke"] {
                let answer = try await world.publisher.run(command, "oci:\(world.images.path):trust-data")
                try expect(answer, 64)
            }
        }
    }

    @Test func anotherMediaTypeThanSigned() async throws {
        try await World.with(fronted: true) { world in
            try await world.signed()
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            world.front?.change { request, answer in
                guard request.path.hasSuffix("/manifests/1.0") else { return }
                answer.set("Content-Type", to: "application/vnd.oci.image.index.v1+json")
            }
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .badSignature)
            world.front?.change(nil)
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
        }
    }

    @Test func manifestBytesThatDoNotHash() async throws {
        try await World.with(fronted: true) { world in
            try await world.images.makeMultiArchitectureImage("multi")
            try await Skopeo(world.registry).push(world.images, "multi", to: "team/app:multi")
            let made = try await world.initialize()
            try await world.sign("multi")
            try await world.pin(made)
            let verify = ["verify", world.reference("multi"), "--platform", "linux/arm64"]
            try expect(try await world.consumer.runAll(verify), 0)
            let index = try world.images.entry("multi").digest
            world.front?.change { request, answer in
                guard request.path.hasSuffix("/manifests/\(index)"), !answer.body.isEmpty else { return }
                answer.body[answer.body.count / 2] ^= 1
            }
            try await expectRefusal(world.consumer, verify, .badSignature)
            try await world.push("2.0", "two")
            let digest = try world.images.entry("2.0").digest
            world.front?.change { request, answer in
                guard request.path.hasSuffix("/manifests/\(digest)"), !answer.body.isEmpty else { return }
                answer.body.removeLast()
            }
            try await expectRefusal(
                world.publisher,
                ["sign", "image", world.reference("2.0")],
                .badSignature,
                schema: "publish"
            )
        }
    }
}
