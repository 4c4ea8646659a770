import Synchronization

/// Debian's `notary-server`, and `notary-signer` where it is wanted, on 127.0.0.1 with everything in memory. They end
/// with the test, also when the test process is killed.
public final class NotaryServices: Sendable {
    /// Who holds the keys of the server: those of timestamps, and those of snapshots that clients leave to it.
    public enum Signing: Sendable {
        /// The server itself, Ed25519.
        case local
        /// A `notary-signer`, over gRPC with TLS on both sides: `ecdsa`, `ed25519` or `rsa`.
        case signer(algorithm: String = "ecdsa")
    }

    /// How a server is set up.
    public struct Options: Sendable {
        /// Who holds its keys.
        public var signing = Signing.local
        /// What the names of collections must begin with, each with a slash at its end; empty is anything.
        public var prefixes: [String] = []
        /// The authority of all certificates; nil makes one.
        public var certificates: CertificateAuthority?

        /// A server that signs by itself.
        public init() {}
    }

    /// Host and port: `127.0.0.1:20511`.
    public let address: String
    /// `https://` and the address.
    public var url: String { "https://\(address)" }
    /// Whose certificate the server shows.
    public let certificates: CertificateAuthority

    private struct State {
        var server: RunningProcess?
        var signer: RunningProcess?
    }

    private let options: Options
    private let directory: TemporaryDirectory
    private let port: ReservedPort
    private let signerPort: ReservedPort
    private let state = Mutex(State())

    /// Runs a test with a server of its own.
    ///
    /// - Parameters:
    ///   - options: How it is set up.
    ///   - body: Gets the server, which answers already.
    /// - Returns: What the closure answers.
    /// - Throws: What the closure throws, and what keeps the server from starting.
    public static func with<Result>(
        _ options: Options = Options(),
        _ body: (NotaryServices) async throws -> Result
    ) async throws -> Result {
        let services = try await NotaryServices(options)
        do {
            try await services.start()
            let result = try await body(services)
            await services.stop()
            return result
        } catch {
            await services.stop()
            throw error
        }
    }

    /// Prepares a server that does not run yet. Prefer ``with(_:_:)``, which keeps it alive and ends it.
    ///
    /// - Parameter options: How it is set up.
    /// - Throws: `FixtureError`, `ProcessError`.
    public init(_ options: Options = Options()) async throws {
        self.options = options
        if let given = options.certificates {
            certificates = given
        } else {
            certificates = try await CertificateAuthority()
        }
        directory = try TemporaryDirectory("trustctl-test-notary")
        port = try ReservedPort()
        signerPort = try ReservedPort()
        address = "127.0.0.1:\(port.number)"
    }

    deinit {
        state.withLock { state in
            state.server?.kill()
            state.signer?.kill()
        }
    }

    /// Starts it and waits until it says that it is well. What was in its memory before is gone.
    ///
    /// - Throws: `ProcessError` with what the program wrote when it does not start.
    public func start() async throws {
        if case .signer = options.signing {
            let signer = try await start("notary-signer", signerConfiguration, listeningOn: signerPort)
            state.withLock { $0.signer = signer }
        }
        let server = try await start("notary-server", serverConfiguration, listeningOn: port)
        state.withLock { $0.server = server }
        try await runSuccessfully(
            Command("curl", ["-fsS", "--cacert", certificates.certificate, "\(url)/_notary_server/health"])
        )
    }

    /// Ends all of it and waits until it is gone: connections are refused from then on.
    public func stop() async {
        await stopSigner()
        await end(\.server)
    }

    /// Ends the signer alone: the server goes on serving, and can sign nothing.
    public func stopSigner() async {
        await end(\.signer)
    }

    /// Whether the server runs.
    public var isRunning: Bool { state.withLock { $0.server.map { !$0.hasEnded } ?? false } }

    /// What the server, and before that the signer, has written to its log since the last start: one JSON object a line.
    public var log: String {
        let (server, signer) = state.withLock { ($0.server, $0.signer) }
        return [signer, server].compactMap(\.self).map { process in
            String(decoding: process.standardErrorSoFar + process.standardOutputSoFar, as: UTF8.self)
        }.joined()
    }

    private func end(_ member: WritableKeyPath<State, RunningProcess?>) async {
        let process = state.withLock { state in
            let process = state[keyPath: member]
            state[keyPath: member] = nil
            return process
        }
        process?.kill()
        _ = try? await process?.wait()
    }

    /// The signer does not say when it listens, so the port is asked.
    private func start(
        _ program: String,
        _ configuration: [String: Any],
        listeningOn port: ReservedPort
    ) async throws -> RunningProcess {
        let file = try directory.write(JSONText.encode(configuration), to: "\(program).json")
        // Any variable NOTARY_SERVER_... would change the configuration.
        let environment = ["PATH": TestEnvironment.variables["PATH"] ?? "/usr/bin:/bin", "HOME": directory.path]
        let process = try await RunningProcess.start(Command(program, ["-config", file], environment: environment))
        let deadline = ContinuousClock.now + .seconds(30)
        while !port.isServed {
            if process.hasEnded { throw ProcessError.endedEarly(program, try await process.wait()) }
            if ContinuousClock.now > deadline {
                throw ProcessError.timedOut(program, await process.stop(within: .zero))
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        return process
    }

    private var serverConfiguration: [String: Any] {
        var configuration: [String: Any] = [
            "server": [
                "http_addr": address, "tls_cert_file": certificates.serverCertificate,
                "tls_key_file": certificates.serverKey,
            ],
            "storage": ["backend": "memory"],
            "logging": ["level": "info"],
        ]
        switch options.signing {
        case .local: configuration["trust_service"] = ["type": "local"]
        case .signer(let algorithm):
            configuration["trust_service"] = [
                "type": "remote", "hostname": "127.0.0.1", "port": "\(signerPort.number)", "key_algorithm": algorithm,
                "tls_ca_file": certificates.certificate, "tls_client_cert": certificates.serverCertificate,
                "tls_client_key": certificates.serverKey,
            ]
        }
        if !options.prefixes.isEmpty { configuration["repositories"] = ["gun_prefixes": options.prefixes] }
        return configuration
    }

    private var signerConfiguration: [String: Any] {
        [
            "server": [
                "grpc_addr": "127.0.0.1:\(signerPort.number)", "tls_cert_file": certificates.serverCertificate,
                "tls_key_file": certificates.serverKey, "client_ca_file": certificates.certificate,
            ],
            "storage": ["backend": "memory"],
            "logging": ["level": "info"],
        ]
    }
}
