import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// Signers by docker's rules.
@Suite(.timeLimit(.minutes(4))) struct NotarySignerTests {
    /// A signer's key that docker has made: the program that has it, and the file with the public half.
    private func signer(_ name: String, _ world: NotaryWorld, place: String? = nil) async throws -> (
        docker: DockerTrust, publicKey: String
    ) {
        let docker = try world.docker(place ?? "docker-\(name)")
        let folder = try world.directory.makeDirectory("public-\(place ?? name)")
        try await docker.succeed("key", "generate", name, "--dir", folder)
        return (docker, "\(folder)/\(name).pub")
    }

    private func keys(_ docker: DockerTrust) -> [String] {
        ["--key-store", "docker:\(docker.configurationDirectory)/trust"]
    }

    @Test func aSignerThatIsAddedHereSignsWithDockersKey() async throws {
        try await NotaryWorld.with { world in
            let image = try await world.push("1.0", "2.0")
            let made = try await world.publish("init", world.repository, "--unsafe-unencrypted", "--json").object
            let (docker, publicKey) = try await signer("alice", world)
            let add = ["signer", "add", world.repository, "alice", "--key", publicKey, "--json"]
            try Schema.check(try await world.succeed(world.publisher, add).object, "publish")
            // Her machine has her key and nothing else.
            let alice = try world.home("alice")
            try await world.pin(made, in: alice)
            try await world.pin(made)
            let sign = ["sign", "image", world.reference("1.0"), "--json"] + keys(docker)
            let signed = try await world.succeed(alice, sign).object
            #expect(signed["signedRoles"] == ["targets/alice", "targets/releases"])
            let signatures = try await world.signatures(docker)
            #expect(signatures.mapValues(\.signers) == ["1.0": ["alice"]])
            #expect(signatures["1.0"]?.digest == image.hex)
            try await world.verify("1.0")

            let list = try await world.publish("signer", "list", world.repository, "--json").object
            try Schema.check(list, "signer")
            let names = list["signers"]?.array?.compactMap { $0["name"]?.string }
            #expect(names.map(Set.init) == ["targets/alice", "targets/releases"])

            // docker signs the tag again, and takes it away; she signs another one by name.
            try await docker.succeed("sign", world.reference("1.0"))
            try await docker.succeed("revoke", world.reference("1.0"))
            try await world.refuse("1.0", .unsignedTag)
            let byName = ["sign", "image", world.reference("2.0"), "--signer", "alice"]
            try await world.succeed(alice, byName + keys(docker))
            #expect(try await world.tags(docker) == ["2.0": image.hex])
            try await world.succeed(alice, ["revoke", world.reference("2.0")] + keys(docker))
            #expect(try await world.tags(docker) == [:])
            #expect(try await world.tags(world.consumer) == [:])

            // The publisher has none of the signers' keys.
            let refused = try await world.run(world.publisher, ["sign", "image", world.reference("1.0")])
            try expect(refused, Reason.keyUnavailable.exitCode)
        }
    }

    @Test func signersOfDockerAreSignersHere() async throws {
        try await NotaryWorld.with { world in
            let image = try await world.push("1.0")
            let (docker, publicKey) = try await signer("alice", world, place: "docker")
            let (_, other) = try await signer("bob", world)
            // docker makes the collection for its first signer.
            try await docker.succeed("signer", "add", "alice", world.repository, "--key", publicKey)
            try await world.succeed(world.publisher, ["list", world.repository, "--trust-on-first-use"])
            try await world.succeed(world.publisher, ["sign", "image", world.reference("1.0")] + keys(docker))
            #expect(try await world.signatures(docker).mapValues(\.signers) == ["1.0": ["alice"]])
            // Both add to what the other one has.
            try await world.succeed(
                world.publisher,
                ["signer", "add", world.repository, "bob", "--key", other] + keys(docker)
            )
            try await docker.succeed("signer", "add", "carol", world.repository, "--key", publicKey)
            let list = try await world.publish("signer", "list", world.repository, "--json").object
            let names = list["signers"]?.array?.compactMap { $0["name"]?.string } ?? []
            #expect(Set(names) == ["targets/alice", "targets/bob", "targets/carol", "targets/releases"])
            #expect(try await world.tags(world.publisher) == ["1.0": image.hex])
            #expect(try await world.tags(docker) == ["1.0": image.hex])
        }
    }

    /// Nobody can tell a removed signer's tags from others', and one of the same name begins where the last has ended.
    @Test(arguments: [true, false]) func aSignerIsRemovedAndComesBackWithAnotherKey(serverSigns: Bool) async throws {
        try await NotaryWorld.with { world in
            let image = try await world.push("1.0", "2.0")
            try await world.initialize()
            if !serverSigns {
                let rotate = ["key", "rotate", world.repository, "--role", "snapshot", "--no-server-managed"]
                try await world.succeed(world.publisher, rotate + ["--unsafe-unencrypted"])
            }
            let (docker, publicKey) = try await signer("alice", world)
            try await world.publish("signer", "add", world.repository, "alice", "--key", publicKey)
            for tag in ["1.0", "2.0"] {
                try await world.succeed(world.publisher, ["sign", "image", world.reference(tag)] + keys(docker))
            }
            try await world.verify("1.0")
            #expect(try await world.version(of: "targets/releases") == 2)

            try await world.publish("signer", "remove", world.repository, "alice")
            for tag in ["1.0", "2.0"] { try await world.refuse(tag, .unsignedTag) }
            #expect(try await world.tags(docker) == [:])
            let none = try await world.run(world.publisher, ["signer", "remove", world.repository, "alice"])
            try expect(none, 64)

            let (again, anotherKey) = try await signer("alice", world, place: "docker-again")
            try await world.publish("signer", "add", world.repository, "alice", "--key", anotherKey)
            #expect(try await world.tags(docker) == [:])
            // What the former key has signed counts no more, and what she says nobody knows yet.
            try await world.refuse("1.0", .badSignature)
            try await world.succeed(world.publisher, ["sign", "image", world.reference("2.0")] + keys(again))
            #expect(try await world.version(of: "targets/alice") == 3)
            let signatures = try await world.signatures(docker)
            #expect(signatures.mapValues(\.signers) == ["2.0": ["alice"]])
            #expect(signatures["2.0"]?.digest == image.hex)
            try await world.verify("2.0")
            try await world.refuse("1.0", .unsignedTag)
        }
    }

    /// Of several signers one goes: the others' tags stay, and no key signs what only that one had signed.
    @Test(arguments: ["alice", "bob"]) func theTagsOfTheOthersStay(last: String) async throws {
        try await NotaryWorld.with { world in
            let image = try await world.push("a", "b", "both")
            try await world.initialize()
            let publisher = world.publisher
            for name in ["alice", "bob"] {
                try await world.publish("signer", "add", world.repository, name, "--unsafe-unencrypted")
            }
            // Machines that have one of the keys.
            let (alice, bob) = (try world.copy(of: publisher, "alice"), try world.copy(of: publisher, "bob"))
            for (home, other) in [(alice, "bob"), (bob, "alice")] {
                for record in try await publisher.run("key", "list", "--json").objects
                where record["role"]?.string?.hasSuffix(other) == true {
                    let file = try #require(record["location"]?.string)
                    try Files.remove("\(home.home)/keys/\(try #require(file.split(separator: "/").last))")
                }
            }
            // The releases are signed by whoever has changed them last.
            let first = [(bob, "b"), (bob, "both"), (alice, "both"), (alice, "a")]
            let second = [(alice, "a"), (alice, "both"), (bob, "both"), (bob, "b")]
            for (home, tag) in last == "alice" ? first : second {
                try await world.succeed(home, ["sign", "image", world.reference(tag)])
            }
            let docker = try world.docker()
            let signers = try await world.signatures(docker).mapValues { Set($0.signers) }
            #expect(signers == ["a": ["alice"], "b": ["bob"], "both": ["alice", "bob"]])

            let keep = ["signer", "remove", world.repository, "alice", "--keep-tags"]
            try expect(try await world.run(publisher, keep), 64)
            // Somebody who has the targets key and that of the other signer.
            try await world.succeed(publisher, ["signer", "remove", world.repository, "alice"])
            let expected = ["b": image.hex, "both": image.hex]
            #expect(try await world.tags(world.consumer) == expected)
            #expect(try await world.signatures(docker).mapValues(\.signers) == ["b": ["bob"], "both": ["bob"]])
            try await world.refuse("a", .unsignedTag)
            try await world.succeed(bob, ["revoke", world.reference("both")])
            #expect(try await world.tags(docker) == ["b": image.hex])
        }
    }

    /// What was signed before there were signers is still in the targets, where readers find what the releases do not list.
    @Test func aTagIsTakenOutOfTheTargetsAndOfWhatSignersSign() async throws {
        try await NotaryWorld.with { world in
            try await world.signed("1.0")
            try await world.publish("signer", "add", world.repository, "alice", "--unsafe-unencrypted")
            try await world.publish("sign", "image", world.reference("1.0"))
            // A machine without the targets key.
            let alice = try world.copy(of: world.publisher, "alice")
            for record in try await world.publisher.run("key", "list", "--json").objects
            where record["role"] == "targets" {
                let file = try #require(record["location"]?.string)
                try Files.remove("\(alice.home)/keys/\(try #require(file.split(separator: "/").last))")
            }
            let refused = try await world.run(alice, ["revoke", world.reference("1.0")])
            try expect(refused, Reason.keyUnavailable.exitCode)
            #expect(refused.errorText.contains("the role targets, in which readers would still find it"))
            try await world.verify("1.0")
            let revoked = try await world.publish("revoke", world.reference("1.0"), "--json").object
            #expect(revoked["signedRoles"] == ["targets", "targets/alice", "targets/releases"])
            try await world.refuse("1.0", .unsignedTag)
            #expect(try await world.tags(try world.docker()) == [:])
            #expect(try await world.tags(try world.notary()) == [:])
        }
    }

    /// Scopes are Notary's: the beginning of tags.
    @Test func aSignerSignsTheTagsThatItMay() async throws {
        try await NotaryWorld.with { world in
            try await world.push("v1", "w1")
            try await world.initialize()
            let add = ["signer", "add", world.repository, "alice"]
            for pattern in ["v?", "*v", "v*w"] {
                try expect(try await world.run(world.publisher, add + ["--tag", pattern, "--unsafe-unencrypted"]), 64)
            }
            try await world.succeed(world.publisher, add + ["--tag", "v*", "--unsafe-unencrypted"])
            try await world.publish("sign", "image", world.reference("v1"))
            try await world.verify("v1")
            // The releases have her key too, and all tags: it is she who may not.
            let signed = try await world.run(world.publisher, ["sign", "image", world.reference("w1"), "--json"])
            try expect(signed, 0)
            #expect(try signed.object["signedRoles"] == ["targets/releases"])
            let byName = ["sign", "image", world.reference("w1"), "--signer", "alice"]
            try expect(try await world.run(world.publisher, byName), Reason.keyUnavailable.exitCode)
            let list = try await world.notary().succeed("delegation", "list", world.repository).text
            #expect(list.contains("targets/alice") && list.contains("targets/releases"), "\(list)")
        }
    }
}
