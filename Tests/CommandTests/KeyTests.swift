import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// Keys and what opens them.
@Suite(.timeLimit(.minutes(8))) struct KeyTests {
    @Test func wrongAndMissingPassphrasesChangeNothing() async throws {
        try await World.with { world in
            try await world.push("1.0")
            try expect(try await world.publisher.run("init", world.repository), 0)
            let sign = ["sign", "image", world.reference("1.0")]
            let before = try await world.publisher.run("inspect", world.repository, "--json").object
            let wrong = ["TRUSTCTL_TARGETS_PASSPHRASE": "not the passphrase"] as [String: String?]
            try await expectRefusal(world.publisher, sign, .keyUnavailable, schema: "publish", variables: wrong)
            // No terminal, no source: it fails at once instead of waiting.
            let missing = ["TRUSTCTL_TARGETS_PASSPHRASE": nil] as [String: String?]
            try await expectRefusal(world.publisher, sign, .keyUnavailable, schema: "publish", variables: missing)
            let after = try await world.publisher.run("inspect", world.repository, "--json").object
            #expect(before["roles"] == after["roles"])

            let file = try world.directory.write("\(Trustctl.passphrase)\n", to: "passphrase", mode: 0o600)
            let signed = try await world.publisher.runAll(sign + ["--passphrase-file", file], variables: missing)
            try expect(signed, 0)
            // A passphrase never appears in what is said.
            #expect(!signed.description.contains(Trustctl.passphrase))
        }
    }

    @Test func anUnreadableKeyStoreIsRefused() async throws {
        try await World.with { world in
            try await world.signed()
            try await world.push("2.0", "two")
            let sign = ["sign", "image", world.reference("2.0")]
            try Files.setMode("\(world.publisher.home)/keys", 0o755)
            let refused = try await world.publisher.runAll(sign)
            try expect(refused, 32)
            #expect(refused.errorText.contains("mode 755"))
            #expect(refused.errorText.contains("chmod go= \(world.publisher.home)/keys"))
            try await expectRefusal(world.publisher, ["key", "list"], .storage, schema: "key")
            // Who only verifies needs no keys.
            try expect(try await world.publisher.run("verify", world.reference("1.0")), 0)
            try Files.setMode("\(world.publisher.home)/keys", 0o700)
            try expect(try await world.publisher.runAll(sign), 0)
        }
    }

    @Test func theRootKeyCanBeElsewhere() async throws {
        try await World.with { world in
            let made = try await world.initialize()
            let root = try #require(made["roles"]?["root"]?["keyIDs"]?.array?.first?.string)
            let medium = try world.directory.makeDirectory("medium")
            try Files.setMode(medium, 0o700)
            try Files.copy("\(world.publisher.home)/keys/\(root).key", to: "\(medium)/\(root).key")
            try Files.remove("\(world.publisher.home)/keys/\(root).key")
            // Everything but what needs the root key works without it.
            try await world.push("1.0")
            try await world.sign("1.0")
            try expect(try await world.publisher.run("refresh", world.repository), 0)
            let other = "\(world.registry.address)/team/other"
            let second = try await world.publisher.runAll(
                ["init", other, "--unsafe-unencrypted", "--json", "--key-store", medium]
            ).object
            #expect(second["roles"]?["root"]?["keyIDs"] == made["roles"]?["root"]?["keyIDs"])
        }
    }

    @Test func exportedKeysAreWhatOpenSSLReads() async throws {
        let directory = try TemporaryDirectory()
        let (trustctl, id, file) = try await Self.exported(in: directory)
        #expect(try Files.mode(file) == 0o600)
        // None is overwritten.
        try expect(try await trustctl.run("key", "export", id, "--output", file), 64)
        let publicKey = try await trustctl.run("key", "export", id, "--public-key")
        for path in [file, "\(trustctl.home)/keys/\(id).key"] {
            let arguments = ["pkey", "-in", path, "-passin", "pass:\(Trustctl.passphrase)", "-pubout"]
            let opened = try await run(Command("openssl", arguments))
            #expect(opened.exitCode == 0)
            #expect(opened.text == publicKey.text)
        }
    }

    @Test func exportedKeysComeBack() async throws {
        let directory = try TemporaryDirectory()
        let (trustctl, id, file) = try await Self.exported(in: directory)
        let duplicate = try await trustctl.run("key", "import", file)
        try expect(duplicate, 64)
        #expect(duplicate.errorText.contains("there already"))

        let other = try trustctl.withHome(directory, "other")
        let locked = try await other.runAll(
            ["key", "import", file],
            variables: ["TRUSTCTL_ROOT_PASSPHRASE": "not the passphrase"]
        )
        try expect(locked, 30)
        #expect(locked.errorText.contains("the key file \(file)"))
        #expect(locked.errorText.contains("does not open"))
        #expect(try await other.run("key", "list").text == "")
        #expect(try await other.run("key", "import", file).line == id)
    }

    @Test func keyFilesThatAreNoneAreRefused() async throws {
        let directory = try TemporaryDirectory()
        let (trustctl, id, file) = try await Self.exported(in: directory)
        let truncated = try directory.write(Array(try Files.read(file).prefix(120)), to: "truncated.pem")
        let cut = try await trustctl.run("key", "import", truncated)
        try expect(cut, 30)
        #expect(cut.errorText.contains("ends in the middle"))
        let publicKey = try await trustctl.run("key", "export", id, "--public-key").text
        let wrongType = try await trustctl.run("key", "import", try directory.write(publicKey, to: "public.pem"))
        try expect(wrongType, 30)
        #expect(wrongType.errorText.contains("no private key"))
    }

    @Test func aStoreThatTakesNoKeyIsNotTheKeyFilesFault() async throws {
        let directory = try TemporaryDirectory()
        let (trustctl, _, file) = try await Self.exported(in: directory)
        let store = try directory.makeDirectory("open to all")
        try Files.setMode(store, 0o755)
        let refused = try await trustctl.run("key", "import", file, "--into", store)
        try expect(refused, 32)
        #expect(refused.errorText.contains("a new root key"))
        #expect(!refused.errorText.contains("the key file"))
    }

    @Test func passphrasesChange() async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        let id = try await trustctl.run("key", "generate").line
        let new = try directory.write("another passphrase\n", to: "new", mode: 0o600)
        try expect(try await trustctl.run("key", "passwd", id, "--new-passphrase-file", new), 0)
        try expect(try await trustctl.run("key", "export", id), 30)
        let environment = ["TRUSTCTL_ROOT_PASSPHRASE": "another passphrase"] as [String: String?]
        try expect(try await trustctl.runAll(["key", "export", id], variables: environment), 0)

        // The variables have the old one, so a new one has to come from elsewhere.
        let refused = try await trustctl.runAll(["key", "passwd", id], variables: environment)
        try expect(refused, 30)
        #expect(refused.errorText.contains("--new-passphrase-file FILE"))
        #expect(!refused.errorText.contains("TRUSTCTL_ROOT_PASSPHRASE"))
    }

    @Test func keysAreRemovedOnlyWhenThatIsMeant() async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        let id = try await trustctl.run("key", "generate").line
        try expect(try await trustctl.run("key", "remove", id), 64)
        try expect(try await trustctl.run("key", "export", id), 0)
        try expect(try await trustctl.run("key", "remove", id, "--yes"), 0)
        try expect(try await trustctl.run("key", "export", id), 30)
    }

    /// A new root key, and the file that it was exported to.
    private static func exported(
        in directory: TemporaryDirectory
    ) async throws -> (trustctl: Trustctl, id: String, file: String) {
        let trustctl = try Trustctl(in: directory)
        let id = try await trustctl.run("key", "generate").line
        let file = directory.file("exported.pem")
        try expect(try await trustctl.run("key", "export", String(id.prefix(8)), "--output", file), 0)
        return (trustctl, id, file)
    }

    @Test func aPromptAsksTwiceForANewPassphraseAndShowsNothing() async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        let noPassphrase = ["TRUSTCTL_ROOT_PASSPHRASE": nil] as [String: String?]
        let process = try await trustctl.start("key", "generate", input: .terminal, variables: noPassphrase)
        try await process.waitForOutput("New passphrase for the root key")
        process.type("typed passphrase")
        try await process.waitForOutput("The same again")
        process.type("typed passphrase")
        let made = try await process.wait()
        #expect(made.exitCode == 0, "\(made)")
        #expect(!made.text.contains("typed passphrase"))
        let id = try #require(try await trustctl.run("key", "list", "--json").object["keyID"]?.string)
        let environment = ["TRUSTCTL_ROOT_PASSPHRASE": "typed passphrase"] as [String: String?]
        try expect(try await trustctl.runAll(["key", "export", id], variables: environment), 0)
    }
}
