import Foundation

/// Runs the `trustctl` that the build has put beside the tests, in an environment where it finds nothing of the
/// person who runs them: a home of its own, no credentials, no proxies, no terminal.
public struct Trustctl: Sendable {
    /// The program.
    public var executable: String
    /// Its `TRUSTCTL_HOME`.
    public var home: String
    /// Its environment, `TRUSTCTL_HOME` included.
    public var environment: [String: String]
    /// When a run is killed: late, because a test machine may have many to run at once.
    public var timeout: Duration = .seconds(240)

    /// The passphrase of every role in ``environment``.
    public static let passphrase = "correct horse battery staple"

    /// Prepares to run `trustctl`.
    ///
    /// - Parameters:
    ///   - directory: Where its homes are made: `home` and `trustctl-home` in it.
    ///   - executable: The program; nil is the one of the build, or the one that `TRUSTCTL_BINARY` names.
    /// - Throws: `FixtureError` when the program or a directory is missing, `ProcessError` when the kernel does not
    ///   say where the tests are.
    public init(in directory: TemporaryDirectory, executable: String? = nil) throws {
        self.executable = try executable ?? Self.locate()
        home = try directory.makeDirectory("trustctl-home")
        try Files.setMode(home, 0o700)
        environment = [
            "PATH": TestEnvironment.variables["PATH"] ?? "/usr/bin:/bin",
            "HOME": try directory.makeDirectory("home"),
            "TRUSTCTL_HOME": home,
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm",
            "SWIFT_BACKTRACE": "enable=no",
        ]
        for role in ["ROOT", "TARGETS", "SNAPSHOT", "TIMESTAMP", "DELEGATION"] {
            environment["TRUSTCTL_\(role)_PASSPHRASE"] = Self.passphrase
        }
    }

    /// Where the build has put `trustctl`.
    ///
    /// - Returns: The absolute path.
    /// - Throws: `FixtureError.missing` when it is not there, `ProcessError` when the kernel does not say where the
    ///   tests are.
    public static func locate() throws -> String {
        if let named = TestEnvironment.variables["TRUSTCTL_BINARY"] { return named }
        let path = "\(try TestEnvironment.buildDirectory())/trustctl"
        guard Files.exists(path) else { throw FixtureError.missing("no trustctl at \(path); build it first") }
        return path
    }

    /// The command that runs it.
    ///
    /// - Parameters:
    ///   - arguments: What stands on the command line.
    ///   - input: What it reads.
    ///   - variables: Added to ``environment``; nil takes a variable away.
    ///   - directory: Where it runs; nil is the tests' own directory.
    /// - Returns: The command.
    public func command(
        _ arguments: [String],
        input: Command.Input = .null,
        variables: [String: String?] = [:],
        directory: String? = nil
    ) -> Command {
        var environment = environment
        for (name, value) in variables { environment[name] = value }
        return Command(
            executable,
            arguments,
            environment: environment,
            workingDirectory: directory,
            input: input
        )
    }

    /// Runs it to its end.
    ///
    /// - Parameters:
    ///   - arguments: What stands on the command line.
    ///   - input: What it reads.
    ///   - variables: Added to ``environment``; nil takes a variable away.
    ///   - directory: Where it runs; nil is the tests' own directory.
    /// - Returns: What it wrote and how it ended.
    /// - Throws: `ProcessError`.
    @discardableResult
    public func run(
        _ arguments: String...,
        input: Command.Input = .null,
        variables: [String: String?] = [:],
        directory: String? = nil
    ) async throws -> ProcessOutput {
        try await TrustTestSupport.run(
            command(arguments, input: input, variables: variables, directory: directory),
            timeout: timeout
        )
    }

    /// Starts it, for tests that type, interrupt or kill.
    ///
    /// - Parameters:
    ///   - arguments: What stands on the command line.
    ///   - input: What it reads.
    ///   - variables: Added to ``environment``; nil takes a variable away.
    /// - Returns: The running program.
    /// - Throws: `ProcessError`.
    public func start(
        _ arguments: String...,
        input: Command.Input = .null,
        variables: [String: String?] = [:]
    ) async throws -> RunningProcess {
        try await RunningProcess.start(command(arguments, input: input, variables: variables), timeout: timeout)
    }

    /// A copy that `nobody` may run, with a home that belongs to `nobody`; the same when the tests do not run as root.
    ///
    /// - Parameter directory: Where the copy of the program is put; everybody may look into it from then on.
    /// - Returns: The copy; give its commands to ``Command/unprivileged()``.
    /// - Throws: `FixtureError` and `ProcessError`.
    public func forUnprivilegedUser(in directory: TemporaryDirectory) async throws -> Trustctl {
        guard TestEnvironment.isRoot else { return self }
        try Files.makePublic(directory.path)
        var copy = self
        copy.executable = directory.file("trustctl-copy")
        if !Files.exists(copy.executable) { try Files.copy(executable, to: copy.executable) }
        try Files.setMode(copy.executable, 0o755)
        try await Files.giveToUnprivileged(home)
        if let userHome = environment["HOME"] { try await Files.giveToUnprivileged(userHome) }
        return copy
    }
}
