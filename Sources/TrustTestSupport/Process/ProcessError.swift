/// Why a program could not be run to its end.
public enum ProcessError: Error, Sendable, CustomStringConvertible {
    /// No such program in `PATH`; the text is its name.
    case notFound(String)
    /// The kernel refused to start it, or a pipe or terminal for it could not be made.
    case notStarted(String, errno: Int32)
    /// It still ran when its time was over, and was killed; the output is what it had written.
    case timedOut(String, ProcessOutput)
    /// It ended otherwise than the caller demands.
    case failed(String, ProcessOutput)
    /// It ended without writing what the caller waits for.
    case endedEarly(String, ProcessOutput)

    /// The command, what happened, and what it wrote.
    public var description: String {
        switch self {
        case .notFound(let name): "\(name): not found in PATH"
        case .notStarted(let command, let errno): "\(command): could not be started (errno \(errno))"
        case .timedOut(let command, let output): "\(command): still ran when its time was over\n\(output)"
        case .failed(let command, let output): "\(command): failed\n\(output)"
        case .endedEarly(let command, let output): "\(command): ended early\n\(output)"
        }
    }
}
