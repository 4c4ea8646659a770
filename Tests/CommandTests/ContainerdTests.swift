import CanonicalJSON
import ContentTrust
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

    @Test func aStateThatOthersCanWriteIsNotBelieved() async throws {
        try await World.with { world in
            let machine = try await Machine(world)
            let image = try await world.push("1.0")
            try await world.sign("1.0")
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

    @Test func doctorLooksForWhatContainerdSkipsSilently() async throws {
        try await World.with { world in
            let machine = try await Machine(world)
            func findings(_ toml: String, _ status: CInt) async throws -> [String] {
                let path = try world.directory.write(Array(toml.utf8), to: "config.toml")
                let output = try await world.consumer.run(
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
            let plugin = "[plugins.'io.containerd.image-verifier.v1.bindir']\nbin_dir = '\(machine.binDir)'\n"
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
            // What a file imports counts; the later section takes the place of the earlier one.
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
