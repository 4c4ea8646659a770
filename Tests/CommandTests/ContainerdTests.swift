import CanonicalJSON
import ContentTrust
import Foundation
import Testing
import TrustTestSupport

/// The door for containerd, asked as containerd asks: by a script that runs what is in a `bin_dir`.
@Suite(.timeLimit(.minutes(4))) struct ContainerdTests {
    /// A world with a signed tag and a machine whose containerd asks the door.
    private struct Machine {
        let world: World
        let binDir: String
        let folder: String

        init(_ world: World, rule: String = "", configuration: String = "") async throws {
            self.world = world
            binDir = try world.directory.makeDirectory("bin")
            folder = try world.directory.makeDirectory("etc")
            let made = try await world.initialize()
            let root = try #require(made["roles"]?["root"]?["keyIDs"]?.array?.first?.string)
            let policy = #"""
                {"version": 1, "rules": [{"repositories": ["\#(world.repository)"],
                 "pins": [{"rootKeys": ["\#(root)"]}]\#(rule)}]}
                """#
            _ = try world.directory.write(Array(policy.utf8), to: "etc/policy.json")
            let settings = #"{"state": "\#(world.directory.file("state"))", "audit": "audit.jsonl"\#(configuration)}"#
            try Schema.check(try JSONValue(parsing: Array(settings.utf8)), "containerd")
            _ = try world.directory.write(Array(settings.utf8), to: "etc/containerd.json")
            let door = "exec \(world.consumer.executable) containerd-verifier --config \(folder) \"$@\"\n"
            try await TestProgram.write(door, to: "\(binDir)/50-trustctl")
        }

        /// What containerd would do with a pull.
        func pull(_ name: String, _ descriptor: JSONValue, _ options: String...) async throws -> ProcessOutput {
            let text = String(decoding: try descriptor.canonicalBytes(), as: UTF8.self)
            return try await run(
                Command(
                    "python3",
                    ["\(Files.projectRoot)/scripts/containerd-ask", "--bin-dir", binDir] + options + [name],
                    environment: ["PATH": "/usr/bin:/bin"],
                    input: .bytes(Array(text.utf8))
                )
            )
        }

        /// What stands in containerd's configuration for the verifier.
        var plugin: String { "[plugins.'io.containerd.image-verifier.v1.bindir']\nbin_dir = '\(binDir)'\n" }

        /// The descriptor of an image, as containerd resolved it.
        func descriptor(_ image: TestImages.Entry) throws -> JSONValue {
            [
                "mediaType": .string(image.mediaType), "digest": .string(image.digest),
                "size": .integer(Int64(try world.images.blob(image.digest).count)),
            ]
        }
    }

    @Test func theSignedDigestIsAllowedAndAMovedTagIsNot() async throws {
        try await World.with { world in
            let machine = try await Machine(world)
            let good = try await world.push("1.0")
            try await world.sign("1.0")
            let allowed = try await machine.pull(world.reference("1.0"), machine.descriptor(good))
            try ends(allowed, 0)
            #expect(allowed.text.hasPrefix("allowed: 50-trustctl => trusted \(world.repository)@\(good.digest)"))

            let other = try await world.push("1.0", "other")
            let moved = try await machine.pull(world.reference("1.0"), machine.descriptor(other))
            try ends(moved, 1)
            #expect(moved.text.contains("(exit code \(Reason.tagMoved.exitCode))"))
            #expect(moved.text.contains("[tag-moved]"))
            // By digest alone: what some tag means is allowed, anything else is not.
            try ends(try await machine.pull("\(world.repository)@\(good.digest)", machine.descriptor(good)), 0)
            let unsigned = try await machine.pull("\(world.repository)@\(other.digest)", machine.descriptor(other))
            #expect(unsigned.text.contains("[unsigned-tag]"))
            // Who asks another repository has no rule for it.
            let foreign = try await machine.pull("registry.example.com/x:1", machine.descriptor(good))
            #expect(foreign.text.contains("[policy]"))

            let records = try Files.read("\(machine.folder)/audit.jsonl").split(separator: UInt8(ascii: "\n"))
            #expect(records.count == 5)
            for record in records { try Schema.check(try JSONValue(parsing: Array(record)), "audit") }
            #expect(
                try records.map { try JSONValue(parsing: Array($0))["decision"]?["reason"]?.string } == [
                    "trusted", "tag-moved", "trusted", "unsigned-tag", "policy",
                ]
            )
        }
    }

    @Test func aMinuteLongNobodyIsAsked() async throws {
        try await World.with(fronted: true) { world in
            let machine = try await Machine(world, configuration: #", "timeout": "3s""#)
            let image = try await world.push("1.0")
            try await world.sign("1.0")
            let descriptor = try machine.descriptor(image)
            try ends(try await machine.pull(world.reference("1.0"), descriptor), 0)
            let front = try #require(world.front)
            let before = front.requests.count
            try ends(try await machine.pull(world.reference("1.0"), descriptor), 0)
            #expect(front.requests.count == before)
            // What is not signed there is looked for again, and cannot be.
            front.stop()
            try ends(try await machine.pull(world.reference("1.0"), descriptor), 0)
            let unknown = try await machine.pull(world.reference("2.0"), descriptor)
            try ends(unknown, 1)
            #expect(unknown.text.contains("[unreachable]"), "\(unknown)")
        }
    }

    /// On a machine that knows nothing yet: they do not get in each other's way, and leave one answer for all.
    @Test func manyPullsMayBeginAtOnce() async throws {
        try await World.with(fronted: true) { world in
            let machine = try await Machine(world)
            let image = try await world.push("1.0")
            try await world.sign("1.0")
            let front = try #require(world.front)
            let descriptor = try machine.descriptor(image)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    group.addTask { try ends(try await machine.pull(world.reference("1.0"), descriptor), 0) }
                }
                try await group.waitForAll()
            }
            let before = front.requests.count
            try ends(try await machine.pull(world.reference("1.0"), descriptor), 0)
            #expect(front.requests.count == before)
        }
    }

    @Test func descriptorsAndRequestsThatAreWrongAreRefused() async throws {
        try await World.with { world in
            let machine = try await Machine(world)
            let image = try await world.push("1.0")
            try await world.sign("1.0")
            let name = world.reference("1.0")
            let good = try #require(try machine.descriptor(image).object)
            func pull(_ change: (inout JSONObject) -> Void, reason: String) async throws {
                var changed = good
                change(&changed)
                let output = try await machine.pull(name, .object(changed))
                try ends(output, 1)
                #expect(output.text.contains("[\(reason)]"), "\(output)")
            }
            try await pull({ $0["size"] = 1 }, reason: "bad-signature")
            try await pull(
                { $0["mediaType"] = "application/vnd.docker.distribution.manifest.v2+json" },
                reason: "bad-signature"
            )
            try await pull({ $0["mediaType"] = "application/octet-stream" }, reason: "usage")
            try await pull({ $0["mediaType"] = nil }, reason: "usage")
            // Not what containerd does today, and not to be guessed at.
            let door = "\(machine.binDir)/50-trustctl"
            let arguments = ["-name", name, "-digest", image.digest]
            let type = ["-stdin-media-type", "application/vnd.oci.descriptor.v1+json"]
            for (extra, input) in [
                (type, "{}"), (type, ""), (type, String(repeating: "[", count: 100_000)),
                (type + ["-new-flag", "x"], "{}"), (["-stdin-media-type", "application/json"], "{}"), ([], "{}"),
                (type + ["-digest", image.digest], "{}"), (type + ["word"], "{}"),
            ] {
                let output = try await run(
                    Command(door, arguments + extra, environment: [:], input: .bytes(Array(input.utf8)))
                )
                try ends(output, Reason.usage.exitCode)
                #expect(output.text.hasPrefix("refused "), "\(output)")
                #expect(output.text.hasSuffix("\n") && output.text.split(separator: "\n").count == 1)
            }
            // With verify_on_run the descriptor is wrapped, and an operation is named.
            let wrapped = JSONValue.object([
                "operation": "run", "descriptor": .object(good), "annotations": ["io.kubernetes.cri.sandbox-id": "x"],
            ])
            let again = try await run(
                Command(
                    door,
                    arguments + [
                        "-stdin-media-type", "application/vnd.containerd.image-verifier.input.v1+json", "-operation",
                        "run",
                    ],
                    environment: [:],
                    input: .bytes(try wrapped.canonicalBytes())
                )
            )
            try ends(again, 0)
        }
    }

    @Test func itsAdviceNamesItsConfiguration() async throws {
        try await World.with { world in
            let machine = try await Machine(world)
            let image = try await world.push("1.0")
            try await world.sign("1.0")
            var options = world.registry.options
            options.authentication = .basic(["alice": "secret"])
            try await world.registry.restart(with: options)
            let file = "\(machine.folder)/containerd.json"
            let anonymous = try await machine.pull(world.reference("1.0"), machine.descriptor(image))
            try ends(anonymous, 1)
            #expect(anonymous.text.contains("[unauthorized]"), "\(anonymous)")
            #expect(anonymous.text.contains(#""credentials" in \#(file)"#), "\(anonymous)")
            #expect(!anonymous.text.contains("--username"))

            let settings = #"{"state": "\#(world.directory.file("state"))", "credentials": "docker.json"}"#
            _ = try world.directory.write(settings, to: "etc/containerd.json")
            let toml = "version = 3\n\(machine.plugin)"
            #expect(try await findings(machine, toml, Reason.storage.exitCode) == ["storage"])
            _ = try world.directory.write("{", to: "etc/docker.json")
            #expect(try await findings(machine, toml, Reason.unauthorized.exitCode) == ["unauthorized"])
            let login = Data("alice:secret".utf8).base64EncodedString()
            _ = try world.directory.write(
                #"{"auths": {"\#(world.registry.address)": {"auth": "\#(login)"}}}"#,
                to: "etc/docker.json"
            )
            #expect(try await findings(machine, toml, 0).isEmpty)
            try ends(try await machine.pull(world.reference("1.0"), machine.descriptor(image)), 0)
        }
    }

    /// What a policy pins is changed there: pins of the machine would not count.
    @Test func aWrongRootIsMendedInThePolicy() async throws {
        try await World.with { world in
            let machine = try await Machine(world)
            let image = try await world.push("1.0")
            try await world.sign("1.0")
            let policy = "\(machine.folder)/policy.json"
            let text = String(decoding: try Files.read(policy), as: UTF8.self)
            let other = String(repeating: "a1", count: 32)
            let wrong = text.replacing(/"rootKeys": \["[0-9a-f]{64}"\]/, with: #""rootKeys": ["\#(other)"]"#)
            _ = try world.directory.write(wrong, to: "etc/policy.json")
            let output = try await machine.pull(world.reference("1.0"), machine.descriptor(image))
            try ends(output, 1)
            #expect(output.text.contains("[wrong-root]"), "\(output)")
            #expect(output.text.contains(#""pins" of rule 1 (line 1) of the policy \#(policy)"#), "\(output)")
            #expect(!output.text.contains("pin add"))
        }
    }

    @Test func aStateThatOthersCanWriteIsNotBelieved() async throws {
        try await World.with { world in
            let machine = try await Machine(world)
            let image = try await world.push("1.0")
            try await world.sign("1.0")
            try Files.setMode(machine.folder, 0o777)
            let folder = try await machine.pull(world.reference("1.0"), machine.descriptor(image))
            #expect(folder.text.contains("[storage]"))
            try Files.setMode(machine.folder, 0o755)
            let state = try world.directory.makeDirectory("state")
            try Files.setMode(state, 0o777)
            let output = try await machine.pull(world.reference("1.0"), machine.descriptor(image))
            try ends(output, 1)
            #expect(output.text.contains("[storage]"))
            try Files.setMode(state, 0o700)
            try ends(try await machine.pull(world.reference("1.0"), machine.descriptor(image)), 0)
            try Files.setMode("\(machine.folder)/policy.json", 0o666)
            let policy = try await machine.pull(world.reference("1.0"), machine.descriptor(image))
            #expect(policy.text.contains("[storage]"))
        }
    }

    /// containerd would pull a short name from a host of that name.
    @Test func onlyFullNamesAreAnswered() async throws {
        let directory = try TemporaryDirectory("trustctl-containerd")
        let trustctl = try Trustctl(in: directory)
        let digest = "sha256:" + String(repeating: "a", count: 64)
        let descriptor =
            #"{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "\#(digest)", "size": 2}"#
        for name in ["alpine:3", "evil/app:1", "docker.io/alpine:3", "index.docker.io/library/alpine:3"] {
            let output = try await run(
                Command(
                    trustctl.executable,
                    [
                        "containerd-verifier", "--config", directory.file("none"), "-name", name, "-digest", digest,
                        "-stdin-media-type", "application/vnd.oci.descriptor.v1+json",
                    ],
                    environment: [:],
                    input: .bytes(Array(descriptor.utf8))
                )
            )
            try ends(output, Reason.usage.exitCode)
            #expect(output.text.contains("is short for"), "\(output)")
        }
    }

    @Test func aLinkWithTheNameOfTheDoorIsTheDoor() async throws {
        let directory = try TemporaryDirectory("trustctl-containerd")
        let trustctl = try Trustctl(in: directory)
        let link = directory.file("trustctl-containerd-verifier")
        try await runSuccessfully(Command("ln", ["-s", trustctl.executable, link]))
        let output = try await run(
            Command(link, ["--config", directory.file("nothing"), "-name", "r.io/a:1"], environment: [:])
        )
        try ends(output, Reason.usage.exitCode)
        #expect(output.text.hasPrefix("refused "))
        #expect(output.errorText.isEmpty)
    }

    /// The door says all on standard output.
    private func ends(_ output: ProcessOutput, _ status: CInt) throws {
        try #require(output.exitCode == status, "\(output)")
    }

    // MARK: doctor

    /// The codes of what doctor finds with a configuration of containerd.
    private func findings(_ machine: Machine, _ toml: String, _ status: CInt) async throws -> [String] {
        let path = try machine.world.directory.write(Array(toml.utf8), to: "config.toml")
        let output = try await machine.world.consumer.run(
            "doctor",
            "--containerd",
            path,
            "--containerd-config",
            machine.folder,
            "--json"
        )
        try ends(output, status)
        try Schema.check(try output.object, "doctor")
        return try output.object["findings"]?.array?.compactMap { $0["code"]?.string } ?? []
    }

    @Test func doctorReadsAllThatIsImported() async throws {
        try await World.with { world in
            let machine = try await Machine(world)
            let begin = "version = 3\nimports = "
            let images = "[plugins.'io.containerd.cri.v1.images']\n"
            let refused = Reason.policy.exitCode
            func write(_ text: String, to name: String) throws {
                _ = try world.directory.write(Array(text.utf8), to: name)
            }
            // What an import imports, in a circle, and by a name that a shell's star does not stand for.
            try write("imports = ['conf.d/*.toml']\n", to: "more.toml")
            try write("imports = ['../more.toml']\n\(images)use_local_image_pull = true\n", to: "conf.d/.a.toml")
            #expect(
                try await findings(machine, "\(begin)['more.toml']\n\(machine.plugin)", refused)
                    == ["verifier-not-asked"]
            )
            // A later file takes nothing back: some versions of containerd merge, others do not.
            try write("\(images)use_local_image_pull = false\n", to: "conf.d/.a.toml")
            #expect(
                try await findings(
                    machine,
                    "\(begin)['conf.d/*']\n\(machine.plugin)\(images)use_local_image_pull = true\n",
                    refused
                ) == ["verifier-not-asked"]
            )
            // A pattern may stand for nothing.
            let none = "\(begin)['none.d/*.toml', 'conf.d/*[^a-z].toml', 'conf.d/[.]?.*']\n\(machine.plugin)"
            #expect(try await findings(machine, none, 0).isEmpty)
            // A name without a star is one of a file, and containerd does not start without it.
            for name in ["missing.toml", "conf.d/.?.toml", "conf.d/[*.toml"] {
                let path = try world.directory.write(
                    Array("\(begin)['\(name)']\n\(machine.plugin)".utf8),
                    to: "config.toml"
                )
                try await expectRefusal(world.consumer, ["doctor", "--containerd", path], .usage, schema: "doctor")
            }
        }
    }

    @Test func doctorLooksAtTheProgramBehindTheName() async throws {
        try await World.with { world in
            let machine = try await Machine(world)
            let toml = "version = 3\n\(machine.plugin)"
            let trustctl = world.consumer.executable
            let door = "\(machine.binDir)/trustctl-containerd-verifier"
            let script = "\(machine.binDir)/50-trustctl"
            let refused = Reason.policy.exitCode
            func link(_ target: String) async throws {
                try await runSuccessfully(Command("ln", ["-sfn", target, door]))
            }
            for (text, status, codes) in [
                ("set -e\n# It decides.\nexport A=b\nexec \(trustctl) containerd-verifier \"$@\"", 0, []),
                ("exec /bin/true containerd-verifier \"$@\"", refused, ["verifier-missing"]),
                ("exec /nowhere/trustctl containerd-verifier \"$@\"", refused, ["verifier-missing"]),
                ("# exec \(trustctl) containerd-verifier \"$@\"\nexit 0", 0, ["verifier-not-asked"]),
                ("exit 0\nexec \(trustctl) containerd-verifier \"$@\"", 0, ["verifier-not-asked"]),
                ("exec \(trustctl) containerd-verifier", 0, ["verifier-not-asked"]),
                ("exec \(trustctl) containerd-verifier || exit 0 \"$@\"", 0, ["verifier-not-asked"]),
            ] as [(String, CInt, [String])] {
                try await TestProgram.write(text, to: script)
                #expect(try await findings(machine, toml, status) == codes, "\(text)")
            }
            // A script that only looks like it does not stand for the one that is it.
            try await link(trustctl)
            #expect(try await findings(machine, toml, 0).isEmpty)
            try await runSuccessfully(Command("rm", [script]))
            #expect(try await findings(machine, toml, 0).isEmpty)
            for target in ["/bin/true", "/nowhere"] {
                try await link(target)
                #expect(try await findings(machine, toml, refused) == ["verifier-missing"], "\(target)")
            }
            // Named like trustctl, and not the one that looks.
            let other = "\(try world.directory.makeDirectory("other"))/trustctl"
            try await runSuccessfully(Command("cp", ["/bin/true", other]))
            try await link(other)
            #expect(try await findings(machine, toml, 0) == ["verifier-not-asked"])
            try Files.setMode(other, 0o777)
            #expect(
                try await findings(machine, toml, Reason.storage.exitCode) == ["verifier-not-asked", "storage"]
            )
        }
    }

    @Test func doctorLooksForWhatContainerdSkipsSilently() async throws {
        try await World.with { world in
            let machine = try await Machine(world)
            func findings(_ toml: String, _ status: CInt) async throws -> [String] {
                try await self.findings(machine, toml, status)
            }
            let plugin = machine.plugin
            #expect(try await findings("version = 3\n\(plugin)", 0).isEmpty)
            let refused = Reason.policy.exitCode
            #expect(try await findings("version = 3\n\(plugin)max_verifiers = 0\n", refused) == ["verifier-not-asked"])
            #expect(
                try await findings("version = 3\n\(plugin)per_verifier_timeout = '500ms'\n", 0)
                    == ["verifier-not-asked"]
            )
            let disabled = "version = 3\ndisabled_plugins = ['io.containerd.image-verifier.v1.bindir']\n"
            #expect(try await findings(disabled + plugin, refused) == ["verifier-not-asked"])
            let images = "[plugins.'io.containerd.cri.v1.images']\n"
            for setting in [
                "use_local_image_pull = true", "disable_snapshot_annotations = false", "discard_unpacked_layers = true",
                "image_pull_with_sync_fs = true", "max_concurrent_downloads = 4",
                "[X.registry.mirrors.'r.io']\nendpoint = []",
                "[X.registry.configs.'r.io'.auth]\nusername = 'a'",
            ] {
                let text = setting.replacing("[X.", with: "[plugins.'io.containerd.cri.v1.images'.")
                let toml = "version = 3\n\(plugin)\(images)\(text)\n"
                #expect(try await findings(toml, refused) == ["verifier-not-asked"], "\(setting)")
            }
            let harmless =
                "\(images)max_concurrent_downloads = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = '/x'\n"
            #expect(try await findings("version = 3\n\(plugin)\(harmless)", 0).isEmpty)
            #expect(
                try await findings(
                    "version = 3\n[plugins.'io.containerd.image-verifier.v1.bindir']\nbin_dir = '/nowhere'\n",
                    refused
                )
                    == ["verifier-missing"]
            )
            // What a file imports counts, and of such settings the last one.
            _ = try world.directory.write(
                Array("[plugins.'io.containerd.image-verifier.v1.bindir']\nbin_dir = '/nowhere'\n".utf8),
                to: "more.toml"
            )
            #expect(
                try await findings("version = 3\nimports = ['more.toml']\n\(plugin)", refused) == ["verifier-missing"]
            )
            try Files.setMode("\(machine.folder)/policy.json", 0o666)
            #expect(try await findings("version = 3\n\(plugin)", Reason.storage.exitCode) == ["storage"])
            let broken = try world.directory.write(Array("version = ".utf8), to: "config.toml")
            try await expectRefusal(world.consumer, ["doctor", "--containerd", broken], .usage, schema: "doctor")
            try await expectRefusal(
                world.consumer,
                ["doctor", "--containerd", world.directory.file("none.toml")],
                .usage,
                schema: "doctor"
            )
        }
    }
}
