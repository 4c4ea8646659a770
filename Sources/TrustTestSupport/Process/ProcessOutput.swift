/// How a program ended.
public enum ProcessEnding: Sendable, Equatable {
    /// It called `exit` with this status, 0 to 255.
    case exited(Int32)
    /// This signal ended it.
    case signalled(Int32)
}

/// What a program wrote, how it ended and what it cost.
public struct ProcessOutput: Sendable, CustomStringConvertible {
    /// How it ended.
    public var ending: ProcessEnding
    /// The bytes of its standard output, or of its terminal.
    public var standardOutput: [UInt8]
    /// The bytes of its standard error; empty when it had a terminal.
    public var standardError: [UInt8]
    /// The CPU time (user and system) of the program and of its children that it waited for.
    public var processorTime: Duration
    /// The largest resident set size, in bytes; at least that of the test process at the start, because Linux counts a
    /// program's memory from the fork on. To measure small programs start them from a small one (`scripts/bench-cli`).
    public var peakMemory: Int
    /// From the start to the end.
    public var wallTime: Duration

    /// The exit status, or nil when a signal ended the program.
    public var exitCode: Int32? {
        guard case .exited(let code) = ending else { return nil }
        return code
    }

    /// Standard output as text; wrong UTF-8 shows as replacement characters.
    public var text: String { String(decoding: standardOutput, as: UTF8.self) }

    /// Standard error as text; wrong UTF-8 shows as replacement characters.
    public var errorText: String { String(decoding: standardError, as: UTF8.self) }

    /// Standard output without the line ends at its end.
    public var line: String {
        var bytes = standardOutput[...]
        while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The ending and both outputs, for a failed expectation.
    public var description: String {
        "ended: \(ending)\nstandard output:\n\(text)\nstandard error:\n\(errorText)"
    }
}
