import Synchronization

/// Debian's `docker-registry` on 127.0.0.1, with its storage in a temporary directory. It ends with the test, also
/// when the test process is killed.
public final class DockerRegistry: Sendable {
    /// Who may do what.
    public enum Authentication: Sendable {
        /// Everybody, everything.
        case none
        /// Basic authentication: passwords by user name.
        case basic([String: String])
        /// Tokens: where clients get them, the service and issuer named in them, and the PEM file of the certificates
        /// that they are signed under.
        case token(realm: String, service: String, issuer: String, rootCertificates: String)
    }

    /// How a registry is set up.
    public struct Options: Sendable {
        /// Who may do what.
        public var authentication = Authentication.none
        /// TLS with this authority's server certificate; nil is plain HTTP.
        public var tls: CertificateAuthority?
        /// Whether manifests and blobs can be deleted; the program's own default is no.
        public var allowsDeletion = false
        /// Whether every write is refused.
        public var isReadOnly = false

        /// A registry that is open to everybody over plain HTTP and refuses to delete.
        public init() {}
    }

    /// How it is set up; ``restart(with:)`` changes that.
    public var options: Options { state.withLock { $0.options } }
    /// Host and port, as they stand in references: `127.0.0.1:20511`.
    public let address: String
    /// `http://` or `https://` and the address.
    public var url: String { (options.tls == nil ? "http://" : "https://") + address }
    /// The directory of its storage. The registry caches nothing, so what changes there while it runs is served.
    public var storage: String { directory.file("storage") }

    private struct State {
        var options: Options
        var process: RunningProcess?
    }

    private let directory: TemporaryDirectory
    private let port: ReservedPort
    private let state: Mutex<State>

    /// Runs a test with a registry of its own.
    ///
    /// - Parameters:
    ///   - options: How it is set up.
    ///   - body: Gets the registry, which answers already.
    /// - Returns: What the closure answers.
    /// - Throws: What the closure throws, and what keeps the registry from starting.
    public static func with<Result>(
        _ options: Options = Options(),
        _ body: (DockerRegistry) async throws -> Result
    ) async throws -> Result {
        let registry = try DockerRegistry(options)
        try await registry.start()
        do {
            let result = try await body(registry)
            await registry.stop()
            return result
        } catch {
            await registry.stop()
            throw error
        }
    }

    /// Prepares a registry that does not run yet. Prefer ``with(_:_:)``, which keeps it alive and ends it.
    ///
    /// - Parameter options: How it is set up.
    /// - Throws: `FixtureError` when there is no port or no place for its files.
    public init(_ options: Options = Options()) throws {
        directory = try TemporaryDirectory("trustctl-test-registry")
        try directory.makeDirectory("storage")
        port = try ReservedPort()
        address = "127.0.0.1:\(port.number)"
        state = Mutex(State(options: options))
    }

    deinit { state.withLock { $0.process?.kill() } }

    /// Starts it and waits until it listens.
    ///
    /// - Throws: `ProcessError` with what the registry wrote when it does not start.
    public func start() async throws {
        try await writeConfiguration()
        let command = Command("docker-registry", ["serve", configurationFile], environment: environment)
        let process = try await RunningProcess.start(command)
        state.withLock { $0.process = process }
        try await process.waitForOutput("listening on 127.0.0.1:")
    }

    /// Ends it; its storage stays.
    public func stop() async {
        let process = state.withLock { state in
            let process = state.process
            state.process = nil
            return process
        }
        // It would take ten seconds to say goodbye to idle connections; nothing of it is in memory only.
        process?.kill()
        _ = try? await process?.wait()
    }

    /// Ends it and starts it on the same port, with the same storage.
    ///
    /// - Parameter options: The new set-up; nil keeps it.
    /// - Throws: `ProcessError` with what the registry wrote when it does not start.
    public func restart(with options: Options? = nil) async throws {
        await stop()
        if let options { state.withLock { $0.options = options } }
        try await start()
    }

    /// Lets it delete what no tag names, manifests under a tagged index included, as its operators do from time to time.
    ///
    /// - Throws: `ProcessError` with what the garbage collector wrote when it fails.
    public func collectGarbage() async throws {
        await stop()
        try await runSuccessfully(
            Command(
                "docker-registry",
                ["garbage-collect", "--delete-untagged", configurationFile],
                environment: environment
            )
        )
        try await start()
    }

