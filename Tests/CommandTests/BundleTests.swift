import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// `bundle create` and `bundle verify`, with a registry that is gone when it comes to proving something.
@Suite struct BundleCommandTests {
    /// Makes bundles in a world, and hands them over once its registry has stopped.
    private static func with(
        _ names: [String: [String]],
        _ body: (World, JSONValue, TestImages.Entry, (String) -> String) async throws -> Void
    ) async throws {
        try await World.with { world in
            let entry = try await world.push("1.0")
            let made = try await world.initialize()
            try await world.sign("1.0")
            for (name, arguments) in names {
                let file = world.directory.file(name)
                let output = try await world.publisher.runAll(
                    ["bundle", "create", "--out", file, "--json"]
                        + arguments.map { $0 == "REPO" ? world.repository : $0 }
                )
                try expect(output, 0)
                try Schema.check(try output.object, "bundle")
            }
            await world.registry.stop()
            try await body(world, made, entry) { world.directory.file($0) }
        }
    }

    @Test func provesATagWithoutTheRegistry() async throws {
        try await Self.with(["whole": ["REPO"]]) { world, made, entry, file in
            let arguments = ["bundle", "verify", file("whole")]
            try await expectRefusal(world.consumer, arguments, .noPin, schema: "bundle")
            // A pipe would keep it waiting for as long as nobody writes.
            try await runSuccessfully(Command("mkfifo", [file("pipe")]))
            let pipe = ["bundle", "verify", file("pipe")]
            try await expectRefusal(world.consumer, pipe, .usage, schema: "bundle")
            try await world.pin(made)
            let all = try await world.consumer.runAll(arguments)
            try expect(all, 0)
            #expect(all.text == "\(world.reference("1.0"))@\(entry.digest)\n")
            #expect(all.errorText.contains("by the signed timestamp role"))
            try Schema.check(try await world.consumer.runAll(arguments + ["--json"]).object, "bundle")
            let one = try await world.consumer.runAll(arguments + [world.reference("1.0"), "--json"])
            try expect(one, 0)
            let object = try one.object
            try Schema.check(object, "bundle")
            #expect(object["image"]?.string == "\(world.repository)@\(entry.digest)")
            #expect(object["time"]?["evidence"] == "timestamp-role")
            try await expectRefusal(
                world.consumer,
                arguments + [world.reference("2.0")],
                .unsignedTag,
                schema: "bundle"
            )
            let other = "\(world.registry.address)/team/other:1.0"
            try await expectRefusal(world.consumer, arguments + [other], .noPin, schema: "bundle")
            let stranger = String(repeating: "0", count: 64)
            try await expectRefusal(
                world.consumer,
                arguments + ["--root-key", stranger],
                .wrongRoot,
                schema: "bundle"
            )
        }
    }

    @Test func writesNoFileThatIsThere() async throws {
        try await World.with { world in
            try await world.signed()
            let file = try world.directory.write(Array("mine".utf8), to: "mine")
            let arguments = ["bundle", "create", world.reference("1.0"), "--out", file]
            try await expectRefusal(world.publisher, arguments, .usage, schema: "bundle")
            #expect(try Files.read(file) == Array("mine".utf8))
            try expect(try await world.publisher.runAll(arguments + ["--replace", "--with-manifest"]), 0)
            try expect(try await world.consumer.runAll(["bundle", "verify", file]), 0)
        }
    }

    @Test func aPlatformIsFoundOffLine() async throws {
        try await World.with { world in
            try await world.images.makeMultiArchitectureImage("1.0")
            try await Skopeo(world.registry).push(world.images, "1.0", to: "team/app:1.0")
            try await world.pin(try await world.initialize())
            try await world.sign("1.0")
            let (bare, full) = (world.directory.file("bare"), world.directory.file("full"))
            let create = ["bundle", "create", world.reference("1.0"), "--out"]
            try expect(try await world.publisher.runAll(create + [bare]), 0)
            try expect(try await world.publisher.runAll(create + [full, "--platform", "linux/arm64"]), 0)
            await world.registry.stop()
            let platform = ["--platform", "linux/arm64"]
            let answer = try await world.consumer.runAll(["bundle", "verify", full, "--json"] + platform)
            try expect(answer, 0)
            #expect(try answer.object["digest"] == .string(world.images.entry("1.0-arm64").digest))
            #expect(try answer.object["index"] == .string(world.images.entry("1.0").digest))
            try await expectRefusal(
                world.consumer,
                ["bundle", "verify", bare] + platform,
                .platformMissing,
                schema: "bundle"
            )
        }
    }
}
