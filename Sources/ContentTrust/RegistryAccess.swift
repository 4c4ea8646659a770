public import Logging
import NotaryAPI
public import OCI
public import OCIRegistry
public import TUFClient
public import TrustTransport

/// How a host lets registries and Notary servers be asked: its own transport, and who asks.
public struct RegistryAccess: Sendable {
    /// Looks up who asks a repository's registry; called when that wants to know.
    public typealias CredentialSource =
        @Sendable (RepositoryName) async throws(RegistryAuthError) -> RegistryCredential

    /// What requests are sent with.
    public var sender: RequestSender
    /// Who asks. Default: nobody in particular.
    public var credential: CredentialSource
    /// Bounds of what a registry is asked.
    public var limits = RegistryLimits()

    /// Access with rules of one's own for retries and redirects.
    ///
    /// - Parameters:
    ///   - sender: What requests are sent with.
    ///   - credential: Who asks.
    public init(
        sender: RequestSender,
        credential: @escaping CredentialSource = { (_) throws(RegistryAuthError) in .anonymous }
    ) {
        self.sender = sender
        self.credential = credential
    }

    /// Access through a transport.
    ///
    /// - Parameters:
    ///   - transport: One hop of HTTP.
    ///   - plainHTTP: Where requests may go without TLS.
    ///   - userAgent: What the host is called in requests.
    ///   - logger: Where attempts are noted, at debug level.
    ///   - credential: Who asks.
    public init(
        transport: any HTTPTransport,
        plainHTTP: PlainHTTPRule = .loopbackOnly,
        userAgent: String = "trustctl",
        logger: Logger? = nil,
        credential: @escaping CredentialSource = { (_) throws(RegistryAuthError) in .anonymous }
    ) {
        self.init(
            sender: RequestSender(transport: transport, plainHTTP: plainHTTP, userAgent: userAgent, logger: logger),
            credential: credential
        )
    }
}

extension TrustSession {
    /// A session that asks registries and Notary servers.
    ///
    /// - Parameters:
    ///   - home: Where state is kept.
    ///   - clock: Says the time.
    ///   - policy: What is demanded of images. Where a rule has pins, the pins of this machine do not count.
    ///   - registries: How they are asked.
    public convenience init(
        home: TrustHome,
        clock: any WallClock = SystemClock(),
        policy: TrustPolicy? = nil,
        registries: RegistryAccess
    ) {
        let (sender, credential) = (registries.sender, registries.credential)
        self.init(
            home: home,
            clock: clock,
            policy: policy,
            notary: { repository, gun, server in
                NotaryClient(gun: gun, on: server, sender: sender) { () async throws(RegistryAuthError) in
                    try await credential(repository)
                }
            },
            client: { (repository) throws(RegistryError) in
                try RegistryClient(repository: repository, sender: sender, limits: registries.limits) {
                    () async throws(RegistryAuthError) in
                    try await credential(repository)
                }
            }
        )
    }
}
