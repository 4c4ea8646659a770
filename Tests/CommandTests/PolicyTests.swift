import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// Policies on the command line, with a real registry.
@Suite(.timeLimit(.minutes(4))) struct PolicyTests {
    private static func policy(_ world: World, _ rules: String) throws -> String {
        let text = #"{"version": 1, "rules": [\#(rules)]}"#
        return try world.directory.write(Array(text.utf8), to: "policy.json")
    }

    @Test func itsPinsAndSignersDecide() async throws {
        try await World.with { world in
            let image = try await world.push("1.0")
            let made = try await world.initialize()
            let root = try #require(made["roles"]?["root"]?["keyIDs"]?.array?.first?.string)
            for signer in ["alice", "bob"] {
                let add = ["signer", "add", world.repository, signer, "--tag", "*", "--unsafe-unencrypted"]
                try expect(try await world.publisher.runAll(add), 0)
            }
            let policy = try Self.policy(
                world,
                #"""
                {"repositories": ["\#(world.repository)"], "pins": [{"rootKeys": ["\#(root)"]}],
                 "signers": {"names": ["alice", "bob"], "threshold": 2}}
                """#
            )
            let verify = ["verify", world.reference("1.0"), "--policy", policy]
            try await expectRefusal(world.consumer, verify, .unsignedTag)
            let sign = ["sign", "image", world.reference("1.0"), "--digest", image.digest, "--signer"]
            try expect(try await world.publisher.runAll(sign + ["alice"]), 0)
            try await expectRefusal(world.consumer, verify, .policy)
            try expect(try await world.publisher.runAll(sign + ["bob"]), 0)
            // The consumer has no pin of its own.
            let verified = try await world.consumer.runAll(verify)
            try expect(verified, 0)
            #expect(verified.text == "\(world.repository)@\(image.digest)\n")
            try await expectRefusal(world.consumer, ["verify", world.reference("1.0")], .noPin)
            try await world.push("1.0", "other")
            try await expectRefusal(world.consumer, verify, .tagMoved)
            #expect(
                try await world.consumer.run("resolve", world.reference("1.0"), "--policy", policy).text
                    == verified.text
            )
        }
    }

    @Test func whatIsLetThroughIsSaid() async throws {
        try await World.with { world in
            try await world.push("1.0")
            let policy = try Self.policy(
                world,
                #"{"repositories": ["*"], "unsigned": "warn"}, {"repositories": ["bad.example.com/*"], "refuse": true}"#
            )
            let admitted = try await world.consumer.run("verify", world.reference("1.0"), "--policy", policy)
            try expect(admitted, 0)
            #expect(admitted.text == "\(world.reference("1.0"))\n")
            #expect(admitted.errorText.hasPrefix("warning "))
            let json = try await world.consumer.run("verify", world.reference("1.0"), "--policy", policy, "--json")
            try expect(json, 0)
            try Schema.check(try json.object, "verify")
            #expect(try json.object["admission"] == "unsigned")
            #expect(try json.object["reason"] == "unsigned-repository")
            try await expectRefusal(world.consumer, ["verify", "bad.example.com/x:1", "--policy", policy], .policy)
        }
    }

    @Test func whatIsLetThroughByItsDigestIsPulledByIt() async throws {
        try await World.with { world in
            let image = try await world.push("1.0")
            let rule = #"{"repositories": ["*"], "unsigned": {"digests": ["\#(image.digest)"]}}"#
            let policy = try Self.policy(world, rule)
            let verify = ["verify", world.reference("1.0"), "--policy", policy]
            let admitted = try await world.consumer.runAll(verify)
            try expect(admitted, 0)
            #expect(admitted.text == "\(world.repository)@\(image.digest)\n")
            try await world.push("1.0", "other")
            try await expectRefusal(world.consumer, verify, .unsignedRepository)
        }
    }

    /// The command line always asks: what was signed a moment ago may be revoked.
    @Test func whatWasRevokedIsRefusedAtOnce() async throws {
        try await World.with { world in
            try await world.signed()
            let policy = try Self.policy(world, #"{"repositories": ["*"]}"#)
            let verify = ["verify", world.reference("1.0"), "--policy", policy]
            try expect(try await world.consumer.runAll(verify), 0)
            try expect(try await world.publisher.run("revoke", world.reference("1.0")), 0)
            try await expectRefusal(world.consumer, verify, .unsignedTag)
        }
    }

    @Test func mistakesAreNamedByTheirPlace() async throws {
        let directory = try TemporaryDirectory("trustctl-policy")
        let trustctl = try Trustctl(in: directory)
        let good =
            #"{"version": 1, "rules": [{"repositories": ["r.io/*"]}, {"repositories": ["r.io/a"], "audit": true}]}"#
        let path = try directory.write(Array(good.utf8), to: "good.json")
        let checked = try await trustctl.run("policy", "check", path, "--json")
        try expect(checked, 0)
        try Schema.check(try checked.object, "policy-output")
        try Schema.check(try JSONValue(parsing: Array(good.utf8)), "policy")
        let explained = try await trustctl.run("policy", "explain", "r.io/a:1", "--policy", path, "--json")
        try expect(explained, 0)
        try Schema.check(try explained.object, "policy-output")
        #expect(try explained.object["rule"] == 2)
        let exceptions = [("1.*", "2020"), ("2.*", "9999")].map { tags, year in
            #"{"tags": ["\#(tags)"], "until": "\#(year)-01-01T00:00:00Z", "because": "x"}"#
        }
        let excepting = try directory.write(
            #"{"version": 1, "rules": [{"repositories": ["r.io/*"], "exceptions": [\#(exceptions.joined(separator: ", "))]}]}"#,
            to: "excepting.json"
        )
        let ended = try await trustctl.run("policy", "explain", "r.io/a:1", "--policy", excepting, "--json")
        try Schema.check(try ended.object, "policy-output")
        #expect(try ended.object["exceptions"]?.array?.map { $0["ended"] } == [.boolean(true), .boolean(false)])
        let said = try await trustctl.run("policy", "explain", "r.io/a:1", "--policy", excepting)
        #expect(said.text.contains("1.* ended at 2020-01-01T00:00:00Z: x"), "\(said)")
        #expect(said.text.contains("2.* until 9999-01-01T00:00:00Z: x"), "\(said)")
        try await expectRefusal(
            trustctl,
            ["policy", "explain", "x.io/a", "--policy", path],
            .policy,
            schema: "policy-output"
        )
        let bad = try directory.write(Array("{\"version\": 1,\n \"rule\": []}".utf8), to: "bad.json")
        let refused = try await trustctl.run("policy", "check", bad)
        try expect(refused, Reason.usage.exitCode)
        #expect(refused.errorText.contains("line 2, column 2"), "\(refused)")
        try Files.setMode(path, 0o666)
        try await expectRefusal(trustctl, ["policy", "check", path], .storage, schema: "policy-output")
        try await expectRefusal(
            trustctl,
            ["verify", "r.io/a:1", "--policy", path, "--store", "dir:/x"],
            .usage,
            schema: "verify"
        )
    }

    @Test func casesAreTried() async throws {
        let directory = try TemporaryDirectory("trustctl-policy")
        let trustctl = try Trustctl(in: directory)
        let rules = #"{"repositories": ["r.io/*"], "unsigned": "warn"}, {"repositories": ["x.io/*"], "refuse": true}"#
        let policy = try directory.write(Array(#"{"version": 1, "rules": [\#(rules)]}"#.utf8), to: "policy.json")
        func cases(_ admitted: Bool) throws -> String {
            let text = #"""
                {"version": 1, "cases": [
                  {"name": "open", "reference": "r.io/a:1", "found": "unsigned-repository", "expected": {"admission": "unsigned"}},
                  {"name": "moved", "reference": "r.io/a:1", "found": "tag-moved", "expected": {"admitted": \#(admitted)}}
                ]}
                """#
            try Schema.check(try JSONValue(parsing: Array(text.utf8)), "policy-cases")
            return try directory.write(Array(text.utf8), to: "cases-\(admitted).json")
        }
        let good = try await trustctl.run("policy", "test", policy, try cases(false))
        try expect(good, 0)
        #expect(good.text == "2 of 2 cases hold\n")
        #expect(good.errorText.contains("rule 2, for x.io/*, counts in no case"), "\(good)")
        let bad = try await trustctl.run("policy", "test", policy, try cases(true))
        #expect(bad.exitCode == Reason.policy.exitCode)
        #expect(bad.text == "1 of 2 cases hold\n")
        for words in [
            "line 3: moved", "the admitted is false, and not true", "rule 1, line 1, for r.io/*", "[tag-moved]",
        ] {
            #expect(bad.errorText.contains(words), "\(bad)")
        }
        let json = try await trustctl.run("policy", "test", policy, try cases(true), "--json")
        #expect(json.exitCode == Reason.policy.exitCode)
        try Schema.check(try json.object, "policy-output")
        #expect(try json.object["failed"] == 1 && json.object["rulesWithoutCase"] == [2])
        let wrong = try directory.write(Array("{\"version\": 1,\n \"case\": []}".utf8), to: "wrong.json")
        let refused = try await trustctl.run("policy", "test", policy, wrong)
        try expect(refused, Reason.usage.exitCode)
        #expect(refused.errorText.contains("line 2, column 2"), "\(refused)")
        for other in [directory.path, directory.file("none")] {
            try await expectRefusal(trustctl, ["policy", "test", policy, other], .usage, schema: "policy-output")
        }
    }

    @Test func configurationsOfOthersBecomePolicies() async throws {
        let directory = try TemporaryDirectory("trustctl-policy")
        let trustctl = try Trustctl(in: directory)
        let key = String(repeating: "a1", count: 32)
        for (name, text) in [
            (
                "containers",
                #"""
                {"default": [{"type": "reject"}], "transports": {"docker": {"r.io/team": [{"type": "insecureAcceptAnything"}],
                 "r.io/gpg": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/k"}]}}}
                """#
            ),
            ("notary", #"{"trust_pinning": {"certs": {"r.io/team/*": ["\#(key)"]}, "disable_tofu": true}}"#),
            (
                "docker",
                #"{"content-trust": {"mode": "enforced", "trust-pinning": {"root-keys": {"r.io/*": ["\#(key)"]}}}}"#
            ),
        ] {
            let file = try directory.write(Array(text.utf8), to: "\(name).json")
            let made = try await trustctl.run("policy", "import", file)
            try expect(made, 0)
            #expect(made.errorText.contains("\(name).json line 1: "), "\(made)")
            try Schema.check(try JSONValue(parsing: Array(made.text.utf8)), "policy")
            let policy = try directory.write(Array(made.text.utf8), to: "made-\(name).json")
            try Files.setMode(policy, 0o644)
            try expect(try await trustctl.run("policy", "check", policy), 0)
            let json = try await trustctl.run("policy", "import", file, "--json")
            try expect(json, 0)
            try Schema.check(try json.object, "policy-output")
        }
        let none = try directory.write(Array(#"{"auths": {}}"#.utf8), to: "none.json")
        try await expectRefusal(trustctl, ["policy", "import", none], .usage, schema: "policy-output")
    }
}
