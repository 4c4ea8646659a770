import CTestShims
import Foundation
import Glibc
import Synchronization

/// A program that runs beside the test. One thread of its own starts it, moves its bytes and waits for it, so that any
/// number of them can run from concurrent tests; `SIGKILL` reaches its whole process group.
///
/// A `RunningProcess` that is let go still runs; end it with ``kill(_:)`` or ``stop(within:)``.
public final class RunningProcess: Sendable {
    /// The command that it runs.
    public let command: Command
    /// The id of the process, which is that of its process group, too.
    public let processID: Int32

    private let state: Mutex<State>

    private struct State {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var toWrite: [UInt8]
        var closesInput: Bool
        var closesTerminal = false
        var deadline: ContinuousClock.Instant?
        var timedOut = false
        var ended: ProcessOutput?
        /// Called with every new piece of output and at the end; a watcher that is done answers false.
        var watchers: [@Sendable (borrowing State) -> Bool] = []
        /// The write end of the pipe that wakes the thread; -1 when the process has ended.
        var wake: CInt
    }

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - command: What to run.
    ///   - timeout: When it is killed, from now; nil is never.
    /// - Returns: The running program.
    /// - Throws: `ProcessError.notFound` and `ProcessError.notStarted`.
    public static func start(_ command: Command, timeout: Duration? = nil) async throws -> RunningProcess {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { run(command, timeout: timeout, started: continuation) }
        }
    }

    private init(command: Command, processID: Int32, state: consuming State) {
        self.command = command
        self.processID = processID
        self.state = Mutex(state)
    }

    /// What it has written so far.
    public var standardOutputSoFar: [UInt8] { state.withLock { $0.output } }

    /// What it has written to standard error so far.
    public var standardErrorSoFar: [UInt8] { state.withLock { $0.errors } }

    /// Whether it has ended.
    public var hasEnded: Bool { state.withLock { $0.ended != nil } }

    /// Queues bytes for its standard input or terminal. Does nothing when the input was ended or the program is gone.
    ///
    /// - Parameter bytes: What the program reads next.
    public func write(_ bytes: [UInt8]) {
        state.withLock { state in
            guard !state.closesInput else { return }
            state.toWrite += bytes
            Self.wake(state)
        }
    }

    /// Queues a line for its standard input or terminal.
    ///
    /// - Parameter line: The text; a line feed is added.
    public func type(_ line: String) { write(Array(line.utf8) + [UInt8(ascii: "\n")]) }

    /// Ends its standard input, after what is queued.
    public func closeInput() {
        state.withLock { state in
            state.closesInput = true
            Self.wake(state)
        }
    }

    /// Closes its terminal as a closed window does: the program gets SIGHUP, and its writes fail.
    public func closeTerminal() {
        state.withLock { state in
            state.closesTerminal = true
            Self.wake(state)
        }
    }

    /// Sends a signal to its process group; does nothing when it has ended.
    ///
    /// - Parameter signal: The signal.
    public func kill(_ signal: Signal = .kill) {
        state.withLock { state in
            // Under the lock nobody can have reaped the process, so its id cannot belong to another yet.
            guard state.ended == nil else { return }
            _ = Glibc.kill(-processID, signal.rawValue)
        }
    }

    /// Waits for its end.
    ///
    /// - Parameter timeout: When it is killed, from now; nil leaves the time limit that it was started with.
    /// - Returns: What it wrote and how it ended.
    /// - Throws: `ProcessError.timedOut`.
    @discardableResult
    public func wait(timeout: Duration? = nil) async throws(ProcessError) -> ProcessOutput {
        if let timeout {
            state.withLock { state in
                let deadline = ContinuousClock.now + timeout
                state.deadline = state.deadline.map { min($0, deadline) } ?? deadline
                Self.wake(state)
            }
        }
        await watch { $0.ended != nil }
        let (ended, timedOut) = state.withLock { ($0.ended, $0.timedOut) }
        guard let ended else { preconditionFailure("the watcher answers only when the process has ended") }
        if timedOut { throw .timedOut(command.description, ended) }
        return ended
    }

    /// Waits until standard output or standard error holds a text.
    ///
    /// - Parameters:
    ///   - text: What to look for.
    ///   - timeout: When the program is killed and the wait given up.
    /// - Throws: `ProcessError.endedEarly` when it ends without writing it, `ProcessError.timedOut`.
    public func waitForOutput(_ text: String, timeout: Duration = .seconds(30)) async throws(ProcessError) {
        let needle = Array(text.utf8)
        let alarm = Task { [weak self] in
            try await Task.sleep(for: timeout)
            self?.expire()
        }
        await watch { $0.output.containsBytes(needle) || $0.errors.containsBytes(needle) || $0.ended != nil }
        alarm.cancel()
        let (found, ended, timedOut) = state.withLock { state in
            (
                state.output.containsBytes(needle) || state.errors.containsBytes(needle), state.ended, state.timedOut
            )
        }
        if found { return }
        guard let ended else { preconditionFailure("the watcher answers only at the text or at the end") }
        if timedOut { throw .timedOut("\(command), waiting for \"\(text)\"", ended) }
        throw .endedEarly("\(command), waiting for \"\(text)\"", ended)
    }

    /// Asks it to end with SIGTERM, then kills it, and waits for its end.
    ///
    /// - Parameter grace: How long it may take to end by itself.
    /// - Returns: What it wrote and how it ended.
    @discardableResult
    public func stop(within grace: Duration = .seconds(5)) async -> ProcessOutput {
        kill(.terminate)
        let alarm = Task { [weak self] in
            try await Task.sleep(for: grace)
            self?.kill(.kill)
        }
        await watch { $0.ended != nil }
        alarm.cancel()
        guard let ended = state.withLock({ $0.ended }) else {
            preconditionFailure("the watcher answers only when the process has ended")
        }
        return ended
    }

    private func expire() {
        state.withLock { state in
            guard state.ended == nil else { return }
            state.timedOut = true
            _ = Glibc.kill(-processID, SIGKILL)
        }
    }

    /// Waits until a condition on the state holds. It must hold at the end of the process at the latest.
    private func watch(_ condition: @escaping @Sendable (borrowing State) -> Bool) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            state.withLock { state in
                if condition(state) {
                    continuation.resume()
                    return
                }
                state.watchers.append { state in
                    guard condition(state) else { return true }
                    continuation.resume()
                    return false
                }
            }
        }
    }

    private static func wake(_ state: borrowing State) {
        guard state.wake >= 0 else { return }
        var byte: UInt8 = 0
        _ = Glibc.write(state.wake, &byte, 1)
    }
}

