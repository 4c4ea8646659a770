import TrustCrypto

/// The real `docker trust`, with a configuration directory of its own and without an engine.
///
/// Without one work `inspect`, `revoke`, `signer add` and `remove`, `key generate` and `load`, and `sign` of a tag that
/// somebody has signed already.
public struct DockerTrust: Sendable {
    /// Its `DOCKER_CONFIG`; keys and caches are in `trust`.
    public let configurationDirectory: String
    /// Its environment.
    public var environment: [String: String]

    /// The passphrase of every role in ``environment``.
    public static let passphrase = "correct horse battery staple"

    /// Prepares to run it.
    ///
    /// - Parameters:
    ///   - directory: Where its configuration is made.
    ///   - name: The name of the configuration directory; one for each publisher.
    ///   - server: The `https` URL of the Notary server, or of what stands in front of it.
    ///   - certificates: The authority that it trusts; it does not look where the registry's host is a loopback address.
    ///   - credentials: `user:password` by registry host. `sign` in a new collection needs a user.
    /// - Throws: `FixtureError`.
    public init(
        in directory: TemporaryDirectory,
        name: String = "docker",
        server: String,
        certificates: CertificateAuthority,
        credentials: [String: String] = [:]
    ) throws {
        configurationDirectory = try directory.makeDirectory(name)
        let host = String(server.trimmingPrefix("https://").prefix { $0 != "/" })
        try directory.write(try Files.read(certificates.certificate), to: "\(name)/tls/\(host)/ca.crt")
        let accounts = credentials.mapValues { ["auth": Base64.encode(Array($0.utf8).span)] }
        try directory.write(JSONText.encode(["auths": accounts]), to: "\(name)/config.json", mode: 0o600)
        environment = [
            "PATH": TestEnvironment.variables["PATH"] ?? "/usr/bin:/bin",
            "HOME": try directory.makeDirectory("\(name)-home"),
            "DOCKER_CONFIG": configurationDirectory,
            "DOCKER_CONTENT_TRUST_SERVER": server,
            "DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE": Self.passphrase,
            "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE": Self.passphrase,
            // No engine, also where the machine has one.
            "DOCKER_HOST": "unix://\(directory.file("no-engine"))",
        ]
    }

    /// Runs `docker trust` to its end.
    ///
    /// - Parameters:
    ///   - arguments: What stands after `docker trust`.
    ///   - input: What it reads, for example the answer to a question.
    /// - Returns: What it wrote and how it ended.
    /// - Throws: `ProcessError`.
    @discardableResult
    public func run(_ arguments: String..., input: String = "") async throws -> ProcessOutput {
        try await TrustTestSupport.run(command(arguments, input))
    }

    /// Runs `docker trust`; it must succeed.
    ///
    /// - Parameters:
    ///   - arguments: What stands after `docker trust`.
    ///   - input: What it reads, for example the answer to a question.
    /// - Returns: What it wrote.
    /// - Throws: `ProcessError`.
    @discardableResult
    public func succeed(_ arguments: String..., input: String = "") async throws -> ProcessOutput {
        try await runSuccessfully(command(arguments, input))
    }

    private func command(_ arguments: [String], _ input: String) -> Command {
        Command("docker", ["trust"] + arguments, environment: environment, input: .bytes(Array(input.utf8)))
    }
}
