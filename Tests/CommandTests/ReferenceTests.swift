import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// References that are none, and lists of many.
@Suite(.timeLimit(.minutes(5))) struct ReferenceTests {
    @Test(arguments: [
        "", "registry.example.com/UPPER:1", "https://registry.example.com/a:1", "a b", "app:", "app:-1", "app@sha256:1",
        "app:1@md5:00", "../app:1", "registry.example.com:99999/a:1", "oci:", "app:\u{1b}[31m", "app:１",
        String(repeating: "a", count: 300), "app:" + String(repeating: "a", count: 129),
    ])
    func areUsage(text: String) async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        for arguments in [["verify", text], ["resolve", text], ["sign", "image", text], ["revoke", text]] {
            let answer = try await trustctl.runAll(arguments + ["--json"])
            #expect(answer.exitCode == 64, "\(answer)")
            #expect(!answer.errorText.contains("\u{1b}"))
            #expect(try answer.object["reason"] == "usage")
            try Schema.check(try answer.object, "verify")
        }
    }

    @Test func aListIsSignedInOnePublish() async throws {
        try await World.with { world in
            let image = try await world.push("0")
            let made = try await world.initialize()
            try await world.pin(made)
            // The registry keeps a tag as a small directory, so a thousand of them need not be pushed.
            let tags = world.registry.tagsDirectory("team/app")
            var list = "# a thousand tags\n"
            for number in 1...1000 {
                try Files.copy("\(tags)/0", to: "\(tags)/\(number)")
                list += "\(world.reference(String(number))) \(number.isMultiple(of: 2) ? image.digest : "")\n"
            }
            let file = try world.directory.write(list, to: "list")
            var publisher = world.publisher
            publisher.timeout = .seconds(200)
            let signed = try await publisher.run("sign", "image", "--from-file", file, "--json")
            try expect(signed, 0)
            let object = try signed.object
            try Schema.check(object, "publish")
            #expect(object["tags"]?.array?.count == 1000)
            #expect(object["roles"]?["targets"]?["version"] == 2)
            #expect(signed.errorText.contains("1000 tags, 1000 added"))
            #expect(!signed.errorText.contains("\u{1b}"))
            try expect(try await world.consumer.run("verify", world.reference("1"), world.reference("1000")), 0)

            // One bad line, and nothing is published.
            let before = try await publisher.run("inspect", world.repository, "--json").object["roles"]
            let bad = try world.directory.write("\(world.reference("0"))\n\(world.repository):-x\n", to: "bad")
            let refused = try await publisher.run("sign", "image", "--from-file", bad)
            try expect(refused, 64)
            #expect(refused.errorText.contains("line 2"))
            #expect(try await publisher.run("inspect", world.repository, "--json").object["roles"] == before)
        }
    }

    @Test func everyCommandExplainsItself() async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        let commands = [
            ["init"], ["sign", "image"], ["revoke"], ["verify"], ["resolve"], ["list"], ["inspect"], ["pin", "add"],
            ["pin", "list"], ["pin", "remove"], ["refresh"], ["key", "generate"], ["key", "list"], ["key", "import"],
            ["key", "export"], ["key", "passwd"], ["key", "remove"],
        ]
        for command in commands {
            let help = try await trustctl.runAll(command + ["--help"])
            #expect(help.exitCode == 0)
            #expect(help.text.hasPrefix("OVERVIEW: "), "\(help)")
        }
        let version = try await trustctl.run("--version")
        #expect(version.text.hasPrefix("trustctl "))
        try await runSuccessfully(
            Command("\(Files.projectRoot)/scripts/make-manpages", [trustctl.executable, directory.path])
        )
        #expect(try Files.names(in: directory.file("man1")).count >= commands.count)
    }
}
