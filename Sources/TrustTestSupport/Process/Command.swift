/// A program to run: what it is started with, and nothing about how it went.
public struct Command: Sendable, CustomStringConvertible {
    /// What the program's standard input is.
    public enum Input: Sendable, Equatable {
        /// `/dev/null`.
        case null
        /// These bytes, then the end.
        case bytes([UInt8])
        /// A pipe that the test writes to (``RunningProcess/write(_:)``) and ends (``RunningProcess/closeInput()``).
        case pipe
        /// A pseudo-terminal of 24 lines and 100 columns, which is the standard output and standard error as well and
        /// the controlling terminal of the program; what it shows arrives as standard output.
        case terminal
    }

    /// A path, or a name that is looked up in `PATH`.
    public var executable: String
    /// The arguments after the program's name.
    public var arguments: [String]
    /// The whole environment; nothing else is inherited. ``inheritedEnvironment`` is the test's own.
    public var environment: [String: String]
    /// Where the program runs; nil is the test's own directory.
    public var workingDirectory: String?
    /// What the program reads.
    public var input: Input
    /// Ask the kernel to kill the program when the test process dies, however it dies.
    public var endsWithTestProcess: Bool

    /// Creates a command.
    ///
    /// - Parameters:
    ///   - executable: A path, or a name in `PATH`.
    ///   - arguments: The arguments after the name.
    ///   - environment: The whole environment of the program.
    ///   - workingDirectory: Where it runs; nil is the test's own directory.
    ///   - input: What it reads.
    ///   - endsWithTestProcess: Whether the kernel kills it with the test process.
    public init(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String] = Command.inheritedEnvironment,
        workingDirectory: String? = nil,
        input: Input = .null,
        endsWithTestProcess: Bool = true
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.input = input
        self.endsWithTestProcess = endsWithTestProcess
    }

    /// The environment of the test process.
    public static var inheritedEnvironment: [String: String] { TestEnvironment.variables }

    /// The executable and its arguments, quoted for a shell.
    public var description: String {
        ([executable] + arguments).map(Self.shellQuoted).joined(separator: " ")
    }

    private static func shellQuoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "@"), UInt8(ascii: ","):
                true
            default: false
            }
        }
        if plain && !word.isEmpty { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