extension RunningProcess {
    /// The life of the thread: start, report, move bytes, reap.
    private static func run(
        _ command: Command,
        timeout: Duration?,
        started: CheckedContinuation<RunningProcess, any Error>
    ) {
        // Writing to a child that no longer reads must fail with EPIPE instead of ending the tests.
        var pipeSignal = sigset_t()
        sigemptyset(&pipeSignal)
        sigaddset(&pipeSignal, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipeSignal, nil)

        var wakeReader: CInt = -1
        var wakeWriter: CInt = -1
        let result = testshims_pipe(&wakeReader, &wakeWriter)
        guard result == 0 else {
            started.resume(throwing: ProcessError.notStarted(command.description, errno: result))
            return
        }
        for end in [wakeReader, wakeWriter] { _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK) }
        let began = ContinuousClock.now
        let child: ChildProcess
        do {
            child = try ChildProcess.spawn(command)
        } catch {
            close(wakeReader)
            close(wakeWriter)
            started.resume(throwing: error)
            return
        }
        var toWrite: [UInt8] = []
        var closesInput = false
        switch command.input {
        case .bytes(let bytes):
            toWrite = bytes
            closesInput = true
        case .null: closesInput = true
        case .pipe, .terminal: break
        }
        let process = RunningProcess(
            command: command,
            processID: child.processID,
            state: State(
                toWrite: toWrite,
                closesInput: closesInput,
                deadline: timeout.map { began + $0 },
                wake: wakeWriter
            )
        )
        started.resume(returning: process)
        var pump = Pump(child: child, wake: wakeReader)
        process.move(&pump)
        process.reap(began: began, wakeEnd: wakeWriter)
        pump.closeAll()
    }

    /// The thread's ends of the streams; -1 is closed.
    private struct Pump {
        var output: CInt
        var errors: CInt
        var input: CInt
        let wake: CInt

        init(child: ChildProcess, wake: CInt) {
            output = child.output
            errors = child.errors
            input = child.input
            self.wake = wake
        }

        mutating func closeInput() {
            if input >= 0 { close(input) }
            input = -1
        }

        mutating func closeAll() {
            for descriptor in [output, errors, input, wake] where descriptor >= 0 { close(descriptor) }
            output = -1
            errors = -1
            input = -1
        }

        /// Reads what there is; a stream that is at its end is closed.
        static func drain(_ descriptor: inout CInt) -> [UInt8] {
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while descriptor >= 0 {
                let count = read(descriptor, &buffer, buffer.count)
                if count > 0 {
                    bytes += buffer[..<count]
                } else if count < 0 && errno == EINTR {
                    continue
                } else if count < 0 && errno == EAGAIN {
                    break
                } else {
                    // The end; on a terminal that is EIO.
                    close(descriptor)
                    descriptor = -1
                }
            }
            return bytes
        }
    }

    /// Moves bytes until the process has ended; it is not reaped yet then.
    private func move(_ pump: inout Pump) {
        var pause: Int32 = 1
        while true {
            prepare(&pump)
            let hasInput = state.withLock { !$0.toWrite.isEmpty }
            var descriptors = [
                pollfd(fd: pump.wake, events: Int16(POLLIN), revents: 0),
                pollfd(fd: pump.output, events: Int16(POLLIN), revents: 0),
                pollfd(fd: pump.errors, events: Int16(POLLIN), revents: 0),
                pollfd(fd: hasInput ? pump.input : -1, events: Int16(POLLOUT), revents: 0),
            ]
            // With both streams closed the end is near, and nothing but asking tells it: ask often at first. A child
            // of the child may hold the streams open after the end, so ask now and then in any case.
            let streamsAreOver = pump.output < 0 && pump.errors < 0
            pause = streamsAreOver ? min(pause * 2, 50) : 50
            poll(&descriptors, nfds_t(descriptors.count), pause)
            if descriptors[0].revents != 0 {
                var sink = [UInt8](repeating: 0, count: 64)
                while read(pump.wake, &sink, sink.count) > 0 {}
            }
            take(&pump)
            var information = siginfo_t()
            let answer = waitid(P_PID, id_t(processID), &information, WEXITED | WNOHANG | WNOWAIT)
            if answer == 0 && information.si_signo == SIGCHLD { break }
        }
        take(&pump)
    }

    /// Does what the test has asked for since: more input, its end, a closed terminal, a passed deadline.
    private func prepare(_ pump: inout Pump) {
        state.withLock { state in
            if let deadline = state.deadline, ContinuousClock.now >= deadline {
                state.deadline = nil
                state.timedOut = true
                _ = Glibc.kill(-processID, SIGKILL)
            }
            if state.closesTerminal {
                for descriptor in [pump.output, pump.input] where descriptor >= 0 { close(descriptor) }
                pump.output = -1
                pump.input = -1
            }
            while pump.input >= 0 && !state.toWrite.isEmpty {
                let count = Glibc.write(pump.input, state.toWrite, state.toWrite.count)
                if count > 0 {
                    state.toWrite.removeFirst(count)
                } else if errno == EAGAIN {
                    break
                } else if errno != EINTR {
                    state.toWrite = []
                    pump.closeInput()
                }
            }
            if pump.input < 0 { state.toWrite = [] }
            if state.closesInput && state.toWrite.isEmpty { pump.closeInput() }
        }
    }

    /// Takes over what the process has written and tells who waits for it.
    private func take(_ pump: inout Pump) {
        let output = Pump.drain(&pump.output)
        let errors = Pump.drain(&pump.errors)
        if output.isEmpty && errors.isEmpty { return }
        state.withLock { state in
            state.output += output
            state.errors += errors
            Self.tell(&state)
        }
    }

    private static func tell(_ state: inout State) {
        let watchers = state.watchers
        state.watchers = []
        let waiting = watchers.filter { $0(state) }
        state.watchers += waiting
    }

    private func reap(began: ContinuousClock.Instant, wakeEnd: CInt) {
        state.withLock { state in
            var status: Int32 = 0
            var usage = rusage()
            while wait4(processID, &status, 0, &usage) < 0 && errno == EINTR {}
            let signal = status & 0x7f
            let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
            let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
            state.ended = ProcessOutput(
                ending: signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal),
                standardOutput: state.output,
                standardError: state.errors,
                processorTime: .seconds(seconds) + .microseconds(microseconds),
                peakMemory: usage.ru_maxrss * 1024,
                wallTime: ContinuousClock.now - began
            )
            state.wake = -1
            close(wakeEnd)
            Self.tell(&state)
        }
    }
}

extension [UInt8] {
    /// Whether these bytes stand somewhere in the array.
    func containsBytes(_ needle: [UInt8]) -> Bool {
        guard let first = needle.first else { return true }
        guard count >= needle.count else { return false }
        var start = startIndex
        while let found = self[start...].firstIndex(of: first), found + needle.count <= endIndex {
            if self[found..<(found + needle.count)].elementsEqual(needle) { return true }
            start = found + 1
        }
        return false
    }
}
