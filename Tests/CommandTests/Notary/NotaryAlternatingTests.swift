import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// One collection, begun by notary, that several programs write in turn with notary's own keys.
@Suite(.timeLimit(.minutes(4))) struct NotaryAlternatingTests {
    @Test func allReadersAgreeAfterEveryWriter() async throws {
        try await NotaryWorld.with { world in
            let image = try await world.push("one", "two", "three")
            let docker = try world.docker()
            let notary = try world.notary("docker/trust")
            let reader = try world.notary("reader")
            let manifest = try world.directory.write(try world.images.blob(image.digest), to: "signed")
            let repository = world.repository
            // The snapshot's key stays with the client.
            try await notary.succeed("init", repository)
            try await notary.succeed("add", repository, "zero", manifest, "-p")
            let command = ["verify", world.reference("zero"), "--trust-on-first-use"]
            #expect(try await world.run(world.consumer, command).exitCode == Reason.tagMissing.exitCode)
            // The publisher has no keys but notary's.
            let keys = ["--key-store", "docker:\(notary.trustDirectory)"]
            try await world.succeed(world.publisher, ["list", repository, "--trust-on-first-use"])

            var expected = ["zero": image.hex]
            func sign(_ tag: String) async throws {
                try await world.succeed(world.publisher, ["sign", "image", world.reference(tag)] + keys)
                expected[tag] = image.hex
            }
            func revoke(_ tag: String) async throws {
                try await world.succeed(world.publisher, ["revoke", world.reference(tag)] + keys)
                expected[tag] = nil
            }
            func add(_ tag: String) async throws {
                try await notary.succeed("add", repository, tag, manifest, "-p")
                expected[tag] = image.hex
            }
            func remove(_ tag: String) async throws {
                try await notary.succeed("remove", repository, tag, "-p")
                expected[tag] = nil
            }
            func dockerSigns(_ tag: String) async throws {
                try await docker.succeed("sign", world.reference(tag))
            }
            func dockerRevokes(_ tag: String) async throws {
                try await docker.succeed("revoke", world.reference(tag))
                expected[tag] = nil
            }
            let steps: [() async throws -> Void] = [
                { try await sign("one") }, { try await add("two") }, { try await dockerSigns("one") },
                { try await revoke("zero") }, { try await dockerRevokes("two") }, { try await sign("three") },
                { try await remove("one") }, { try await sign("two") }, { try await dockerRevokes("three") },
                { try await add("one") }, { try await dockerSigns("two") }, { try await sign("three") },
            ]
            for (number, step) in steps.enumerated() {
                try await step()
                async let first = world.tags(reader)
                async let second = world.tags(docker)
                async let third = world.tags(world.consumer)
                let all = try await [first, second, third]
                #expect(all == [expected, expected, expected], "after step \(number)")
            }
            // Nobody has left the keys' place.
            #expect(try await world.publisher.run("key", "list").text == "")
            #expect(try await world.signedPart(of: "root.json")["version"] == 1)
        }
    }

    /// What trustctl has begun, notary and docker continue with its keys.
    @Test func notaryAndDockerContinueWithTrustctlsKeys() async throws {
        try await NotaryWorld.with { world in
            let image = try await world.push("one", "two")
            let docker = try world.docker()
            let notary = try world.notary("docker/trust")
            let keys = ["--key-store", "docker:\(notary.trustDirectory)"]
            for (role, repository) in [("root", nil), ("targets", world.repository)] as [(String, String?)] {
                let scope = repository.map { ["--repository", $0] } ?? []
                let make = ["key", "generate", "--role", role, "--into", "docker:\(notary.trustDirectory)"]
                try expect(try await world.publisher.runAll(make + scope), 0)
            }
            let made = try await world.succeed(world.publisher, ["init", world.repository, "--json"] + keys).object
            #expect(made["createdKeys"] == [])
            try await world.pin(made)
            try await world.succeed(world.publisher, ["sign", "image", world.reference("one")] + keys)
            let manifest = try world.directory.write(try world.images.blob(image.digest), to: "signed")
            try await notary.succeed("add", world.repository, "two", manifest, "-p")
            try await docker.succeed("revoke", world.reference("one"))
            try await world.verify("two")
            try await world.refuse("one", .unsignedTag)
            try await world.succeed(world.publisher, ["sign", "image", world.reference("one")] + keys)
            #expect(try await world.tags(docker) == ["one": image.hex, "two": image.hex])
        }
    }
}
