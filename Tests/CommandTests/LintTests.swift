import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// `trustctl lint`, and policies that demand signatures of other tools: with images that are signed as cosign does, in a real
/// registry, which lists no referrers.
@Suite(.timeLimit(.minutes(4))) struct LintTests {
    private static func key(_ name: String = "p256") throws -> [String] {
        ["--key", try Files.fixture("keys/\(name).pub.pem")]
    }

    /// Runs it with `--json`, and holds what it says against the schema and its exit status.
    private static func lint(
        _ trustctl: Trustctl,
        _ arguments: [String],
        _ reason: Reason,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        let output = try await trustctl.runAll(["lint", "--json"] + arguments)
        try expect(output, reason.exitCode, sourceLocation: sourceLocation)
        let object = try output.object
        try Schema.check(object, "lint")
        #expect(object["reason"]?.string == reason.code, sourceLocation: sourceLocation)
        return object
    }

    /// `tool state` of each finding.
    private static func states(_ object: JSONValue) -> [String] {
        (object["findings"]?.array ?? []).map { "\($0["tool"]?.string ?? "") \($0["state"]?.string ?? "")" }
    }

    @Test func signaturesOfCosignAreSeen() async throws {
        try await World.with { world in
            let image = try await world.push("plain")
            let plain = world.reference("plain")
            let nothing = try await Self.lint(world.consumer, [plain], .unsignedRepository)
            #expect(
                Self.states(nothing) == [
                    "trustctl unsigned", "notary-v1 not-asked", "cosign unsigned", "notation unsigned",
                ]
            )
            try await Skopeo(world.registry).copy("team/app:plain", to: "team/app:1.0")
            try await world.cosign(image.digest, as: world.reference("1.0"))
            let reference = world.reference("1.0")
            let unchecked = try await Self.lint(world.consumer, [reference], .noPin)
            #expect(Self.states(unchecked).contains("cosign unchecked"))
            let valid = try await Self.lint(world.consumer, [reference] + (try Self.key()), .trusted)
            let finding = try #require(valid["findings"]?.array?.first { $0["tool"] == "cosign" })
            #expect(finding["state"] == "valid")
            #expect(finding["place"]?.string == "tag sha256-\(image.digest.dropFirst(7)).sig, layer 0")
            #expect(finding["signer"]?.string?.contains("p256.pub.pem (sha256:") == true)
            #expect(finding["claimedReference"]?.string?.hasSuffix("/team/app:1.0") == true)
            _ = try await Self.lint(
                world.consumer,
                ["\(world.repository)@\(image.digest)"] + (try Self.key()),
                .trusted
            )
            let other = try await Self.lint(world.consumer, [reference] + (try Self.key("p384")), .badSignature)
            #expect(Self.states(other).contains("cosign invalid"))
            // Somebody else's signature beside a good one is no defect.
            _ = try await Self.lint(world.consumer, [reference] + (try Self.key("p384")) + (try Self.key()), .trusted)
            // People read a table.
            let table = try await world.consumer.runAll(["lint", reference] + (try Self.key()))
            try expect(table, 0)
            #expect(table.text.hasPrefix("TOOL "))
            #expect(table.text.contains("\ncosign     valid "), "\(table)")

            // The tag moves: what was signed is still signed, and what is served is not.
            let moved = try await world.push("1.0", "other")
            let unsigned = try await Self.lint(world.consumer, [reference] + (try Self.key()), .unsignedRepository)
            #expect(unsigned["digest"]?.string == moved.digest)
            #expect(Self.states(unsigned).contains("cosign unsigned"))
            // Its signature under the tag of another image is none of that.
            try await Skopeo(world.registry).copy(
                "team/app:sha256-\(image.digest.dropFirst(7)).sig",
                to: "team/app:sha256-\(moved.digest.dropFirst(7)).sig"
            )
            let copied = try await Self.lint(world.consumer, [reference] + (try Self.key()), .badSignature)
            let wrong = try #require(copied["findings"]?.array?.first { $0["tool"] == "cosign" })
            #expect(wrong["why"]?.string == "it signs \(image.digest)")
        }
    }

    @Test func trustDataIsOneOfThem() async throws {
        try await World.with { world in
            let image = try await world.signed()
            let reference = world.reference("1.0")
            let both = try await Self.lint(world.consumer, [reference], .trusted)
            #expect(
                Self.states(both) == ["trustctl valid", "notary-v1 not-asked", "cosign unsigned", "notation unsigned"]
            )
            _ = try await Self.lint(try world.stranger(), [reference], .noPin)
            try await world.push("2.0", "two")
            _ = try await Self.lint(world.consumer, [world.reference("2.0")], .unsignedTag)
            // The signed digest has a signature of cosign, the one that is served has none.
            try await world.cosign(image.digest, as: reference)
            let moved = try await world.push("1.0", "other")
            let seen = try await Self.lint(world.consumer, [reference] + (try Self.key()), .tagMoved)
            let notes = seen["notes"]?.array ?? []
            #expect(notes.map { $0["code"]?.string } == ["tag-moved", "other-digest-signed"])
            #expect(notes.last?["text"] == "cosign has signatures of the signed digest alone")
            #expect(notes.last?["digests"] == [.string(image.digest)])
            #expect(seen["digest"]?.string == moved.digest)
        }
    }

    @Test func childrenOfASignedIndex() async throws {
        try await World.with { world in
            let index = try await world.images.makeMultiArchitectureImage("multi")
            try await Skopeo(world.registry).push(world.images, "multi", to: "team/app:multi")
            try await world.cosign(index.digest, as: world.repository)
            let seen = try await Self.lint(world.consumer, [world.reference("multi")] + (try Self.key()), .trusted)
            let note = try #require(seen["notes"]?.array?.first)
            #expect(note["code"] == "children-unsigned")
            #expect(note["tool"] == "cosign")
            #expect(note["digests"]?.array?.count == 2)
            let text = try #require(note["text"]?.string)
            #expect(text.hasSuffix("2 of its 2 images not: linux/amd64, linux/arm64/v8"), "\(text)")
            let child = try #require(note["digests"]?.array?.first?.string)
            _ = try await Self.lint(
                world.consumer,
                ["\(world.repository)@\(child)"] + (try Self.key()),
                .unsignedRepository
            )
        }
    }

    @Test func whatCannotBeLookedAtIsNotUnsigned() async throws {
        try await World.with { world in
            try await world.push("1.0")
            var closed = world.consumer
            closed.environment["DOCKER_CONTENT_TRUST_SERVER"] = "https://127.0.0.1:1"
            let object = try await Self.lint(closed, [world.reference("1.0")], .unreachable)
            #expect(Self.states(object).contains("notary-v1 unseen"))
            try await expectRefusal(world.consumer, ["lint", world.reference("absent")], .tagMissing, schema: "lint")
            try await expectRefusal(world.consumer, ["lint", "127.0.0.1:1/a:1"], .unreachable, schema: "lint")
            try await expectRefusal(world.consumer, ["lint", "oci:/x:1"], .usage, schema: "lint")
            let certificate = try Files.fixture("signatures/notation/root.pem")
            try await expectRefusal(
                world.consumer,
                ["lint", world.reference("1.0"), "--key", certificate],
                .usage,
                schema: "lint"
            )
            _ = try await Self.lint(
                world.consumer,
                [world.reference("1.0"), "--cert", certificate],
                .unsignedRepository
            )
        }
    }

    @Test func policiesDemandProofs() async throws {
        try await World.with { world in
            let image = try await world.push("1.0")
            let made = try await world.initialize()
            try await world.sign("1.0")
            let root = try #require(made["roles"]?["root"]?["keyIDs"]?.array?.first?.string)
            for (file, fixture) in [
                ("cosign.pub", "keys/p256.pub.pem"), ("other.pub", "keys/p384.pub.pem"),
                ("ca.pem", "signatures/notation/root.pem"),
            ] {
                try Files.copy(try Files.fixture(fixture), to: world.directory.file(file))
            }
            func policy(_ name: String, _ proofs: String) throws -> String {
                let text = #"""
                    {"version": 1, "rules": [{"repositories": ["\#(world.repository)"], "pins": [{"rootKeys": ["\#(root)"]}],
                     "proofs": [\#(proofs)]}]}
                    """#
                try Schema.check(try JSONValue(parsing: Array(text.utf8)), "policy")
                return try world.directory.write(Array(text.utf8), to: name)
            }
            let cosign = #"{"cosign": {"keys": ["other.pub", "cosign.pub"]}}"#
            let good = try policy("good.json", cosign)
            let verify = ["verify", world.reference("1.0"), "--policy"]
            try await expectRefusal(world.consumer, verify + [good], .policy)
            try await world.cosign(image.digest, as: world.reference("1.0"))
            let verified = try await world.consumer.runAll(verify + [good])
            try expect(verified, 0)
            #expect(verified.text == "\(world.repository)@\(image.digest)\n")
            try await expectRefusal(
                world.consumer,
                verify + [try policy("other.json", #"{"cosign": {"keys": ["other.pub"]}}"#)],
                .policy
            )
            let two = try policy("two.json", cosign + #", {"notation": {"certificates": ["ca.pem"]}}"#)
            try await expectRefusal(world.consumer, verify + [two], .policy)
            try await expectRefusal(world.consumer, verify + [good, "--offline"], .unreachable)
            // A proof replaces no trust data.
            try await Skopeo(world.registry).copy("team/app:1.0", to: "team/app:2.0")
            try await expectRefusal(world.consumer, ["verify", world.reference("2.0"), "--policy", good], .unsignedTag)

            let explained = try await world.consumer.run(
                "policy",
                "explain",
                world.repository,
                "--policy",
                two,
                "--json"
            )
            try expect(explained, 0)
            try Schema.check(try explained.object, "policy-output")
            #expect(try explained.object["proofs"]?.array?.count == 2)
            let contradiction = try world.directory.write(
                Array(
                    #"{"version": 1, "rules": [{"repositories": ["*"], "unsigned": "warn", "proofs": [\#(cosign)]}]}"#
                        .utf8
                ),
                to: "bad.json"
            )
            let refused = try await world.consumer.run("policy", "check", contradiction)
            try expect(refused, Reason.usage.exitCode)
            #expect(refused.errorText.contains("either proofs or unsigned"), "\(refused)")
            for (proofs, column) in [
                (#"{"cosign": {"keys": ["ca.pem"]}}"#, "no public key"), (#"{"cosign": {"keys": []}}"#, "an empty one"),
                (#"{"cosign": {}}"#, "nothing to check with"), (#"{"sigstore": {}}"#, "unknown key sigstore"),
                (#"{"notation": {"certificates": ["cosign.pub"]}}"#, "no PEM certificates"),
                (cosign + ", " + cosign, "the same proof"),
            ] {
                let text = #"{"version": 1, "rules": [{"repositories": ["*"], "proofs": [\#(proofs)]}]}"#
                let path = try world.directory.write(Array(text.utf8), to: "bad.json")
                let refused = try await world.consumer.run("policy", "check", path)
                try expect(refused, Reason.usage.exitCode)
                #expect(refused.errorText.contains(column), "\(refused)")
            }
        }
    }
}
