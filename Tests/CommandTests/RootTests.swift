import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// A change of the root that travels between machines.
@Suite(.timeLimit(.minutes(8))) struct RootTests {
    /// A second root key on a machine without network; from then on both have to sign.
    @Test func aProposalTravels() async throws {
        try await World.with { world in
            try await world.signed()
            let offline = try world.stranger()
            try expect(try await offline.run("key", "generate", "--role", "root", "--unsafe-unencrypted"), 0)
            let record = try #require(try await offline.run("key", "list", "--json").objects.first)
            let id = try #require(record["keyID"]?.string)
            let key = world.directory.file("new.pem")
            try expect(try await offline.run("key", "export", id, "--public-key", "--output", key), 0)

            let file = world.directory.file("proposal.json")
            let propose = [
                "root", "propose", world.repository, "--out", file, "--add-key", "root=\(key)", "--threshold", "root=2",
            ]
            let proposed = try await world.publisher.runAll(propose + ["--json"])
            try expect(proposed, 0)
            let object = try proposed.object
            try Schema.check(object, "root")
            #expect(object["isComplete"] == false)
            #expect(object["changes"]?.array?.contains(.string("root key \(id) (ecdsa-p256) is added")) == true)
            #expect(object["changes"]?.array?.contains("root needs 2 signatures instead of 1") == true)
            // A file that is there is not overwritten.
            try expect(try await world.publisher.runAll(propose), Reason.usage.exitCode)

            let early = try await world.publisher.run("root", "apply", world.repository, file)
            try expect(early, Reason.keyUnavailable.exitCode)
            try expect(try await world.consumer.run("root", "sign", file, "--yes"), Reason.keyUnavailable.exitCode)
            // Nobody is there to be asked.
            try expect(try await world.publisher.run("root", "sign", file), Reason.usage.exitCode)
            try expect(try await world.publisher.run("root", "sign", file, "--yes"), 0)
            try expect(
                try await world.publisher.run("root", "apply", world.repository, file),
                Reason.keyUnavailable.exitCode
            )
            let signed = try await offline.run("root", "sign", file, "--key", id, "--yes", "--json")
            try expect(signed, 0)
            try Schema.check(try signed.object, "root")
            #expect(try signed.object["isComplete"] == true)
            try expect(try await offline.run("root", "sign", file, "--yes"), Reason.usage.exitCode)

            let applied = try await world.publisher.run("root", "apply", world.repository, file, "--json")
            try expect(applied, 0)
            try Schema.check(try applied.object, "publish")
            #expect(try applied.object["signedRoles"] == ["root", "timestamp"])
            // Who has pinned the first root follows.
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            let roles = try await world.consumer.run("inspect", world.repository, "--json").object["roles"]
            #expect(roles?["root"]?["threshold"] == 2 && roles?["root"]?["version"] == 2)
        }
    }

    @Test func whatIsNoProposalIsRefused() async throws {
        try await World.with { world in
            try await world.initialize()
            let file = try world.directory.write(Array("{}".utf8), to: "proposal.json")
            try expect(try await world.publisher.run("root", "sign", file, "--yes"), Reason.badSignature.exitCode)
            try expect(
                try await world.publisher.run("root", "apply", world.repository, file),
                Reason.badSignature.exitCode
            )
            for wrong in ["root", "nobody=x", "root=0", "root=two"] {
                try expect(
                    try await world.publisher.run(
                        "root",
                        "propose",
                        world.repository,
                        "--out",
                        "\(file).new",
                        "--threshold",
                        wrong
                    ),
                    Reason.usage.exitCode
                )
            }
        }
    }
}
