import HTTPTypes
public import OCI
public import TrustCrypto
public import TrustTransport

/// What a manifest is asked for by.
public enum ManifestName: Sendable, Hashable, CustomStringConvertible {
    /// By a tag, which may lead anywhere.
    case tag(TagName)
    /// By its digest.
    case digest(Digest)

    /// The tag or the digest as it stands in a URL.
    public var description: String {
        switch self {
        case .tag(let tag): tag.string
        case .digest(let digest): digest.description
        }
    }
}

/// Bounds of what a registry is asked.
public struct RegistryLimits: Sendable, Hashable {
    /// The largest manifest or index, in bytes. Default: 4 MiB, what registries accept.
    public var maximumManifestBytes = DocumentLimits.maximumBytes
    /// The most tags of a list.
    public var maximumTags = 1_000_000
    /// The most referrers of a list.
    public var maximumReferrers = 10_000
    /// The most pages of a list.
    public var maximumPages = 10_000
    /// The most pages of a list of referrers, which is short.
    public var maximumReferrerPages = 100
    /// How long one request may take, its retries included; blobs get more by their size.
    public var timeout = Duration.seconds(60)
    /// The longest silence within a request.
    public var idleTimeout = Duration.seconds(20)

    /// The defaults.
    public init() {}
}

/// One repository in a registry, by the OCI distribution specification.
///
/// Everything that comes back was compared with its digest and bounded in size. An operation returns nil, or false, only
/// when the registry said that what was asked for does not exist: a 404 whose body has the code for it. Any other 404 is an
/// error, because proxies, wrong paths and broken registries answer so too.
public struct RegistryClient: Sendable {
    /// The repository.
    public let repository: RepositoryName
    /// Bounds.
    public let limits: RegistryLimits

    let connection: RegistryConnection
    let sender: RequestSender

    /// Makes a client; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - repository: The repository.
    ///   - sender: What requests are sent with; it says where plain HTTP may go.
    ///   - limits: Bounds.
    ///   - credential: Looks up who asks; called when the registry wants to know.
    /// - Throws: ``RegistryError/unreachable(_:)`` when the registry is no host that can be connected to.
    public init(
        repository: RepositoryName,
        sender: RequestSender,
        limits: RegistryLimits = RegistryLimits(),
        credential: @escaping RegistryAuthorizer.CredentialSource
    ) throws(RegistryError) {
        let origins: [HTTPOrigin]
        do throws(TransportError) {
            origins = try RegistryEndpoint.candidates(for: repository, plainHTTP: sender.plainHTTP)
        } catch {
            throw RegistryError(error)
        }
        self.repository = repository
        self.limits = limits
        self.sender = sender
        connection = RegistryConnection(
            origins.map {
                RegistryAuthorizer(registry: $0, sender: sender, tokenTimeout: limits.timeout, credential: credential)
            }
        )
    }

    /// Asks whether there is a registry that speaks this API, and whether it accepts who asks.
    ///
    /// - Throws: ``RegistryError``.
    public func ping() async throws(RegistryError) {
        let response = try await send(.get, "/v2/", scope: nil)
        guard response.isSuccess else { throw failure(response) }
    }
}

extension RegistryClient {
    /// The part of the API that is this repository's.
    var path: String { "/v2/\(repository.path)" }

    var pull: RepositoryScope { .pull(repository.path) }
    var push: RepositoryScope { .pullPush(repository.path) }

    func requestLimits(_ bytes: Int) -> RequestLimits {
        // Errors need room also where the answer is small.
        let bytes = max(bytes, RegistryFault.maximumBody)
        return RequestLimits(maximumBodyBytes: Int64(bytes), timeout: limits.timeout, idleTimeout: limits.idleTimeout)
    }

    func send(
        _ method: HTTPRequest.Method,
        _ target: String,
        scope: RepositoryScope?,
        headers: HTTPFields = [:],
        requestBody: HTTPRequestBody = .none,
        body: RegistryConnection.Body = .collect,
        limits: RequestLimits? = nil
    ) async throws(RegistryError) -> HTTPResponseMessage {
        try await connection.send(scope: scope, limits: limits ?? requestLimits(0), body: body) {
            (origin) throws(TransportError) in
            let url = try HTTPURL(scheme: origin.scheme, authority: origin.authority, target: target)
            return HTTPRequestMessage(method, url, headers: headers, body: requestBody)
        }
    }

    func failure(_ response: HTTPResponseMessage) -> RegistryError {
        response.failure(now: sender.clock.unixSeconds())
    }

    /// The digest that the registry names for content; nil when it names none.
    func claimedDigest(_ response: HTTPResponseMessage) throws(RegistryError) -> Digest? {
        let values = Set(response.headers[values: .dockerContentDigest])
        guard let value = values.first else { return nil }
        guard values.count == 1 else { throw .badResponse(response.origin, .header("Docker-Content-Digest")) }
        do throws(CryptoError) {
            return try Digest(parsing: value)
        } catch {
            throw .badResponse(response.origin, .header("Docker-Content-Digest"))
        }
    }
}

extension HTTPField.Name {
    /// The digest of the content of an answer, as the registry has it.
    static let dockerContentDigest = HTTPField.Name(validated: "Docker-Content-Digest")
    static let link = HTTPField.Name(validated: "Link")

    /// For the names above, which are valid.
    private init(validated name: String) {
        guard let field = HTTPField.Name(name) else { preconditionFailure("a field name that is none") }
        self = field
    }
}

extension RegistryError {
    init(_ error: OCIError, origin: HTTPOrigin) {
        switch error {
        case .sizeMismatch(let digest, let expected, let found):
            self = .sizeMismatch(digest, expected: expected, found: found)
        case .digestMismatch(let expected, let found): self = .digestMismatch(expected: expected, found: found)
        case .tooLarge(let limit): self = .tooLarge(limit: limit)
        default: self = .badResponse(origin, .body)
        }
    }
}
