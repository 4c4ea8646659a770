import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where a command writes: results to standard output, everything else to standard error.
///
/// Writes happen at once. A failed write to standard output is remembered and decides the exit status, because a result
/// that did not arrive is none; a failed write to standard error has nowhere to be told.
final class Console: Sendable {
    /// One of the two streams.
    enum Stream: Sendable { case output, error }

    /// Writes all bytes to a stream and returns 0, or the number of the error.
    typealias Writer = @Sendable (Stream, [UInt8]) -> CInt

    /// How much is said on standard error.
    enum Verbosity: Sendable, Comparable { case quiet, normal, verbose }

    /// Whether standard error is a terminal.
    let errorIsTerminal: Bool
    /// Colours for standard error.
    let style: Style
    /// Colours for standard output.
    let outputStyle: Style
    /// Columns of the terminal.
    let width: Int

    private struct State {
        var outputError: CInt = 0
        var progressIsShown = false
        var verbosity = Verbosity.normal
    }

    private let write: Writer
    private let state = Mutex(State())

    /// A console.
    ///
    /// - Parameters:
    ///   - environment: Says whether the streams are terminals, and whether colours are wanted.
    ///   - write: Writes to the streams.
    init(_ environment: Environment, write: @escaping Writer = Console.systemWrite) {
        errorIsTerminal = environment.errorIsTerminal
        style = Style(isColored: environment.errorIsTerminal && environment.allowsColor)
        outputStyle = Style(isColored: environment.outputIsTerminal && environment.allowsColor)
        width = environment.terminalWidth
        self.write = write
    }

    /// How much is said on standard error.
    var verbosity: Verbosity {
        get { state.withLock { $0.verbosity } }
        set { state.withLock { $0.verbosity = newValue } }
    }

    /// The number of the first error of standard output; 0 when all arrived.
    var outputError: CInt { state.withLock { $0.outputError } }

    /// Writes a line of the result.
    func result(_ line: String) { result(lines: [line]) }

    /// Writes lines of the result in one piece.
    func result(lines: [String]) {
        guard !lines.isEmpty else { return }
        send(.output, lines.map { "\($0)\n" }.joined())
    }

    /// Writes a line for people that no wish for quiet suppresses: refusals and errors.
    func alert(_ line: String) { send(.error, "\(line)\n") }

    /// Writes a question; the answer follows on its line.
    func ask(_ question: String) { send(.error, question) }

    /// Writes a line for people, unless they want quiet.
    func note(_ line: String) {
        guard verbosity >= .normal else { return }
        send(.error, "\(line)\n")
    }

    /// Writes a line for people who want to know more.
    func detail(_ line: String) {
        guard verbosity >= .verbose else { return }
        send(.error, "\(line)\n")
    }

    /// Whether a line of progress would be seen.
    var showsProgress: Bool { errorIsTerminal && verbosity >= .normal }

    /// Replaces the line of progress; nil takes it away. Only where ``showsProgress`` is true.
    func progress(_ line: String?) {
        guard showsProgress else { return }
        state.withLock { state in
            guard line != nil || state.progressIsShown else { return }
            state.progressIsShown = line != nil
            _ = write(.error, Array("\r\u{1b}[K\(line.map { String($0.prefix(max(1, width - 1))) } ?? "")".utf8))
        }
    }

    private func send(_ stream: Stream, _ text: String) {
        state.withLock { state in
            if state.progressIsShown {
                state.progressIsShown = false
                _ = write(.error, Array("\r\u{1b}[K".utf8))
            }
            // After the first failure nothing more is written: half a result with a hole in it would be worse.
            guard stream == .error || state.outputError == 0 else { return }
            let code = write(stream, Array(text.utf8))
            if stream == .output { state.outputError = code }
        }
    }

    /// Writes to the process's own streams.
    static let systemWrite: Writer = { stream, bytes in
        let descriptor = stream == .output ? STDOUT_FILENO : STDERR_FILENO
        return bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                #if canImport(Darwin)
                    let count = Darwin.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                #elseif canImport(Musl)
                    let count = Musl.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                #else
                    let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                #endif
                if count < 0 {
                    if errno == EINTR { continue }
                    // A terminal or pipe that somebody else made non-blocking.
                    if errno == EAGAIN {
                        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                        _ = poll(&request, 1, 1000)
                        continue
                    }
                    return errno
                }
                done += count
            }
            return 0
        }
    }
}
