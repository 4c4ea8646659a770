import AHCTransport
import ContentTrust
import Logging
import OCI
import OCIRegistry
import TrustCrypto
import TrustTransport

extension CommandContext {
    /// Runs work with a session, and closes its connections afterwards.
    ///
    /// Nothing is connected, and no credential looked up, before the work asks a registry something.
    ///
    /// - Parameters:
    ///   - common: Where state is kept, and how much is said.
    ///   - network: How registries are reached, and as whom.
    ///   - subjects: What the command is about: `--username` is for their registry.
    ///   - policy: What is demanded of images; nil leaves it to the pins of this machine.
    ///   - body: The work.
    /// - Returns: What `body` returns.
    /// - Throws: ``Refusal``; what `body` throws.
    func withSession<Value: Sendable>(
        _ common: CommonOptions,
        _ network: NetworkOptions,
        for subjects: [Subject],
        policy: TrustPolicy? = nil,
        _ body: @Sendable (TrustSession) async throws(Refusal) -> Value
    ) async throws(Refusal) -> Value {
        let home = try common.trustHome(environment)
        let credentials = try Credentials(network, subjects: subjects, environment: environment)
        return try await withSender(common, network.http) { sender async throws(Refusal) in
            let registries = RegistryAccess(sender: sender) { (repository) async throws(RegistryAuthError) in
                try await credentials.credential(for: repository)
            }
            let session = TrustSession(home: home, policy: policy, registries: registries)
            return try await body(session)
        }
    }

    /// Runs work that sends requests, and closes its connections afterwards.
    ///
    /// - Parameters:
    ///   - common: How much is said.
    ///   - http: How servers are reached.
    ///   - body: The work.
    /// - Returns: What `body` returns.
    /// - Throws: ``Refusal``; what `body` throws.
    func withSender<Value: Sendable>(
        _ common: CommonOptions,
        _ http: HTTPOptions,
        _ body: @Sendable (RequestSender) async throws(Refusal) -> Value
    ) async throws(Refusal) -> Value {
        let logger = common.verbose ? ConsoleLogHandler.logger(console) : nil
        let configuration = AHCTransport.Configuration(
            certificateAuthorities: try http.caCert.map { (path) throws(Refusal) in
                try CertificateAuthorities(file: path, option: "--ca-cert")
            },
            proxies: ProxySettings(environment: environment.variables)
        )
        return try await AHCTransport.running(configuration) { transport async throws(Refusal) in
            let sender = RequestSender(
                transport: transport,
                plainHTTP: http.plainHttp ? .allowPlainHTTP : .loopbackOnly,
                userAgent: Version.userAgent,
                logger: logger
            )
            return try await body(sender)
        }
    }
}

extension CertificateAuthorities {
    /// Reads authorities from a file that the user names.
    ///
    /// - Parameters:
    ///   - path: A PEM file.
    ///   - option: What names it, for messages.
    /// - Throws: ``Refusal``.
    init(file path: String, option: String) throws(Refusal) {
        let bytes = try InputFile.read(path, limit: CertificateAuthorities.maximumBytes, option: option)
        do throws(TransportError) {
            try self.init(pem: bytes, name: path)
        } catch {
            throw Refusal(
                .usage,
                checked: "\(option) \(path)",
                found: error.detail,
                expected: "PEM certificates",
                cause: error
            )
        }
    }
}

/// Who asks a registry.
private struct Credentials: Sendable {
    /// The registry that `--username` is for.
    private let registry: String?
    private let explicit: RegistryCredential?
    private let lookup: CredentialLookup

    init(_ network: NetworkOptions, subjects: [Subject], environment: Environment) throws(Refusal) {
        lookup = CredentialLookup(environment: environment.forPrograms)
        guard let username = network.username else {
            registry = nil
            explicit = nil
            return
        }
        let registries = Set(
            subjects.compactMap { subject in
                if case .registry(let name) = subject { name.registry } else { nil }
            }
        )
        // A password must not reach a registry that it was not meant for.
        guard registries.count <= 1 else {
            throw Refusal(
                .usage,
                checked: "--username \(username)",
                found: "references to \(registries.count) registries: \(registries.sorted().joined(separator: ", "))",
                expected: "one registry, or credentials in docker's configuration"
            )
        }
        registry = registries.first
        explicit = .basic(username: username, password: AuthSecret(try PasswordInput.read()))
    }

    func credential(for repository: RepositoryName) async throws(RegistryAuthError) -> RegistryCredential {
        if let explicit, repository.registry == registry { return explicit }
        return try await lookup.credential(
            for: CredentialTarget(registry: repository.registry, path: repository.path)
        )
    }
}