    /// What it has written to its log since its last start.
    public var log: String {
        let process = state.withLock { $0.process }
        guard let process else { return "" }
        return String(decoding: process.standardErrorSoFar + process.standardOutputSoFar, as: UTF8.self)
    }

    /// Copies the storage aside, as a backup does. Nothing may be written meanwhile.
    ///
    /// - Returns: The backup, for ``restore(_:)``.
    /// - Throws: `FixtureError`.
    public func backUp() throws -> TemporaryDirectory {
        let backup = try TemporaryDirectory("trustctl-test-backup")
        try Files.copy(storage, to: backup.file("storage"))
        return backup
    }

    /// Puts a backup in the place of the storage: the registry is rolled back, and goes on serving.
    ///
    /// - Parameter backup: What ``backUp()`` has answered.
    /// - Throws: `FixtureError`.
    public func restore(_ backup: TemporaryDirectory) throws {
        try Files.remove(storage)
        try Files.copy(backup.file("storage"), to: storage)
    }

    /// Runs the garbage collection of the registry program on the storage, as operators do at night. The registry
    /// may run; nothing may be written meanwhile.
    ///
    /// - Parameter deletingUntagged: Whether manifests that no tag names go, too.
    /// - Returns: What the program wrote.
    /// - Throws: `ProcessError` when it fails.
    @discardableResult
    public func collectGarbage(deletingUntagged: Bool = true) async throws -> ProcessOutput {
        try await writeConfiguration()
        let arguments =
            ["garbage-collect"] + (deletingUntagged ? ["--delete-untagged"] : []) + [configurationFile]
        return try await runSuccessfully(Command("docker-registry", arguments, environment: environment))
    }

    /// The directory in the storage that holds a repository's tags, one folder each.
    ///
    /// - Parameter repository: The path of the repository, without the host.
    /// - Returns: The absolute path.
    public func tagsDirectory(_ repository: String) -> String {
        "\(storage)/docker/registry/v2/repositories/\(repository)/_manifests/tags"
    }

    /// The file in the storage that holds the bytes of a blob or manifest.
    ///
    /// - Parameter digest: `sha256:` and the digest in hexadecimal.
    /// - Returns: The absolute path.
    public func blobFile(_ digest: String) -> String {
        let hex = String(digest.dropFirst("sha256:".utf8.count))
        return "\(storage)/docker/registry/v2/blobs/sha256/\(hex.prefix(2))/\(hex)/data"
    }

    private var configurationFile: String { directory.file("config.json") }

    /// No proxy, no settings by environment, no metrics or traces.
    private var environment: [String: String] {
        ["PATH": TestEnvironment.variables["PATH"] ?? "/usr/bin:/bin", "HOME": directory.path]
    }

    /// Its configuration is YAML, of which JSON is a part.
    private func writeConfiguration() async throws {
        let options = options
        var storageOptions: [String: Any] = ["filesystem": ["rootdirectory": storage]]
        storageOptions["delete"] = ["enabled": options.allowsDeletion]
        storageOptions["maintenance"] = ["readonly": ["enabled": options.isReadOnly]]
        var http: [String: Any] = ["addr": address, "secret": "of one test"]
        if let tls = options.tls { http["tls"] = ["certificate": tls.serverCertificate, "key": tls.serverKey] }
        var configuration: [String: Any] = [
            "version": "0.1",
            "log": ["level": "info", "accesslog": ["disabled": false]] as [String: Any],
            "storage": storageOptions,
            "http": http,
        ]
        switch options.authentication {
        case .none: break
        case .basic(let users):
            let file = try await writePasswords(users)
            configuration["auth"] = ["htpasswd": ["realm": "trustctl test", "path": file]]
        case .token(let realm, let service, let issuer, let rootCertificates):
            configuration["auth"] = [
                "token": [
                    "realm": realm, "service": service, "issuer": issuer, "rootcertbundle": rootCertificates,
                ]
            ]
        }
        try directory.write(JSONText.encode(configuration), to: "config.json")
    }

    private func writePasswords(_ users: [String: String]) async throws -> String {
        var lines: [UInt8] = []
        for (user, password) in users.sorted(by: { $0.key < $1.key }) {
            // The lowest cost that htpasswd takes: the registry computes it for every request.
            let output = try await runSuccessfully(
                Command("htpasswd", ["-niB", "-C", "4", user], input: .bytes(Array(password.utf8)))
            )
            lines += Array(output.line.utf8) + [UInt8(ascii: "\n")]
        }
        return try directory.write(lines, to: "htpasswd", mode: 0o600)
    }
}
