import CanonicalJSON
import ContentTrust
import Foundation
import Testing
import TrustTestSupport

/// Keys of docker, notary and cosign: brought in, written out and used where they are.
@Suite(.timeLimit(.minutes(8))) struct ForeignKeyTests {
    static let passphrase = "correct horse battery staple"
    static let root = "61ab89b154e23acb0bd387f3f3f0823885119dd2a6a2c3a325864109d3581b6d"
    static let targets = "923a49d862ded691e27d723c2f4a7c6d12e7ae4d1b8702a58964c60629cf2441"

    static let variables: [String: String?] = [
        "NOTARY_ROOT_PASSPHRASE": passphrase, "NOTARY_TARGETS_PASSPHRASE": passphrase,
        "NOTARY_SNAPSHOT_PASSPHRASE": passphrase, "NOTARY_DELEGATION_PASSPHRASE": passphrase,
    ]

    static var fixtures: String { "\(Files.projectRoot)/fixtures/keys" }

    /// A copy that is closed to others, as git does not keep it.
    static func copy(_ name: String, to directory: TemporaryDirectory) async throws -> String {
        let path = directory.file(name)
        try await runSuccessfully(Command("cp", ["-R", "\(fixtures)/\(name)", path]))
        try await runSuccessfully(Command("chmod", ["-R", "go=", path]))
        return path
    }

    @Test(arguments: ["notary", "notary-old"])
    func directoriesAreListedFirstAndImportedByChoice(layout: String) async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        let from = try await Self.copy(layout, to: directory)
        let listed = try await trustctl.run("key", "import", "--from", from)
        try expect(listed, 64)
        #expect(listed.errorText.contains("--all"))
        for id in [Self.root, Self.targets] { #expect(listed.text.contains(id)) }
        #expect(try await trustctl.run("key", "list").text == "")
        let json = try await trustctl.run("key", "import", "--from", from, "--json")
        try expect(json, 64)
        let lines = json.text.split(separator: "\n")
        #expect(lines.count == 5)
        for line in lines { try Schema.check(try JSONValue(parsing: Array(line.utf8)), "key") }

        let one = try await trustctl.runAll(
            ["key", "import", "--from", from, "--key", String(Self.targets.prefix(8)), "--json"],
            variables: Self.variables
        )
        try expect(one, 0)
        #expect(try one.object["repository"] == "registry.example/team/app")
        #expect(try one.object["role"] == "targets")
        try Schema.check(try one.object, "key")
        let all = try await trustctl.runAll(["key", "import", "--from", from, "--all"], variables: Self.variables)
        try expect(all, 0)
        #expect(all.text.split(separator: "\n").count == 3)
        #expect(all.errorText.contains("there already: the targets key"))
        #expect(try await trustctl.run("key", "list").text.split(separator: "\n").count == 5)
        // They keep their passphrases.
        let id = try #require(try one.object["keyID"]?.string)
        let opened = try await trustctl.runAll(
            ["key", "export", id],
            variables: ["TRUSTCTL_TARGETS_PASSPHRASE": Self.passphrase]
        )
        try expect(opened, 0)
    }

    @Test func onATerminalItAsksWhichAndThenForEachPassphraseOnce() async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        let from = try await Self.copy("notary", to: directory)
        var command = trustctl.command(["key", "import", "--from", from], input: .terminal)
        command.environment = command.environment.filter { !$0.key.hasSuffix("_PASSPHRASE") }
        let process = try await RunningProcess.start(command, timeout: trustctl.timeout)
        process.write(Array("2, 3\n".utf8))
        // The prompt for the passphrase throws away what was typed before it.
        while !process.hasEnded {
            try await Task.sleep(for: .milliseconds(500))
            process.write(Array("\(Self.passphrase)\n".utf8))
        }
        let ended = try await process.wait()
        #expect(ended.exitCode == 0, "\(ended)")
        #expect(ended.text.contains("Bring in which of them?"), "\(ended)")
        #expect(ended.text.components(separatedBy: "assphrase").count == 2, "\(ended)")
        let list = try await trustctl.run("key", "list").text
        #expect(list.split(separator: "\n").count == 3, "\(list)")
    }

    @Test func keysThatStayLockedHideNoOthers() async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        let from = try await Self.copy("notary", to: directory)
        var variables = Self.variables
        // Of the two signers' keys, one comes first; the other one opens with what has opened the root key.
        variables["NOTARY_DELEGATION_PASSPHRASE"] = "wrong"
        let refused = try await trustctl.runAll(["key", "import", "--from", from, "--all"], variables: variables)
        try expect(refused, 30)
        #expect(refused.text.split(separator: "\n").count == 3)
        #expect(refused.errorText.contains("does not open"))
        try expect(try await trustctl.run("key", "import", "--from", from, "--key", "0000000"), 30)
        try expect(try await trustctl.run("key", "import", "--from", directory.file("none")), 30)
        try expect(try await trustctl.run("key", "import"), 64)
        try expect(try await trustctl.run("key", "import", "a", "--from", "b"), 64)
    }

    @Test func keysOfCosignAreImported() async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        let old = try directory.write("\(Self.passphrase)\n", to: "old", mode: 0o600)
        let key = try await trustctl.run(
            "key",
            "import",
            "\(Self.fixtures)/cosign/p256.key",
            "--old-passphrase-file",
            old
        )
        try expect(key, 0)
        let publicKey = try await trustctl.run("key", "export", key.line, "--public-key").text
        #expect(try publicKey == String(decoding: Files.read("\(Self.fixtures)/p256.pub.pem"), as: UTF8.self))
        // One that was made without a passphrase needs none.
        try expect(
            try await trustctl.run("key", "import", "\(Self.fixtures)/cosign/ed25519.empty-passphrase.key"),
            0
        )
    }

    /// The real program takes what is exported, lists it under the right id, and opens it.
    @Test(arguments: ["ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-3072"])
    func notaryReadsWhatIsExported(type: String) async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        let make = ["key", "generate", "--role", "targets", "--repository", "registry.example/a", "--key-type", type]
        let id = try await trustctl.runAll(make).line
        let file = directory.file("export.pem")
        try expect(try await trustctl.run("key", "export", id, "--format", "notary", "--output", file), 0)
        #expect(try Files.mode(file) == 0o600)
        let store = directory.file("trust")
        try await notary(["key", "import", file], store)
        let list = try await notary(["key", "list"], store)
        #expect(list.contains("targets") && list.contains("registry.example/a"))
        let key = try #require(list.split(separator: "\n").last).split(separator: " ")
        try await notary(["key", "passwd", String(try #require(key.dropFirst(2).first))], store)
        // And the other way: what notary has encrypted anew opens here, in place and brought in.
        let place = "docker:\(store)"
        let records = try await trustctl.run("key", "list", "--key-store", place, "--json").text
        #expect(records.contains("\(store)/private"))
        let other = try trustctl.withHome(directory, "other")
        #expect(try await other.run("key", "import", "--from", store, "--all").line == id)
    }

    @Test func exportFormatsExcludeWhatTheyCannotWrite() async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        let id = try await trustctl.run("key", "generate").line
        for option in ["--public-key", "--unsafe-unencrypted"] {
            try expect(try await trustctl.run("key", "export", id, "--format", "docker", option), 64)
        }
        try expect(try await trustctl.run("key", "list", "--key-store", "docker:"), 64)
        try expect(
            try await trustctl.run("key", "generate", "--into", "docker:\(directory.path)", "--unsafe-unencrypted"),
            64
        )
    }

    /// Root and targets keys of docker's directory sign where they are, and notary goes on reading them.
    @Test func keysOfDockerSignInPlace() async throws {
        let world = try await LocalWorld()
        let from = try await Self.copy("notary", to: world.directory)
        let before = try await runSuccessfully(Command("cat", ["\(from)/private/\(Self.root).key"])).text
        let trustctl = try world.publisher.withHome(world.directory, "fresh")
        let store = ["--store", "dir:\(world.directory.file("trust data"))", "--key-store", "docker:\(from)"]
        let made = try await trustctl.runAll(
            ["init", world.layout, "--name", "registry.example/team/app", "--json"] + store,
            variables: Self.variables
        )
        try expect(made, 0)
        let signed = try await trustctl.runAll(["sign", "image", world.reference] + store, variables: Self.variables)
        try expect(signed, 0)
        try expect(try await trustctl.runAll(["verify", world.reference] + store.prefix(2)), 0)
        // Neither a root nor a targets key was made.
        let own = try await trustctl.run("key", "list").text
        #expect(!own.contains("root") && !own.contains("targets"))
        let after = try await runSuccessfully(Command("cat", ["\(from)/private/\(Self.root).key"])).text
        #expect(after == before)
        #expect(try await notary(["key", "list"], from).contains(Self.targets))
    }

    /// Runs the real program; its words are on standard output.
    @discardableResult
    private func notary(_ arguments: [String], _ store: String) async throws -> String {
        var command = Command("notary", ["-d", store] + arguments)
        for (name, _) in Self.variables { command.environment[name] = Trustctl.passphrase }
        if store.hasSuffix("/notary") {
            for (name, value) in Self.variables { command.environment[name] = value }
        }
        return try await runSuccessfully(command).text
    }
}
