import Testing
import TrustTestSupport

@Suite struct RunningProcessTests {
    @Test func capturesOutputErrorsAndStatus() async throws {
        let output = try await run(Command("sh", ["-c", "cat; echo err >&2; exit 7"], input: .bytes(Array("in".utf8))))
        #expect(output.exitCode == 7)
        #expect(output.text == "in")
        #expect(output.errorText == "err\n")
        #expect(output.peakMemory > 0)
    }

    @Test func carriesMoreThanAPipeHolds() async throws {
        let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 3_000_000)
        let output = try await run(Command("cat", input: .bytes(bytes)))
        #expect(output.standardOutput == bytes)
    }

    @Test func survivesAChildThatDoesNotRead() async throws {
        let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 3_000_000)
        let output = try await run(Command("true", input: .bytes(bytes)))
        #expect(output.exitCode == 0)
    }

    @Test func givesExactlyTheEnvironmentAndTheDirectory() async throws {
        let output = try await run(
            Command(
                "sh",
                ["-c", "pwd; printenv"],
                environment: ["PATH": "/usr/bin:/bin", "A": "b"],
                workingDirectory: "/usr"
            )
        )
        #expect(
            Set(output.text.split(separator: "\n")).subtracting(["OLDPWD=/usr"]) == [
                "/usr", "A=b", "PATH=/usr/bin:/bin", "PWD=/usr",
            ]
        )
    }

    @Test func killsTheWholeGroupWhenTheTimeIsOver() async throws {
        let began = ContinuousClock.now
        await #expect(throws: ProcessError.self) {
            try await run(Command("sh", ["-c", "sleep 60 & sleep 60"]), timeout: .milliseconds(200))
        }
        #expect(ContinuousClock.now - began < .seconds(20))
    }

    @Test func endsWithTheProcessThoughAGrandchildHoldsTheStreams() async throws {
        let process = try await RunningProcess.start(Command("sh", ["-c", "sleep 60 & echo started"]))
        let output = try await process.wait(timeout: .seconds(20))
        #expect(output.text == "started\n")
        try await run(Command("sh", ["-c", "kill -9 -\(process.processID)"]))
    }

    @Test func waitsForOutputAndTypes() async throws {
        let process = try await RunningProcess.start(
            Command("sh", ["-c", "echo ready; read x; echo got $x"], input: .pipe)
        )
        try await process.waitForOutput("ready")
        process.type("this")
        #expect(try await process.wait(timeout: .seconds(20)).text == "ready\ngot this\n")
    }

    @Test func saysThatTheOutputNeverCame() async throws {
        let process = try await RunningProcess.start(Command("true"))
        await #expect(throws: ProcessError.self) { try await process.waitForOutput("ready", timeout: .seconds(20)) }
    }

    @Test func givesATerminalThatHangsUp() async throws {
        let process = try await RunningProcess.start(
            Command("sh", ["-c", "test -t 0 && test -t 2 && stty size </dev/tty; exec sleep 60"], input: .terminal)
        )
        try await process.waitForOutput("24 100")
        process.closeTerminal()
        #expect(try await process.wait(timeout: .seconds(20)).ending == .signalled(Signal.hangUp.rawValue))
    }

    @Test func tellsWhatCannotBeStarted() async throws {
        await #expect(throws: ProcessError.self) { try await run(Command("no-such-program-anywhere")) }
        await #expect(throws: ProcessError.self) { try await run(Command("/etc/passwd")) }
        await #expect(throws: ProcessError.self) { try await run(Command("true", workingDirectory: "/no/such/place")) }
    }

    @Test func handsOnNoDescriptorsAndNoIgnoredSignals() async throws {
        let answers = try await withThrowingTaskGroup(of: ProcessOutput.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await run(
                        Command("sh", ["-c", "ls /proc/self/fd; sed -n 's/^SigIgn:\t//p' /proc/self/status"])
                    )
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for answer in answers {
            let lines = answer.text.split(separator: "\n")
            // 3 is the directory that ls reads.
            #expect(lines.dropLast() == ["0", "1", "2", "3"])
            // Signals 32 and 33 belong to the C library, which lets nobody change them.
            let ignored = try #require(UInt64(lines.last ?? "", radix: 16))
            #expect(ignored & ~0x1_8000_0000 == 0)
        }
    }

    @Test func measuresProcessorTime() async throws {
        let output = try await run(Command("sh", ["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]))
        #expect(output.processorTime > .milliseconds(5))
    }
}
