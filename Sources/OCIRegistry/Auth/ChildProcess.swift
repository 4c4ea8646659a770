import CTrustShims
import Synchronization
import TrustTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs a short-lived program: a few bytes in, a bounded number out, never longer than its time.
struct ChildProcess: Sendable {
    /// Why there is no output.
    enum Failure: Error, Sendable, Equatable {
        case notStarted(errno: Int32)
        case timedOut
        case outputTooLong
        case cancelled
    }

    /// How it ended.
    enum Status: Sendable, Equatable, CustomStringConvertible {
        case exited(Int32)
        case signalled(Int32)

        var description: String {
            switch self {
            case .exited(let code): "exit status \(code)"
            case .signalled(let number): "killed by signal \(number)"
            }
        }
    }

    /// What it left.
    struct Output: Sendable {
        var status: Status
        var output: [UInt8]
        /// The beginning of standard error.
        var errors: [UInt8]
    }

    /// The longest input: it has to fit into a pipe at once, so that nothing here can block on a program that does not
    /// read, nor be killed by one that has ended.
    static let maximumInput = 4_096

    let program: String
    let arguments: [String]
    let environment: [String: String]
    let input: [UInt8]
    let maximumOutput: Int
    let timeout: Duration

    /// Runs it to its end, on a thread of its own. Cancellation kills it.
    func run() async throws(Failure) -> Output {
        let cancelled = CancelFlag()
        let result = await withTaskCancellationHandler {
            do throws(DedicatedThread.StartError) {
                return try await DedicatedThread.run { runBlocking(cancelled) }
            } catch {
                return Result<Output, Failure>.failure(.notStarted(errno: error.number))
            }
        } onCancel: {
            cancelled.raise()
        }
        return try result.get()
    }

    private func runBlocking(_ cancelled: CancelFlag) -> Result<Output, Failure> {
        do throws(Failure) {
            let running = try start()
            return .success(try running.finish(maximumOutput: maximumOutput, timeout: timeout, cancelled: cancelled))
        } catch {
            return .failure(error)
        }
    }

    private func start() throws(Failure) -> RunningChild {
        guard input.count <= Self.maximumInput else { throw .notStarted(errno: E2BIG) }
        let stdin = try Pipe()
        let stdout = try Pipe()
        let stderr = try Pipe()
        let written = stdin.writing.use { number in
            input.withUnsafeBytes { write(number, $0.baseAddress, $0.count) }
        }
        guard written == input.count else { throw .notStarted(errno: errno) }
        var actions = SpawnActions()
        actions.connect(stdin.reading, to: STDIN_FILENO)
        actions.connect(stdout.writing, to: STDOUT_FILENO)
        actions.connect(stderr.writing, to: STDERR_FILENO)
        let pid = try actions.spawn(program, [program] + arguments, environment.map { "\($0)=\($1)" })
        return RunningChild(pid: pid, output: stdout.reading, errors: stderr.reading)
    }
}

/// Set from the cancellation handler, read by the thread that waits.
final class CancelFlag: Sendable {
    private let value = Atomic(false)

    var isRaised: Bool { value.load(ordering: .relaxed) }

    func raise() {
        value.store(true, ordering: .relaxed)
    }
}

/// A file descriptor that is closed when the last reference to it goes.
private final class Descriptor: Sendable {
    private let number: Int32

    init(_ number: Int32) {
        self.number = number
    }

    /// Lends the number; the descriptor stays open for as long as `body` runs.
    func use<R>(_ body: (Int32) -> R) -> R {
        withExtendedLifetime(self) { body(number) }
    }

    deinit {
        close(number)
    }
}

private struct Pipe {
    let reading: Descriptor
    let writing: Descriptor

    /// Both ends are closed in other programs that are started meanwhile.
    init() throws(ChildProcess.Failure) {
        var ends: [Int32] = [0, 0]
        guard trustctl_pipe(&ends) == 0 else { throw .notStarted(errno: errno) }
        reading = Descriptor(ends[0])
        writing = Descriptor(ends[1])
    }
}

/// `posix_spawn` with its two attribute objects.
private struct SpawnActions {
    private var connections: [(from: Descriptor, to: Int32)] = []

    mutating func connect(_ from: Descriptor, to: Int32) {
        connections.append((from, to))
    }

