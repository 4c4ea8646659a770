import HTTPTypes
public import TrustTransport

/// Sends requests to one registry as somebody: answers its challenges and keeps the tokens it is given.
///
/// The first request goes out bare; credentials are looked up when the registry asks for them, and then once. They go to
/// the registry's own origin (Basic) or to the token server it names (which must be https, or loopback like the registry
/// itself), and over plain HTTP only to loopback. A 401 is answered once for each request; a 403 is an answer and is
/// handed to the caller.
public actor RegistryAuthorizer {
    /// Looks up who asks.
    public typealias CredentialSource = @Sendable () async throws(RegistryAuthError) -> RegistryCredential

    /// The registry's API.
    public nonisolated let registry: HTTPOrigin

    /// What requests are sent with.
    public nonisolated let sender: RequestSender

    private let takesForeignNames: Bool
    private let source: CredentialSource
    private let tokenLimits: RequestLimits
    private let cache = TokenCache()
    private let lookups = Turnstile<Int>()

    private var credential: RegistryCredential?
    private var method: Method = .unknown

    /// How the registry wants to be spoken to, as far as it has said.
    private enum Method: Sendable {
        case unknown
        /// One header field for all requests: Basic, or a token that was given.
        case fixed(header: String)
        case bearer(realm: HTTPURL, service: String?)
    }

    /// Makes an authorizer for one registry.
    ///
    /// - Parameters:
    ///   - registry: The origin of the registry's API: where credentials belong.
    ///   - sender: What requests are sent with.
    ///   - tokenTimeout: How long getting a token may take.
    ///   - takesForeignNames: Whether a challenge may name the repository otherwise than we do, as registries that are
    ///     mirrors do. Not for servers that are asked with the credentials of another one: they could have a token made for
    ///     whatever they like.
    ///   - credential: Looks up who asks; called when the registry wants to know, and not again once it has answered.
    public init(
        registry: HTTPOrigin,
        sender: RequestSender,
        tokenTimeout: Duration = .seconds(60),
        takesForeignNames: Bool = true,
        credential: @escaping CredentialSource
    ) {
        self.registry = registry
        self.sender = sender
        tokenLimits = RequestLimits(maximumBodyBytes: TokenExchange.maximumResponse, timeout: tokenTimeout)
        self.takesForeignNames = takesForeignNames
        source = credential
    }

    /// Sends a request and returns the whole response.
    ///
    /// - Parameters:
    ///   - request: What to send. To another origin than the registry's it goes as it is, without credentials.
    ///   - scope: What it needs; nil outside any repository.
    ///   - limits: Bounds of each attempt.
    /// - Returns: The response, whatever its status; 401 only from another origin than the registry's.
    /// - Throws: ``RegistryAuthError``.
    public nonisolated func send(
        _ request: HTTPRequestMessage,
        scope: RepositoryScope?,
        limits: RequestLimits
    ) async throws(RegistryAuthError) -> HTTPResponseMessage {
        try await stream(request, scope: scope, limits: limits, mayHandleTwice: true) {
            (head, body) async throws(TransportError) in
            HTTPResponseMessage(head: head, body: try await body.collect())
        }
    }

    /// Sends a request and hands the response over while its body still comes in.
    ///
    /// - Parameters:
    ///   - request: What to send. A streamed body is opened anew for the second attempt.
    ///   - scope: What it needs; nil outside any repository.
    ///   - limits: Bounds of each attempt.
    ///   - mayHandleTwice: See `RequestSender`.
    ///   - handle: Gets the response; never a 401 of the registry.
    /// - Returns: What `handle` returned.
    /// - Throws: ``RegistryAuthError``.
    public nonisolated func stream<Answer: Sendable>(
        _ request: HTTPRequestMessage,
        scope: RepositoryScope?,
        limits: RequestLimits,
        mayHandleTwice: Bool = false,
        _ handle: @escaping @Sendable (HTTPResponseHead, HTTPBodyReader) async throws(TransportError) -> Answer
    ) async throws(RegistryAuthError) -> Answer {
        var header = request.url.origin == registry ? try await knownHeader(for: scope) : nil
        var isSecondTime = false
        while true {
            switch try await attempt(request, header: header, limits: limits, mayHandleTwice, handle) {
            case .answered(let answer):
                return answer
            case .challenged(let fields):
                guard !isSecondTime else { throw await refusal(fields, scope: scope) }
                header = try await answer(to: fields, scope: scope, rejected: header)
                isSecondTime = true
            }
        }
    }

    private enum Outcome<Answer: Sendable>: Sendable {
        case answered(Answer)
        case challenged([String])
    }

    private nonisolated func attempt<Answer: Sendable>(
        _ request: HTTPRequestMessage,
        header: String?,
        limits: RequestLimits,
        _ mayHandleTwice: Bool,
        _ handle: @escaping @Sendable (HTTPResponseHead, HTTPBodyReader) async throws(TransportError) -> Answer
    ) async throws(RegistryAuthError) -> Outcome<Answer> {
        var request = request
        if let header {
            request.headers[.authorization] = header
        }
        let registry = registry
        do throws(TransportError) {
            return try await sender.stream(request, limits: limits, mayHandleTwice: mayHandleTwice) {
                (head, body) async throws(TransportError) in
                // A challenge counts only from the registry itself: storage that it redirects to gets no say in where
                // credentials go.
                guard head.status == .unauthorized, head.url.origin == registry else {
                    return .answered(try await handle(head, body))
                }
                await body.drain()
                return .challenged(head.headers[values: .wwwAuthenticate])
            }
        } catch {
            throw .transport(error)
        }
    }

    // MARK: - Before the first answer

    /// The header for a request by what the registry has said so far; nil when it has said nothing.
    private func knownHeader(for scope: RepositoryScope?) async throws(RegistryAuthError) -> String? {
        switch method {
        case .unknown:
            return nil
        case .fixed(let header):
            return header
        case .bearer(let realm, let service):
            // Outside repositories only the challenge says what to ask for.
            guard let scope else { return nil }
            let scopes = RepositoryScope.combined(needed: scope, challenge: nil)
            return try await bearerHeader(
                TokenExchange(realm: realm, service: service, scopes: scopes),
                key: scope,
                rejected: nil
            )
        }
    }

    // MARK: - After a challenge

    private func answer(
        to fields: [String],
        scope: RepositoryScope?,
        rejected: String?
    ) async throws(RegistryAuthError) -> String {
        let challenges: [AuthChallenge]
        do throws(AuthChallenge.ParseError) {
            challenges = try AuthChallenge.parse(fields)
        } catch {
            throw .malformedChallenge(registry)
        }
        guard !challenges.isEmpty else { throw .malformedChallenge(registry) }
        let who = try await whoAsks()
        if !who.isAnonymous, registry.scheme == .http, !registry.isLoopback {
            // Whoever sits on the wire could also name a token server of its own.
            throw .insecureCredentials(registry)
        }
        if let challenge = challenges.first(where: { $0.scheme == "bearer" }) {
            return try await answerBearer(challenge, who: who, scope: scope, rejected: rejected)
        }
        if challenges.contains(where: { $0.scheme == "basic" }) {
            guard case .basic(let username, let password) = who else {
                throw .unauthorized(registry, hadCredentials: !who.isAnonymous)
            }
            let header = BasicAuthorization.value(username: username, password: password)
            guard header != rejected else { throw .unauthorized(registry, hadCredentials: true) }
            method = .fixed(header: header)
            return header
        }
        throw .unsupportedChallenge(registry, schemes: challenges.map(\.scheme))
    }

    private func answerBearer(
        _ challenge: AuthChallenge,
        who: RegistryCredential,
        scope: RepositoryScope?,
        rejected: String?
    ) async throws(RegistryAuthError) -> String {
        if case .registryToken(let token) = who {
            let header = "Bearer \(token.text)"
            guard header != rejected else { throw .unauthorized(registry, hadCredentials: true) }
            method = .fixed(header: header)
            return header
        }
        guard let text = challenge["realm"] else { throw .malformedChallenge(registry) }
        let realm: HTTPURL
        do throws(TransportError) {
            realm = try HTTPURL(parsing: text)
        } catch {
            throw .malformedChallenge(registry)
        }
        guard TokenRealmRule.permits(realm.origin, registry: registry, who: who, plainHTTP: sender.plainHTTP) else {
            throw .insecureRealm(realm.origin)
        }
        let service = challenge["service"]
        method = .bearer(realm: realm, service: service)
        let scopes = RepositoryScope.combined(
            needed: scope,
            challenge: takesForeignNames ? challenge["scope"] : nil
        )
        return try await bearerHeader(
            TokenExchange(realm: realm, service: service, scopes: scopes),
            key: scope,
            rejected: rejected
        )
    }

    private func bearerHeader(
        _ exchange: TokenExchange,
        key: RepositoryScope?,
        rejected: String?
    ) async throws(RegistryAuthError) -> String {
        let who = try await whoAsks()
        let sender = sender
        let limits = tokenLimits
        let token = try await cache.token(
            for: key,
            otherThan: rejected.map { String($0.dropFirst("Bearer ".utf8.count)) },
            clock: sender.clock
        ) { () async throws(RegistryAuthError) in
            try await Self.fetch(exchange, who: who, sender: sender, limits: limits)
        }
        return "Bearer \(token.text)"
    }

    private static func fetch(
        _ exchange: TokenExchange,
        who: RegistryCredential,
        sender: RequestSender,
        limits: RequestLimits
    ) async throws(RegistryAuthError) -> TokenExchange.Token {
        let origin = exchange.realm.origin
        let response: HTTPResponseMessage
        do throws(TransportError) {
            response = try await sender.send(try exchange.request(as: who), limits: limits)
        } catch {
            throw .transport(error)
        }
        switch response.status.code {
        case 200:
            return try TokenExchange.token(from: response, realm: origin)
        case 400, 401, 403:
            // OAuth2 servers say 400 (invalid_grant) to a refresh token that has ended.
            if who.isAnonymous {
                throw .unauthorized(origin, hadCredentials: false)
            }
            throw .credentialsRefused(origin, status: response.status.code)
        default:
            throw .tokenServerFailed(origin, status: response.status.code)
        }
    }

    /// Why the registry said 401 to a header that was made for it.
    private func refusal(_ fields: [String], scope: RepositoryScope?) async -> RegistryAuthError {
        let hadCredentials = credential.map { !$0.isAnonymous } ?? false
        do throws(AuthChallenge.ParseError) {
            let challenge = try AuthChallenge.parse(fields).first { $0["error"] == "insufficient_scope" }
            if challenge != nil, let scope, hadCredentials {
                return .insufficientScope(registry, scope: scope.description)
            }
        } catch {
            // The answer is no in any case; a challenge that cannot be read only says less about why.
            return .unauthorized(registry, hadCredentials: hadCredentials)
        }
        return .unauthorized(registry, hadCredentials: hadCredentials)
    }

    private func whoAsks() async throws(RegistryAuthError) -> RegistryCredential {
        if let credential {
            return credential
        }
        // One at a time: a helper may have to ask its user something.
        guard await lookups.enter(0) else { throw .transport(TransportError(.cancelled)) }
        let result: Result<RegistryCredential, RegistryAuthError>
        if let credential {
            result = .success(credential)
        } else {
            do throws(RegistryAuthError) {
                let found = try await source()
                credential = found
                result = .success(found)
            } catch {
                result = .failure(error)
            }
        }
        await lookups.leave(0)
        return try result.get()
    }
}

/// Which token servers may be asked.
enum TokenRealmRule {
    /// https always. Plain HTTP when registry and realm both are on this machine (a registry elsewhere has no say over
    /// local services), or without credentials where plain HTTP is allowed in general.
    static func permits(
        _ realm: HTTPOrigin,
        registry: HTTPOrigin,
        who: RegistryCredential,
        plainHTTP: PlainHTTPRule
    ) -> Bool {
        switch realm.scheme {
        case .https: true
        case .http:
            realm.isLoopback && registry.isLoopback || who.isAnonymous && plainHTTP == .allowPlainHTTP
        }
    }
}
