import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// The ways through the program that everybody takes, on docker-registry.
@Suite(.timeLimit(.minutes(8))) struct JourneyTests {
    @Test func allTagsOfABuildGetItsDigest() async throws {
        try await World.with { world in
            let image = try await world.push("1.4")
            try await world.pin(try await world.initialize())
            let tags = world.registry.tagsDirectory("team/app")
            for tag in ["1", "latest"] { try Files.copy("\(tags)/1.4", to: "\(tags)/\(tag)") }
            let references = ["1.4", "1", "latest"].map(world.reference)
            let metadata = #"{"containerimage.digest": "\#(image.digest)", "image.name": "app"}"#

            let signed = try await world.publisher.runAll(
                ["sign", "image"] + references + ["--digest-file", "-"],
                input: .bytes(Array(metadata.utf8))
            )
            try expect(signed, 0)
            #expect(signed.text == references.map { "\($0)@\(image.digest)\n" }.joined())
            #expect(!signed.errorText.contains("the registry is asked for digests"))
            try expect(try await world.consumer.runAll(["verify"] + references), 0)

            // One tag of another build, and nothing is published.
            try await world.push("1.3", "another")
            let all = references + [world.reference("1.3")]
            let refused = try await world.publisher.runAll(["sign", "image"] + all + ["--digest", image.digest])
            try expect(refused, Reason.tagMoved.exitCode)
            #expect(refused.errorText.contains("1.3"))
            try expect(
                try await world.consumer.run("verify", world.reference("1.3")),
                Reason.unsignedTag.exitCode
            )
        }
    }

    @Test func fromInitToVerify() async throws {
        try await World.with { world in
            let image = try await world.push("1.4")
            let made = try await world.publisher.runAll(["init", world.repository])
            try expect(made, 0)
            #expect(made.line.hasPrefix("trustctl pin add \(world.repository) --root-key "))
            #expect(made.errorText.contains("root key "))
            #expect(made.errorText.contains("trustctl refresh \(world.repository)"))

            let digestFile = try world.directory.write(image.digest + "\n", to: "digest")
            let reference = world.reference("1.4")
            let signed = try await world.publisher.run("sign", "image", reference, "--digest-file", digestFile)
            try expect(signed, 0)
            #expect(signed.line == "\(reference)@\(image.digest)")
            #expect(!signed.errorText.contains("the registry is asked for digests"))
            #expect(signed.errorText.contains("expires first"))

            let pin = made.line.split(separator: " ").dropFirst().map(String.init)
            try expect(try await world.consumer.runAll(pin), 0)
            for command in ["verify", "resolve"] {
                let answer = try await world.consumer.run(command, reference)
                try expect(answer, 0)
                #expect(answer.text == "\(world.repository)@\(image.digest)\n")
                #expect(answer.errorText.hasPrefix("trusted \(reference): \(image.digest)"))
                #expect(answer.errorText.split(separator: "\n").count == 1)
            }
            let listed = try await world.consumer.run("list", world.repository)
            try expect(listed, 0)
            #expect(listed.text.contains("1.4  \(image.digest)"))
        }
    }

    @Test func signingWhatIsSignedChangesNothingAndSaysSo() async throws {
        try await World.with { world in
            let image = try await world.signed()
            let before = try await world.publisher.run("inspect", world.repository, "--json")
            let again = try await world.publisher.run("sign", "image", world.reference("1.0"), "--json")
            try expect(again, 0)
            #expect(again.errorText.contains("the registry is asked for digests"))
            #expect(again.errorText.contains("unchanged"))
            let object = try again.object
            try Schema.check(object, "publish")
            #expect(object["changed"] == false)
            #expect(object["tags"]?.array?.first?["outcome"] == "unchanged")
            #expect(object["tags"]?.array?.first?["digest"] == .string(image.digest))
            let after = try await world.publisher.run("inspect", world.repository, "--json")
            #expect(try before.object["roles"] == after.object["roles"])
        }
    }

    @Test func jsonOutputIsAsItsSchemasSay() async throws {
        try await World.with { world in
            let image = try await world.push("1.0")
            let made = try await world.initialize()
            try Schema.check(made, "init")
            #expect(made["createdKeys"]?.array?.count == 4)
            #expect(made["exitCode"] == 0)

            let signed = try await world.publisher.run("sign", "image", world.reference("1.0"), "--json").object
            try Schema.check(signed, "publish")
            #expect(signed["tags"]?.array?.first?["outcome"] == "added")
            let refreshed = try await world.publisher.run("refresh", world.repository, "--json").object
            try Schema.check(refreshed, "publish")
            #expect(refreshed["signedRoles"] == ["timestamp"])

            let inspected = try await world.publisher.run("inspect", world.reference("1.0"), "--json").object
            try Schema.check(inspected, "inspect")
            for role in ["root", "targets", "snapshot", "timestamp"] {
                let summary = try #require(inspected["roles"]?[role])
                #expect(summary["threshold"] == 1)
                #expect(summary["keyIDs"] == made["roles"]?[role]?["keyIDs"])
                #expect(summary["version"]?.integer != nil)
                #expect(summary["expires"]?.string?.hasSuffix("Z") == true)
            }
            #expect(inspected["tag"]?["digest"] == .string(image.digest))
            let listed = try await world.publisher.run("list", world.repository, "--json").object
            try Schema.check(listed, "list")
            #expect(listed["tags"]?.array?.count == 1)

            for command in ["verify", "resolve"] {
                let answer = try await world.publisher.run(command, world.reference("1.0"), "--json").object
                try Schema.check(answer, "verify")
                #expect(answer["image"] == .string("\(world.repository)@\(image.digest)"))
                #expect(answer["reason"] == "trusted")
            }
            let byDigest = try await world.publisher.run("verify", "\(world.repository)@\(image.digest)", "--json")
                .object
            try Schema.check(byDigest, "verify")
            #expect(byDigest["tags"] == ["1.0"])

            let keys = try await world.publisher.run("key", "list", "--json").objects
            #expect(keys.count == 4)
            for key in keys { try Schema.check(key, "key") }
            for pin in try await world.publisher.run("pin", "list", "--json").objects { try Schema.check(pin, "pin") }

            let revoked = try await world.publisher.run("revoke", world.reference("1.0"), "--json").object
            try Schema.check(revoked, "publish")
            #expect(revoked["tags"]?.array?.first?["outcome"] == "revoked")
            #expect(revoked["tags"]?.array?.first?["previous"] == .string(image.digest))
        }
    }

    @Test func aRevokedTagIsRefusedAndAnUnsignedOneIsNotRevoked() async throws {
        try await World.with { world in
            try await world.signed()
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            let revoked = try await world.publisher.run("revoke", world.reference("1.0"))
            try expect(revoked, 0)
            #expect(revoked.line == world.reference("1.0"))
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .unsignedTag)
            try await expectRefusal(world.consumer, ["resolve", world.reference("1.0")], .unsignedTag)
            let again = try await world.publisher.run("revoke", world.reference("1.0"))
            #expect(again.exitCode == 11)
            #expect(again.errorText.contains("absent"))
        }
    }

    @Test func severalReferencesAreAllTrustedOrNoneIsPrinted() async throws {
        try await World.with { world in
            let one = try await world.push("1", "one")
            let two = try await world.push("2", "two")
            try await world.push("3", "three")
            let made = try await world.initialize()
            let signed = try await world.publisher.run(
                "sign",
                "image",
                world.reference("1"),
                world.reference("2"),
                "--json"
            )
            try expect(signed, 0)
            #expect(try signed.object["signedRoles"] == ["targets", "snapshot", "timestamp"])
            #expect(try signed.object["roles"]?["targets"]?["version"] == 2)
            try await world.pin(made)

            let both = try await world.consumer.run("verify", world.reference("2"), world.reference("1"))
            try expect(both, 0)
            #expect(both.text == "\(world.repository)@\(two.digest)\n\(world.repository)@\(one.digest)\n")

            // The first refusal, in the order of the command line, gives the exit status.
            let references = ["1", "none", "3", "2"].map(world.reference)
            let mixed = try await world.consumer.runAll(["verify"] + references)
            try expect(mixed, 11)
            #expect(mixed.text == "")
            #expect(mixed.errorText.contains("trusted \(world.reference("1"))"))
            #expect(mixed.errorText.contains("refused \(world.reference("none"))"))
            #expect(mixed.errorText.contains("refused \(world.reference("3"))"))
            let objects = try await world.consumer.runAll(["verify", "--json"] + references).objects
            #expect(objects.map { $0["reason"]?.string } == ["trusted", "unsigned-tag", "unsigned-tag", "trusted"])
            #expect(objects.map { $0["reference"]?.string } == references)
            for object in objects { try Schema.check(object, "verify") }
        }
    }

    @Test func demandsTheDigestOfAReferenceAndFindsTagsByDigest() async throws {
        try await World.with { world in
            let image = try await world.signed()
            let other = "sha256:" + String(repeating: "0", count: 64)
            let reference = world.reference("1.0")
            try expect(try await world.consumer.run("verify", "\(reference)@\(image.digest)"), 0)
            try await expectRefusal(world.consumer, ["verify", "\(reference)@\(other)"], .tagMoved)
            let found = try await world.consumer.run("verify", "\(world.repository)@\(image.digest)")
            try expect(found, 0)
            #expect(found.text == "\(world.repository)@\(image.digest)\n")
            #expect(found.errorText.contains("signed as 1.0"))
            try await expectRefusal(world.consumer, ["verify", "\(world.repository)@\(other)"], .unsignedTag)
        }
    }

    @Test func followsTheSignedIndexToAPlatform() async throws {
        try await World.with { world in
            let index = try await world.images.makeMultiArchitectureImage("multi")
            try await Skopeo(world.registry).push(world.images, "multi", to: "team/app:multi")
            let made = try await world.initialize()
            try await world.sign("multi")
            try await world.pin(made)
            let child = try world.images.entry("multi-arm64")
            let answer = try await world.consumer.run(
                "verify",
                world.reference("multi"),
                "--platform",
                "linux/arm64",
                "--json"
            )
            try expect(answer, 0)
            let object = try answer.object
            try Schema.check(object, "verify")
            #expect(object["digest"] == .string(child.digest))
            #expect(object["index"] == .string(index.digest))
            #expect(object["platform"] == "linux/arm64")
            let plain = try await world.consumer.run("verify", world.reference("multi"), "--platform", "linux/arm64")
            #expect(plain.text == "\(world.repository)@\(child.digest)\n")
            #expect(plain.errorText.contains("covered by the signed index \(index.digest)"))
            let whole = try await world.consumer.run("verify", world.reference("multi"))
            #expect(whole.text == "\(world.repository)@\(index.digest)\n")

            let arguments = ["verify", world.reference("multi"), "--platform"]
            try await expectRefusal(world.consumer, arguments + ["linux/s390x"], .platformMissing)
            let wrong = try await world.consumer.runAll(arguments + ["linux"])
            try expect(wrong, 64)
        }
    }

    @Test func signsArtifactsThatAreNoImages() async throws {
        try await World.with { world in
            let report = try await world.images.makeArtifact("report")
            try await Skopeo(world.registry).push(world.images, "report", to: "team/app:report")
            let made = try await world.initialize()
            try await world.sign("report")
            try await world.pin(made)
            let answer = try await world.consumer.run("verify", world.reference("report"))
            #expect(answer.text == "\(world.repository)@\(report.digest)\n")
        }
    }

    @Test func anImageAtHandIsComparedWithAllItsBlobs() async throws {
        try await World.with { world in
            let image = try await world.signed()
            let reference = world.reference("1.0")
            let layout = "oci:\(world.images.path):1.0"
            let good = try await world.consumer.run("verify", reference, "--image", layout)
            try expect(good, 0)
            #expect(good.text == "\(world.repository)@\(image.digest)\n")

            let archive = world.directory.file("image.tar")
            try await runSuccessfully(Command("tar", ["-C", world.images.path, "-cf", archive, "."]))
            try expect(try await world.consumer.run("verify", reference, "--image", "oci-archive:\(archive):1.0"), 0)

            try await world.images.makeImage("other", layers: ["another"])
            try await expectRefusal(
                world.consumer,
                ["verify", reference, "--image", "oci:\(world.images.path):other"],
                .tagMoved
            )
            // One byte of a layer.
            let manifest = try JSONValue(parsing: try world.images.blob(image.digest))
            let layer = try #require(manifest["layers"]?.array?.first?["digest"]?.string)
            let file = "\(world.images.path)/blobs/sha256/\(layer.dropFirst("sha256:".utf8.count))"
            var bytes = try Files.read(file)
            bytes[bytes.count / 2] ^= 1
            try Files.write(bytes, to: file)
            try await expectRefusal(world.consumer, ["verify", reference, "--image", layout], .badSignature)
            try Files.remove(file)
            try await expectRefusal(world.consumer, ["verify", reference, "--image", layout], .badSignature)
        }
    }

    @Test func answersOffLineFromWhatWasSeen() async throws {
        try await World.with { world in
            let image = try await world.signed()
            let reference = world.reference("1.0")
            try await expectRefusal(world.consumer, ["verify", "--offline", reference], .unreachable)
            try expect(try await world.consumer.run("verify", reference), 0)
            await world.registry.stop()
            let answer = try await world.consumer.run("verify", "--offline", reference, "--max-staleness", "1h")
            try expect(answer, 0)
            #expect(answer.text == "\(world.repository)@\(image.digest)\n")
            try await expectRefusal(world.consumer, ["verify", "--offline", world.reference("2")], .unsignedTag)
            try await expectRefusal(world.consumer, ["verify", reference], .unreachable)
        }
    }

    @Test func localLayoutsAreSignedAndVerifiedWhereverTheyAre() async throws {
        let directory = try TemporaryDirectory()
        let images = try await TestImages()
        let image = try await images.makeImage("1.0")
        let publisher = try Trustctl(in: directory)
        let layout = "oci:\(images.path)"
        try expect(
            try await publisher.run("init", layout, "--name", "registry.example.com/team/app", "--unsafe-unencrypted"),
            0
        )
        let signed = try await publisher.run("sign", "image", "\(layout):1.0")
        try expect(signed, 0)
        #expect(signed.line == "\(layout):1.0@\(image.digest)")
        try expect(try await publisher.run("verify", "\(layout):1.0"), 0)

        let moved = directory.file("moved")
        try Files.copy(images.path, to: moved)
        let answer = try await publisher.run("verify", "oci:\(moved):1.0", "--name", "registry.example.com/team/app")
        try expect(answer, 0)
        try await expectRefusal(
            publisher,
            ["verify", "oci:\(moved):1.0", "--name", "registry.example.com/team/other"],
            .noPin
        )
        let stranger = try publisher.withHome(directory, "stranger")
        try await expectRefusal(stranger, ["verify", "\(layout):1.0"], .noPin)
    }

    @Test func trustDataCanLieElsewhere() async throws {
        try await World.with { world in
            let image = try await world.push("1.0")
            let elsewhere = "\(world.registry.address)/team/trust"
            let folder = "dir:\(world.directory.file("store"))"
            for option in [["--trust-repository", elsewhere], ["--store", folder]] {
                let publisher = try world.stranger()
                let made = try await publisher.runAll(
                    ["init", world.repository, "--unsafe-unencrypted", "--json"] + option
                )
                try expect(made, 0)
                try expect(try await publisher.runAll(["sign", "image", world.reference("1.0")] + option), 0)
                let consumer = try world.stranger()
                try await world.pin(try made.object, in: consumer)
                let answer = try await consumer.runAll(["verify", world.reference("1.0")] + option)
                try expect(answer, 0)
                #expect(answer.text == "\(world.repository)@\(image.digest)\n")
            }
            #expect(try await Skopeo(world.registry).tags("team/app") == ["1.0"])
        }
    }

    @Test func signWithInitMakesTheKeys() async throws {
        try await World.with { world in
            let image = try await world.push("1.0")
            try await expectRefusal(
                world.publisher,
                ["sign", "image", world.reference("1.0")],
                .unsignedRepository,
                schema: "publish"
            )
            let signed = try await world.publisher.run("sign", "image", world.reference("1.0"), "--init")
            try expect(signed, 0)
            #expect(signed.line == "\(world.reference("1.0"))@\(image.digest)")
            #expect(signed.errorText.contains("trustctl pin add"))
            try expect(try await world.publisher.run("verify", world.reference("1.0")), 0)
        }
    }

    @Test func oneRootKeyServesManyRepositories() async throws {
        try await World.with { world in
            let first = try await world.initialize()
            let other = "\(world.registry.address)/team/other"
            let second = try await world.publisher.run("init", other, "--unsafe-unencrypted", "--json").object
            #expect(first["roles"]?["root"]?["keyIDs"] == second["roles"]?["root"]?["keyIDs"])
            for role in ["targets", "snapshot", "timestamp"] {
                #expect(first["roles"]?[role]?["keyIDs"] != second["roles"]?[role]?["keyIDs"])
            }
            let third = try await world.publisher.run(
                "init",
                "\(world.registry.address)/team/third",
                "--unsafe-unencrypted",
                "--new-root-key",
                "--json"
            ).object
            #expect(first["roles"]?["root"]?["keyIDs"] != third["roles"]?["root"]?["keyIDs"])
        }
    }

    @Test(arguments: ["ed25519", "ecdsa-p384", "rsa-3072"])
    func otherAlgorithmsSignAsWell(type: String) async throws {
        try await World.with { world in
            try await world.push("1.0")
            let made = try await world.initialize("--key-type", type)
            try await world.sign("1.0")
            try await world.pin(made)
            try expect(try await world.consumer.run("verify", world.reference("1.0")), 0)
            let types = try await world.publisher.run("key", "list", "--json").objects.map { $0["algorithm"] }
            #expect(types == Array(repeating: .string(type), count: 4))
        }
    }
}
