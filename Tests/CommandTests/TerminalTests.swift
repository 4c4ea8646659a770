import Foundation
import Testing
import TrustTestSupport

/// What a person at a terminal sees, and what ctrl-C does there.
@Suite(.timeLimit(.minutes(8))) struct TerminalTests {
    static let interrupt: [UInt8] = [3]

    /// A shell at a terminal that shows how the program ended, and the terminal's settings before and after it.
    func shell(_ trustctl: Trustctl, _ script: String) async throws -> RunningProcess {
        var command = trustctl.command([], input: .terminal)
        command.executable = "sh"
        command.arguments = [
            "-c", "trap : INT; echo \"<$(stty -g)>\"; \(script); echo ended $?; echo \"<$(stty -g)>\"; exit 0",
            trustctl.executable,
        ]
        return try await RunningProcess.start(command, timeout: trustctl.timeout)
    }

    /// Expects the settings of the end to be those of the beginning.
    func expectSameSettings(_ output: ProcessOutput) {
        let settings = output.text.components(separatedBy: "<").dropFirst().map { $0.prefix { $0 != ">" } }
        #expect(settings.count == 2 && settings.first == settings.last, "\(output)")
    }

    @Test(arguments: ["verify", "verify --json", "sign image", "sign image --json"])
    func interruptingWorkInTheNetworkEndsInOrder(words: String) async throws {
        let server = try RawServer(Faults.silence)
        defer { server.stop() }
        let directory = try TemporaryDirectory()
        let process = try await shell(try Trustctl(in: directory), "\"$0\" \(words) \(server.authority)/app:1")
        while server.requests.isEmpty, !process.hasEnded { try await Task.sleep(for: .milliseconds(10)) }
        process.write(Self.interrupt)
        let ended = try await process.wait()
        #expect(ended.text.contains("interrupted\r\nended 130"), "\(ended)")
        #expect(!ended.text.contains("exitCode"), "\(ended)")
        #expect(!ended.text.contains("refused"), "\(ended)")
        expectSameSettings(ended)
    }

    @Test func interruptingAgainEndsWorkThatDoesNotHeedTheFirst() async throws {
        let directory = try TemporaryDirectory()
        let pipe = directory.file("pipe")
        try await runSuccessfully(Command("mkfifo", [pipe]))
        // Nobody ever writes to it, and opening it cannot be cancelled.
        let process = try await Trustctl(in: directory).start(
            "sign",
            "image",
            "registry.example.com/app:1",
            "--digest-file",
            pipe,
            input: .terminal
        )
        while try !catchesInterrupts(process), !process.hasEnded { try await Task.sleep(for: .milliseconds(10)) }
        let first = ContinuousClock.now
        while !process.hasEnded {
            process.write(Self.interrupt)
            try await Task.sleep(for: .milliseconds(200))
        }
        // After ten seconds it would end without being asked again.
        #expect(first.duration(to: .now) < .seconds(8))
        let ended = try await process.wait()
        #expect(ended.exitCode == 130, "\(ended)")
        #expect(!ended.text.contains("interrupted"), "\(ended)")
    }

    /// Whether a program has a handler for ctrl-C.
    func catchesInterrupts(_ process: RunningProcess) throws -> Bool {
        let status = try String(decoding: Files.read("/proc/\(process.processID)/status"), as: UTF8.self)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") })
        let caught = try #require(UInt64(line.dropFirst("SigCgt:".count).trimmingPrefix("\t"), radix: 16))
        return caught & 1 << UInt64(Signal.interrupt.rawValue - 1) != 0
    }

    @Test(arguments: [
        ["verify", "registry.example.com/app:1", "--username", "u", "--password-stdin"],
        ["sign", "image", "--from-file", "-"],
    ]) func interruptingWhatIsReadFromTheTerminal(arguments: [String]) async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        let process = try await RunningProcess.start(
            trustctl.command(arguments, input: .terminal),
            timeout: trustctl.timeout
        )
        while try !catchesInterrupts(process), !process.hasEnded { try await Task.sleep(for: .milliseconds(10)) }
        process.write(Self.interrupt)
        let ended = try await process.wait()
        #expect(ended.exitCode == 130, "\(ended)")
        #expect(ended.text.contains("interrupted"), "\(ended)")
    }

    @Test func aTimeLimitEndsWaitingForAPassword() async throws {
        let directory = try TemporaryDirectory()
        let ended = try await Trustctl(in: directory).run(
            "verify",
            "registry.example.com/app:1",
            "--username",
            "u",
            "--password-stdin",
            "--timeout",
            "1s",
            input: .terminal
        )
        #expect(ended.exitCode == 20, "\(ended)")
        #expect(ended.text.contains("no answer within 1 s"), "\(ended)")
    }

    @Test(arguments: [("y\n", true), ("YES\n", true), ("n\n", false), ("\n", false), ("yesterday\n", false)])
    func aQuestionIsAnsweredByAPerson(answer: String, isYes: Bool) async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        let key = try await trustctl.run("key", "generate", "--unsafe-unencrypted").line
        let process = try await trustctl.start("key", "remove", key, input: .terminal)
        try await process.waitForOutput("[y/N]")
        process.write(Array(answer.utf8))
        #expect(try await process.wait().exitCode == 0)
        #expect(try await trustctl.run("key", "list", "--json").text.contains(key) != isYes)
    }

    @Test func interruptingAQuestionIsANo() async throws {
        let directory = try TemporaryDirectory()
        let trustctl = try Trustctl(in: directory)
        let key = try await trustctl.run("key", "generate", "--unsafe-unencrypted").line
        let process = try await trustctl.start("key", "remove", key, input: .terminal)
        try await process.waitForOutput("[y/N]")
        process.write(Self.interrupt)
        let ended = try await process.wait()
        #expect(ended.exitCode == 130, "\(ended)")
        #expect(ended.text.contains("kept the root key"), "\(ended)")
        #expect(try await trustctl.run("key", "list", "--json").text.contains(key))
    }

    @Test func progressIsDrawnOnTerminalsAndTakenAway() async throws {
        try await World.with { world in
            let image = try await world.push("one")
            try await world.tag(image, "t-[1-50]")
            try await world.initialize()
            let references = (1...50).map { world.reference("t-\($0)") }
            let list = try world.directory.write(references.joined(separator: "\n") + "\n", to: "list")
            let erased = "\r\u{1b}[K"
            for columns in [80, 40, 20] {
                let script = "stty cols \(columns); \"$0\" sign image --from-file '\(list)'"
                let ended = try await shell(world.publisher, script).wait()
                #expect(ended.text.contains("ended 0"), "\(ended)")
                let pieces = ended.text.components(separatedBy: erased)
                let bars = pieces.dropFirst().dropLast()
                #expect(bars.count >= 2, "\(ended)")
                for bar in bars {
                    #expect(bar.hasPrefix("reading "), "\(ended)")
                    #expect(bar.count < columns && !bar.contains("\n"), "\(ended)")
                }
                if columns > 20 { #expect(bars.last?.hasSuffix("] 100 % (50 of 50)") == true, "\(ended)") }
                #expect(pieces.last?.hasPrefix("\(world.repository): 50 tags") == true, "\(ended)")
                #expect(references.allSatisfy { ended.text.contains("\n\($0)@\(image.digest)\r\n") }, "\(ended)")
            }

            let quiet = try await shell(world.publisher, "\"$0\" sign image --quiet --from-file '\(list)'").wait()
            #expect(quiet.text.contains("ended 0") && !quiet.text.contains("\u{1b}"), "\(quiet)")
            let plain = try await world.publisher.run("sign", "image", "--from-file", list)
            try expect(plain, 0)
            #expect(!plain.errorText.contains("\u{1b}") && !plain.errorText.contains("\r"), "\(plain)")
            #expect(!plain.errorText.contains("reading"), "\(plain)")
        }
    }
}
