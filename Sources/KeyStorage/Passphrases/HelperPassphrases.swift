import CTrustShims
import Synchronization
import TUF
import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Passphrases from a program (`--passphrase-helper`).
///
/// It is called with four arguments: the role, the repository (empty where the key may serve many), the key id (empty
/// while it is not known), and `existing` or `new`. It prints the passphrase as first line of its standard output and
/// exits with 0. Its standard input is empty, its standard error is ours; it may ask at the terminal.
public struct HelperPassphrases: PassphraseSource {
    private let program: String
    private let environment: [String: String]
    private let timeout: Duration

    /// Names the program.
    ///
    /// - Parameters:
    ///   - program: Its path, or a name to look for in the absolute entries of the environment's `PATH`.
    ///   - environment: The environment that it gets.
    ///   - timeout: How long it may take; it is killed then.
    public init(program: String, environment: [String: String], timeout: Duration = .seconds(120)) {
        self.program = program
        self.environment = environment
        self.timeout = timeout
    }

    /// Runs the program.
    ///
    /// - Parameter request: What the passphrase is needed for.
    /// - Returns: What it printed.
    /// - Throws: ``KeyStorageError/helperNotStarted(program:errno:)``, ``KeyStorageError/helperFailed(program:status:)``,
    ///   ``KeyStorageError/helperTimedOut(program:)``, ``KeyStorageError/malformedPassphrase(origin:)`` for an empty or
    ///   overlong line, ``KeyStorageError/cancelled``.
    public func passphrase(for request: PassphraseRequest) async throws(KeyStorageError) -> PassphraseAnswer? {
        let arguments = [
            program, request.role.string, request.repository ?? "", request.keyID?.string ?? "",
            request.purpose.rawValue,
        ]
        let run = HelperRun(program: program, arguments: arguments, environment: environment, timeout: timeout)
        return try await BlockingWork.cancellable { (cancellation) throws(KeyStorageError) in
            let line = try run.output(cancellation)
            let origin = "the helper program \(program)"
            guard (1...Passphrase.maximumLength).contains(line.count) else {
                throw .malformedPassphrase(origin: origin)
            }
            return PassphraseAnswer(passphrase: Passphrase(line), origin: origin)
        }
    }
}

/// One run of a helper program.
private struct HelperRun: Sendable {
    let program: String
    let arguments: [String]
    let environment: [String: String]
    let timeout: Duration

    /// - Returns: The first line that the program printed.
    func output(_ cancellation: Cancellation) throws(KeyStorageError) -> SecretBytes {
        // A name alone could be that of a program in the current directory, where `PATH` has relative entries.
        guard
            let path = program.utf8.contains(UInt8(ascii: "/")) ? program : ProgramSearch.find(program, in: environment)
        else { throw .helperNotStarted(program: program, errno: ENOENT) }
        var ends: [CInt] = [-1, -1]
        guard trustctl_pipe(&ends) == 0 else { throw .helperNotStarted(program: program, errno: errno) }
        let (reading, writing) = (ends[0], ends[1])
        defer { close(reading) }
        var process: pid_t = 0
        let code = spawn(path, &process, standardOutput: writing)
        close(writing)
        guard code == 0 else { throw .helperNotStarted(program: program, errno: code) }

        let deadline = ContinuousClock.now.advanced(by: timeout)
        var failure: KeyStorageError?
        let line = SecretBytes(capacity: Passphrase.maximumLength + 1) { buffer in
            let (count, error) = read(reading, into: buffer, until: deadline, cancellation)
            failure = error
            return count
        }
        if failure != nil { kill(process, SIGKILL) }
        let status = wait(for: process, until: deadline, cancellation)
        if let failure { throw failure }
        guard let status else {
            throw cancellation.isCancelled ? .cancelled : .helperTimedOut(program: program)
        }
        guard status == 0 else { throw .helperFailed(program: program, status: status) }
        return line
    }

    private func spawn(_ path: String, _ process: inout pid_t, standardOutput: CInt) -> CInt {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, standardOutput, 1)
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // This thread may have all signals blocked, which the program would inherit and could not be interrupted.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        // What this process ignores would stay ignored, and a pipe inside the program would not end with its reader.
        var ordinary = sigset_t()
        sigemptyset(&ordinary)
        sigaddset(&ordinary, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &ordinary)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))

        var argumentPointers = arguments.map { strdup($0) } + [nil]
        var environmentPointers = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
        return posix_spawn(&process, path, &actions, &attributes, &argumentPointers, &environmentPointers)
    }

    /// Reads until the first line is complete, or the program closes its output.
    private func read(
        _ descriptor: CInt,
        into buffer: UnsafeMutableBufferPointer<UInt8>,
        until deadline: ContinuousClock.Instant,
        _ cancellation: Cancellation
    ) -> (count: Int, failure: KeyStorageError?) {
        var count = 0
        while count < buffer.count {
            if cancellation.isCancelled { return (0, .cancelled) }
            guard ContinuousClock.now < deadline else { return (0, .helperTimedOut(program: program)) }
            var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&event, 1, Cancellation.pollMilliseconds)
            if ready < 0, errno != EINTR { return (0, .helperNotStarted(program: program, errno: errno)) }
            guard ready > 0 else { continue }
            let received = Self.readByte(descriptor, buffer.baseAddress.map { $0 + count })
            if received < 0, errno != EINTR { return (0, .helperNotStarted(program: program, errno: errno)) }
            if received == 0 { break }
            guard received > 0 else { continue }
            if buffer[count] == UInt8(ascii: "\n") { break }
            count += 1
        }
        if count > 0, count < buffer.count, buffer[count - 1] == UInt8(ascii: "\r") { count -= 1 }
        return (count, nil)
    }

    private static func readByte(_ descriptor: CInt, _ target: UnsafeMutablePointer<UInt8>?) -> Int {
        #if canImport(Darwin)
            Darwin.read(descriptor, target, 1)
        #elseif canImport(Musl)
            Musl.read(descriptor, target, 1)
        #else
            Glibc.read(descriptor, target, 1)
        #endif
    }

    /// - Returns: The exit status, the negated signal, or nil when the program had to be killed.
    private func wait(
        for process: pid_t,
        until deadline: ContinuousClock.Instant,
        _ cancellation: Cancellation
    ) -> Int32? {
        var status: CInt = 0
        var wasKilled = false
        while true {
            let ended = waitpid(process, &status, wasKilled ? 0 : WNOHANG)
            if ended == process { break }
            if ended < 0, errno != EINTR { return -SIGCHLD }
            if !wasKilled, cancellation.isCancelled || ContinuousClock.now >= deadline {
                kill(process, SIGKILL)
                wasKilled = true
            }
            if !wasKilled { usleep(5000) }
        }
        if wasKilled { return nil }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : -signal
    }
}
