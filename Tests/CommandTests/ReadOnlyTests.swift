import ContentTrust
import Testing
import TrustTestSupport

/// A `TRUSTCTL_HOME` on a disk that is mounted read-only.
@Suite(.timeLimit(.minutes(8)), .enabled(if: SmallFileSystem.isAvailable)) struct ReadOnlyTests {
    /// Publishes 1.0 from a home on a small disk, and runs a test while the disk is read-only; afterwards all that the
    /// home held is there, and works.
    func with(_ body: (World, Trustctl) async throws -> Void) async throws {
        try await World.with { world in
            let image = try await world.signed()
            try await SmallFileSystem.with { disk in
                for name in try Files.names(in: world.publisher.home) {
                    try Files.copy("\(world.publisher.home)/\(name)", to: "\(disk)/\(name)")
                }
                var trustctl = world.publisher
                trustctl.home = disk
                trustctl.environment["TRUSTCTL_HOME"] = disk
                try expect(try await trustctl.run("verify", world.reference("1.0")), 0)
                try await SmallFileSystem.setReadOnly(disk, true)
                try await body(world, trustctl)
                try await SmallFileSystem.setReadOnly(disk, false)
                let answer = try await trustctl.run("verify", world.reference("1.0"))
                try expect(answer, 0)
                #expect(answer.text == "\(world.repository)@\(image.digest)\n")
                try await world.push("after", "after")
                try expect(try await trustctl.run("sign", "image", world.reference("after")), 0)
            }
        }
    }

    @Test func whatWasSeenAnswersAndWhatIsNewCannotBeRemembered() async throws {
        try await with { world, trustctl in
            let reference = world.reference("1.0")
            for command in ["verify", "resolve"] {
                try expect(try await trustctl.run(command, reference, "--offline"), 0)
            }
            try await world.push("2.0", "two")
            try await world.sign("2.0")
            for tag in ["1.0", "2.0"] {
                try await expectRefusal(trustctl, ["verify", world.reference(tag)], .storage)
            }
            let refused = try await trustctl.run("verify", reference)
            #expect(refused.errorText.contains("read-only file system"), "\(refused)")
            #expect(refused.errorText.contains("TRUSTCTL_HOME"), "\(refused)")
            try expect(try await trustctl.run("verify", reference, "--offline"), 0)
        }
    }

    @Test func signingSaysThatTheHomeCannotBeWritten() async throws {
        try await with { world, trustctl in
            try await world.push("2.0", "two")
            let refused = try await trustctl.run("sign", "image", world.reference("2.0"))
            try expect(refused, Reason.storage.exitCode)
            #expect(refused.text == "")
            #expect(refused.errorText.contains("read-only file system"), "\(refused)")
        }
    }

    @Test func keysAndPinsAreNotMadeHalfWay() async throws {
        try await with { world, trustctl in
            let id = String(repeating: "1a", count: 32)
            let keys = try await trustctl.run("key", "list", "--json").text
            let pins = try await trustctl.run("pin", "list", "--json").text
            for arguments in [
                ["key", "generate"],
                ["pin", "add", "registry.example.com/b", "--root-key", id],
                ["pin", "remove", world.repository],
            ] {
                let refused = try await trustctl.runAll(arguments)
                try expect(refused, Reason.storage.exitCode)
                #expect(refused.text == "", "\(refused)")
                #expect(refused.errorText.contains("read-only file system"), "\(refused)")
            }
            #expect(try await trustctl.run("key", "list", "--json").text == keys)
            #expect(try await trustctl.run("pin", "list", "--json").text == pins)
            #expect(keys != "" && pins != "")
        }
    }
}
