import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// Signals, terminals, pipes, disks and other processes.
@Suite(.timeLimit(.minutes(8))) struct ProcessTests {
    @Test(arguments: [(Signal.interrupt, 130), (.terminate, 143), (.hangUp, 129)] as [(Signal, CInt)])
    func asksToStopAreHeeded(signal: Signal, status: CInt) async throws {
        let server = try RawServer(Faults.silence)
        defer { server.stop() }
        let directory = try TemporaryDirectory()
        let process = try await Trustctl(in: directory).start("verify", "\(server.authority)/app:1")
        while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
        process.kill(signal)
        let ended = try await process.wait()
        #expect(ended.exitCode == status, "\(ended)")
        #expect(ended.text == "")
    }

    @Test func interruptingAPromptGivesTheTerminalBack() async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        // A shell shows the terminal's settings after the program has ended.
        var command = trustctl.command([], input: .terminal, variables: ["TRUSTCTL_ROOT_PASSPHRASE": nil])
        command.arguments = ["-c", "trap : INT; '\(trustctl.executable)' key generate; echo ended $?; stty -a; exit 0"]
        command.executable = "sh"
        let process = try await RunningProcess.start(command, timeout: .seconds(60))
        try await process.waitForOutput("New passphrase")
        process.write([3])
        let ended = try await process.wait()
        #expect(ended.text.contains("ended 130"), "\(ended)")
        #expect(ended.text.contains(" echo "), "\(ended)")
        #expect(try await trustctl.run("key", "list").text == "")
    }

    @Test func aTerminalClosedHalfWay() async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        let process = try await trustctl.start(
            "key",
            "generate",
            input: .terminal,
            variables: ["TRUSTCTL_ROOT_PASSPHRASE": nil]
        )
        try await process.waitForOutput("New passphrase")
        process.closeTerminal()
        let ended = try await process.wait(timeout: .seconds(30))
        #expect(ended.exitCode != 0)
        #expect(try await trustctl.run("key", "list").text == "")
    }

    @Test func aTerminalClosedWhileSigningWaitsForAPassphrase() async throws {
        try await World.with { world in
            try await world.push("1.0")
            try expect(try await world.publisher.run("init", world.repository), 0)
            let before = try await Skopeo(world.registry).digest("team/app:trust-data")
            let process = try await world.publisher.start(
                "sign",
                "image",
                world.reference("1.0"),
                input: .terminal,
                variables: ["TRUSTCTL_TARGETS_PASSPHRASE": nil]
            )
            try await process.waitForOutput("Passphrase", timeout: .seconds(60))
            process.closeTerminal()
            let ended = try await process.wait(timeout: .seconds(60))
            #expect(ended.exitCode != 0, "\(ended)")
            #expect(try await Skopeo(world.registry).digest("team/app:trust-data") == before)
            try await expectRefusal(world.publisher, ["verify", world.reference("1.0")], .unsignedTag)
        }
    }

    @Test func aReaderThatGoesAwayAndADiskThatIsFull() async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        let id = String(repeating: "1a", count: 32)
        try expect(try await trustctl.run("pin", "add", "registry.example.com/a", "--root-key", id), 0)
        func shell(_ script: String) async throws -> ProcessOutput {
            var command = trustctl.command([])
            command.arguments = ["-c", script]
            command.executable = "bash"
            return try await run(command)
        }
        let piped = try await shell("'\(trustctl.executable)' pin list | true; echo ${PIPESTATUS[0]}")
        #expect(["141", "0"].contains(piped.line), "\(piped)")
        #expect(piped.errorText == "")
        let full = try await shell("'\(trustctl.executable)' pin list > /dev/full")
        #expect(full.exitCode == 32, "\(full)")
        let closed = try await shell("'\(trustctl.executable)' pin list >&-")
        #expect(closed.exitCode == 32, "\(closed)")
        // What the program opens for itself does not take the place of its output.
        let allClosed = try await shell("'\(trustctl.executable)' pin list <&- >&- 2>&-")
        #expect(allClosed.exitCode == 32, "\(allClosed)")
    }

    @Test func twoPublishersAtOnceBothSign() async throws {
        try await World.with { world in
            try await world.push("1", "one")
            try await world.push("2", "two")
            try await world.initialize()
            let first = try await world.publisher.start("sign", "image", world.reference("1"))
            let second = try await world.publisher.start("sign", "image", world.reference("2"))
            for process in [first, second] {
                let ended = try await process.wait()
                #expect(ended.exitCode == 0, "\(ended)")
            }
            try expect(try await world.publisher.run("verify", world.reference("1"), world.reference("2")), 0)
        }
    }

    @Test func aFullDiskLosesNothing() async throws {
        try #require(SmallFileSystem.isAvailable)
        try await World.with { world in
            let image = try await world.signed()
            try await SmallFileSystem.with { disk in
                var consumer = world.consumer
                try Files.copy("\(world.consumer.home)/trust", to: "\(disk)/trust")
                consumer.home = disk
                consumer.environment["TRUSTCTL_HOME"] = disk
                try Files.setMode("\(disk)/trust", 0o700)
                try SmallFileSystem.fill("\(disk)/filler")
                try await expectRefusal(consumer, ["verify", world.reference("1.0")], .storage)
                let id = String(repeating: "1a", count: 32)
                try expect(try await consumer.run("pin", "add", "registry.example.com/b", "--root-key", id), 32)
                #expect(try await consumer.run("pin", "list").text.contains(world.repository))
                try Files.remove("\(disk)/filler")
                let answer = try await consumer.run("verify", world.reference("1.0"))
                #expect(answer.text == "\(world.repository)@\(image.digest)\n")
            }
        }
    }

    @Test func anUnprivilegedUserWithoutRights() async throws {
        try await World.with { world in
            try await world.signed()
            let program = try TemporaryDirectory("trustctl-program")
            try Files.makePublic(world.directory.path)
            let nobody = try await world.consumer.forUnprivilegedUser(in: program)
            let verify = nobody.command(["verify", world.reference("1.0")]).unprivileged()
            try expect(try await run(verify), 0)
            try Files.setMode("\(nobody.home)/trust", 0o500)
            try Files.setMode("\(nobody.home)/trust/pins.json", 0o400)
            let id = String(repeating: "1a", count: 32)
            let add = nobody.command(["pin", "add", "registry.example.com/b", "--root-key", id]).unprivileged()
            try expect(try await run(add), 32)
            try Files.setMode("\(nobody.home)/trust", 0o000)
            let refused = try await run(verify)
            try expect(refused, 32)
            #expect(refused.text == "")
            try Files.setMode("\(nobody.home)/trust", 0o700)
            try expect(try await run(verify), 0)
        }
    }
}
