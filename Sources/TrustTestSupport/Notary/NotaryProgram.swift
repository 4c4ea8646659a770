import TrustCrypto

/// The real `notary` program, with a trust directory of its own and one server.
public struct NotaryProgram: Sendable {
    /// Its `-d`: keys under `private`, cached and staged data under `tuf`.
    public let trustDirectory: String
    /// `user:password` for servers that demand it, or nil.
    public var credentials: String?
    /// Its environment; ``credentials`` are added.
    public var environment: [String: String]

    /// The passphrase of every role in ``environment``.
    public static let passphrase = "correct horse battery staple"

    private let configuration: String

    /// Prepares to run it.
    ///
    /// - Parameters:
    ///   - directory: Where its trust directory is made.
    ///   - name: The name of the trust directory; one for each publisher.
    ///   - server: The URL of the Notary server, or of what stands in front of it.
    ///   - certificates: The authority that it trusts.
    ///   - credentials: `user:password`, or nil.
    /// - Throws: `FixtureError`.
    public init(
        in directory: TemporaryDirectory,
        name: String = "notary",
        server: String,
        certificates: CertificateAuthority,
        credentials: String? = nil
    ) throws {
        trustDirectory = try directory.makeDirectory(name)
        configuration = try directory.write(
            JSONText.encode(["remote_server": ["url": server, "root_ca": certificates.certificate]]),
            to: "\(name).json"
        )
        self.credentials = credentials
        environment = [
            "PATH": TestEnvironment.variables["PATH"] ?? "/usr/bin:/bin",
            "HOME": try directory.makeDirectory("\(name)-home"),
        ]
        for role in ["ROOT", "TARGETS", "SNAPSHOT", "DELEGATION"] {
            environment["NOTARY_\(role)_PASSPHRASE"] = Self.passphrase
        }
    }

    /// Runs it to its end.
    ///
    /// - Parameters:
    ///   - arguments: What stands on the command line.
    ///   - input: What it reads, for example the answer to a question.
    /// - Returns: What it wrote (errors are on standard output) and how it ended.
    /// - Throws: `ProcessError`.
    @discardableResult
    public func run(_ arguments: String..., input: String = "") async throws -> ProcessOutput {
        try await TrustTestSupport.run(command(arguments, input))
    }

    /// Runs it; it must succeed.
    ///
    /// - Parameters:
    ///   - arguments: What stands on the command line.
    ///   - input: What it reads, for example the answer to a question.
    /// - Returns: What it wrote.
    /// - Throws: `ProcessError`.
    @discardableResult
    public func succeed(_ arguments: String..., input: String = "") async throws -> ProcessOutput {
        try await runSuccessfully(command(arguments, input))
    }

    private func command(_ arguments: [String], _ input: String) -> Command {
        var environment = environment
        if let credentials { environment["NOTARY_AUTH"] = Base64.encode(Array(credentials.utf8).span) }
        return Command(
            "notary",
            ["-c", configuration, "-d", trustDirectory] + arguments,
            environment: environment,
            input: .bytes(Array(input.utf8))
        )
    }
}