    func spawn(_ program: String, _ arguments: [String], _ environment: [String]) throws(ChildProcess.Failure) -> pid_t
    {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for connection in connections {
            connection.from.use { _ = posix_spawn_file_actions_adddup2(&actions, $0, connection.to) }
        }
        // The program starts with an ordinary view of signals, whatever this process or its libraries ignore.
        var none = sigset_t()
        var ordinary = sigset_t()
        sigemptyset(&none)
        sigemptyset(&ordinary)
        sigaddset(&ordinary, SIGPIPE)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &ordinary)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
        var pid: pid_t = 0
        let code = withExtendedLifetime(connections) {
            Self.withCStrings(arguments) { argv in
                Self.withCStrings(environment) { envp in
                    posix_spawn(&pid, program, &actions, &attributes, argv, envp)
                }
            }
        }
        guard code == 0 else { throw .notStarted(errno: code) }
        return pid
    }

    private static func withCStrings<R>(
        _ strings: [String],
        _ body: ([UnsafeMutablePointer<CChar>?]) -> R
    ) -> R {
        let copies = strings.map { strdup($0) }
        defer { copies.forEach { free($0) } }
        return body(copies + [nil])
    }
}

/// A started program: read from, waited for, and never left behind.
private struct RunningChild {
    let pid: pid_t
    let output: Descriptor
    let errors: Descriptor

    private static let maximumErrors = 4_096

    func finish(
        maximumOutput: Int,
        timeout: Duration,
        cancelled: CancelFlag
    ) throws(ChildProcess.Failure) -> ChildProcess.Output {
        let deadline = ContinuousClock.now.advanced(by: timeout)
        var output = PipeContents(pipe: self.output, limit: maximumOutput + 1)
        var errors = PipeContents(pipe: self.errors, limit: Self.maximumErrors)
        while true {
            // Asked before reading: what was written before the end is still in the pipe then, and a grandchild that
            // keeps the pipe open (an agent that the program started) is not waited for.
            let ended = try exitStatus(wait: false)
            repeat {
                Self.waitForInput([output, errors], milliseconds: ended == nil ? 20 : 0)
                output.readPiece()
                errors.readPiece()
                if output.bytes.count > maximumOutput {
                    if ended == nil { try stop() }
                    throw .outputTooLong
                }
            } while ended != nil && (output.hasMore || errors.hasMore) && ContinuousClock.now < deadline
            if let ended {
                return ChildProcess.Output(status: ended, output: output.bytes, errors: errors.bytes)
            }
            if cancelled.isRaised {
                try stop()
                throw .cancelled
            }
            if ContinuousClock.now >= deadline {
                try stop()
                throw .timedOut
            }
        }
    }

    /// Until there is something to read in one of the pipes that are still open, or time is up.
    private static func waitForInput(_ contents: [PipeContents], milliseconds: Int32) {
        withExtendedLifetime(contents) {
            var requests = contents.filter(\.isOpen).map {
                $0.pipe.use { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            }
            // Without pipes this is the pause between two looks at the program.
            poll(&requests, nfds_t(requests.count), milliseconds)
        }
    }

    private func stop() throws(ChildProcess.Failure) {
        kill(pid, SIGKILL)
        _ = try exitStatus(wait: true)
    }

    private func exitStatus(wait: Bool) throws(ChildProcess.Failure) -> ChildProcess.Status? {
        var status: Int32 = 0
        while true {
            let result = waitpid(pid, &status, wait ? 0 : WNOHANG)
            if result == pid { break }
            if result == 0 { return nil }
            guard errno == EINTR else { throw .notStarted(errno: errno) }
        }
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }
}

/// What has come out of a pipe.
private struct PipeContents {
    let pipe: Descriptor
    /// How much is kept. The rest is read all the same, so that the program does not block on it.
    let limit: Int
    private(set) var bytes: [UInt8] = []
    private(set) var isOpen = true
    /// Whether the last look found something.
    private(set) var hasMore = false

    init(pipe: Descriptor, limit: Int) {
        self.pipe = pipe
        self.limit = limit
    }

    /// Reads what is there, at most a few kilobytes, without waiting.
    mutating func readPiece() {
        hasMore = false
        guard isOpen else { return }
        var buffer = [UInt8](repeating: 0, count: 8_192)
        let count: Int? = pipe.use { number in
            var request = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
            guard poll(&request, 1, 0) > 0 else { return nil }
            return buffer.withUnsafeMutableBytes { read(number, $0.baseAddress, $0.count) }
        }
        guard let count else { return }
        guard count > 0 else {
            if count == 0 || errno != EINTR { isOpen = false }
            return
        }
        hasMore = true
        bytes += buffer.prefix(min(count, limit - bytes.count))
    }
}
