import HTTPTypes
import Synchronization
import Testing
import TrustTestSupport
import TrustTransport

@testable import OCIRegistry

/// The whole conversation, without sockets.
@Suite struct RegistryAuthorizerTests {
    /// A registry with a token server: the token says what was asked for and how often.
    final class World: Sendable {
        let tokens = Mutex(0)
        let revoked = Mutex<Set<String>>([])
        let challenge: String
        let acceptsTokens: Bool

        init(challenge: String, acceptsTokens: Bool = true) {
            self.challenge = challenge
            self.acceptsTokens = acceptsTokens
        }

        func answer(_ request: InMemoryTransport.Received) -> InMemoryTransport.Reply {
            if request.url.hasPrefix("https://auth.example/") {
                if request.headers[.authorization] == "Basic dTp3cm9uZw==" { return .text(.unauthorized) }
                let number = tokens.withLock { count in
                    count += 1
                    return count
                }
                return .text(.ok, #"{"token":"token-\#(number)","expires_in":100}"#)
            }
            let header = request.headers[.authorization]
            let isGood = header.map { $0.hasPrefix("Bearer token-") || $0 == "Basic dTpw" } ?? false
            if isGood, acceptsTokens, !revoked.withLock({ $0.contains(header ?? "") }) {
                return .text(.ok, "content")
            }
            return .text(.unauthorized, headers: [.wwwAuthenticate: challenge])
        }
    }

    static let bearer = #"Bearer realm="https://auth.example/token",service="svc",scope="repository:a/b:pull""#
    static let user = RegistryCredential.basic(username: "u", password: AuthSecret("p"))

    let time = FakeTime()
    let limits = RequestLimits(maximumBodyBytes: 1_000)

    func authorizer(
        _ transport: InMemoryTransport,
        _ credential: RegistryCredential = .anonymous,
        registry: String = "https://r.example/",
        plainHTTP: PlainHTTPRule = .loopbackOnly
    ) throws -> RegistryAuthorizer {
        RegistryAuthorizer(
            registry: try HTTPURL(parsing: registry).origin,
            sender: RequestSender(transport: transport, plainHTTP: plainHTTP, clock: time.clock())
        ) { () async throws(RegistryAuthError) in credential }
    }

    func get(_ url: String = "https://r.example/v2/a/b/manifests/x") throws -> HTTPRequestMessage {
        HTTPRequestMessage(.get, try HTTPURL(parsing: url))
    }

    @Test func openRegistriesAreNotToldWhoAsks() async throws {
        let transport = InMemoryTransport { _ in .text(.ok) }
        let authorizer = RegistryAuthorizer(
            registry: try HTTPURL(parsing: "https://r.example/").origin,
            sender: RequestSender(transport: transport)
        ) { () async throws(RegistryAuthError) in
            Issue.record("asked")
            return .anonymous
        }
        #expect(try await authorizer.send(get(), scope: .pull("a/b"), limits: limits).status == .ok)
        #expect(transport.requests.map { $0.headers[.authorization] } == [nil])
    }

    @Test(arguments: [nil, "Basic dTpw"]) func tokens(basic: String?) async throws {
        let world = World(challenge: Self.bearer)
        let transport = InMemoryTransport { world.answer($0) }
        let authorizer = try authorizer(transport, basic == nil ? .anonymous : Self.user)
        #expect(try await authorizer.send(get(), scope: .pull("a/b"), limits: limits).body == Array("content".utf8))
        #expect(try await authorizer.send(get(), scope: .pull("a/b"), limits: limits).status == .ok)
        // The second scope is asked for without another refusal.
        #expect(try await authorizer.send(get(), scope: .pullPush("a/b"), limits: limits).status == .ok)
        let service = "https://auth.example/token?service=svc&scope=repository%3Aa%2Fb%3Apull"
        #expect(
            transport.requests.map(\.url) == [
                "https://r.example/v2/a/b/manifests/x", service, "https://r.example/v2/a/b/manifests/x",
                "https://r.example/v2/a/b/manifests/x", service + "%2Cpush", "https://r.example/v2/a/b/manifests/x",
            ]
        )
        #expect(
            transport.requests.map { $0.headers[.authorization] } == [
                nil, basic, "Bearer token-1", "Bearer token-1", basic, "Bearer token-2",
            ]
        )
    }

    /// Who is asked with another one's credentials has no say in what a token is for.
    @Test(arguments: [true, false]) func foreignNames(taken: Bool) async throws {
        let scopes = "repository:other:pull,push registry:catalog:*"
        let challenge = Self.bearer.replacing("repository:a/b:pull", with: scopes)
        let world = World(challenge: challenge)
        let transport = InMemoryTransport { world.answer($0) }
        let authorizer = RegistryAuthorizer(
            registry: try HTTPURL(parsing: "https://r.example/").origin,
            sender: RequestSender(transport: transport),
            takesForeignNames: taken
        ) { () async throws(RegistryAuthError) in Self.user }
        #expect(try await authorizer.send(get(), scope: .pull("a/b"), limits: limits).status == .ok)
        let own = "https://auth.example/token?service=svc&scope=repository%3Aa%2Fb%3Apull"
        let token = transport.requests.map(\.url).first { $0.hasPrefix("https://auth.example/") }
        #expect(token == own + (taken ? "&scope=repository%3Aother%3Apull" : ""))
    }

    @Test func tokensExpire() async throws {
        let world = World(challenge: Self.bearer)
        let transport = InMemoryTransport { world.answer($0) }
        let authorizer = try authorizer(transport)
        _ = try await authorizer.send(get(), scope: .pull("a/b"), limits: limits)
        time.advance(by: .seconds(89))
        _ = try await authorizer.send(get(), scope: .pull("a/b"), limits: limits)
        #expect(world.tokens.withLock(\.self) == 1)
        time.advance(by: .seconds(1))
        _ = try await authorizer.send(get(), scope: .pull("a/b"), limits: limits)
        #expect(world.tokens.withLock(\.self) == 2)
    }

    @Test func aRevokedTokenIsReplacedOnce() async throws {
        let world = World(challenge: Self.bearer)
        let transport = InMemoryTransport { world.answer($0) }
        let authorizer = try authorizer(transport)
        _ = try await authorizer.send(get(), scope: .pull("a/b"), limits: limits)
        world.revoked.withLock { _ = $0.insert("Bearer token-1") }
        #expect(try await authorizer.send(get(), scope: .pull("a/b"), limits: limits).status == .ok)
        #expect(transport.requests.map { $0.headers[.authorization] }.last == "Bearer token-2")
    }

    @Test(arguments: [(true, bearer), (false, bearer), (true, bearer + #",error="insufficient_scope""#)])
    func aSecondRefusalIsFinal(hasCredentials: Bool, challenge: String) async throws {
        let world = World(challenge: challenge, acceptsTokens: false)
        let transport = InMemoryTransport { world.answer($0) }
        let authorizer = try authorizer(transport, hasCredentials ? Self.user : .anonymous)
        let origin = authorizer.registry
        let expected: RegistryAuthError =
            challenge.contains("error")
            ? .insufficientScope(origin, scope: "repository:a/b:pull")
            : .unauthorized(origin, hadCredentials: hasCredentials)
        await #expect(throws: expected) { try await authorizer.send(get(), scope: .pull("a/b"), limits: limits) }
        #expect(transport.requests.count == 3)
    }

    @Test func forbiddenIsAnAnswer() async throws {
        let transport = InMemoryTransport { _ in .text(.forbidden, #"{"errors":[{"code":"DENIED"}]}"#) }
        let response = try await authorizer(transport, Self.user).send(get(), scope: .pull("a/b"), limits: limits)
        #expect(response.status == .forbidden)
        #expect(transport.requests.count == 1)
    }

    @Test func basic() async throws {
        let world = World(challenge: #"Basic realm="Registry Realm""#)
        let transport = InMemoryTransport { world.answer($0) }
        let authorizer = try authorizer(transport, Self.user)
        _ = try await authorizer.send(get(), scope: .pull("a/b"), limits: limits)
        _ = try await authorizer.send(get(), scope: .pullPush("c"), limits: limits)
        #expect(transport.requests.map { $0.headers[.authorization] } == [nil, "Basic dTpw", "Basic dTpw"])
    }

    @Test func basicRefused() async throws {
        let world = World(challenge: #"Basic realm="Registry Realm""#, acceptsTokens: false)
        let transport = InMemoryTransport { world.answer($0) }
        let known = try authorizer(transport, Self.user)
        let origin = known.registry
        for _ in 0..<2 {
            await #expect(throws: RegistryAuthError.unauthorized(origin, hadCredentials: true)) {
                try await known.send(get(), scope: .pull("a/b"), limits: limits)
            }
        }
        let stranger = try authorizer(transport)
        await #expect(throws: RegistryAuthError.unauthorized(origin, hadCredentials: false)) {
            try await stranger.send(get(), scope: .pull("a/b"), limits: limits)
        }
    }

    @Test func identityTokensAndRegistryTokens() async throws {
        let world = World(challenge: Self.bearer)
        let transport = InMemoryTransport { world.answer($0) }
        _ = try await authorizer(transport, .identityToken(AuthSecret("refresh")))
            .send(get(), scope: .pull("a/b"), limits: limits)
        #expect(transport.requests.map(\.method) == [.get, .post, .get])
        let direct = InMemoryTransport { world.answer($0) }
        _ = try await authorizer(direct, .registryToken(AuthSecret("token-x")))
            .send(get(), scope: .pull("a/b"), limits: limits)
        #expect(direct.requests.map { $0.headers[.authorization] } == [nil, "Bearer token-x"])
    }

    @Test func wrongPassword() async throws {
        let world = World(challenge: Self.bearer)
        let transport = InMemoryTransport { world.answer($0) }
        let realm = try HTTPURL(parsing: "https://auth.example/").origin
        let wrong = RegistryCredential.basic(username: "u", password: AuthSecret("wrong"))
        await #expect(throws: RegistryAuthError.credentialsRefused(realm, status: 401)) {
            try await authorizer(transport, wrong).send(get(), scope: .pull("a/b"), limits: limits)
        }
    }

    @Test(arguments: [
        (403, false, "unauthorized"), (401, true, "refused"), (400, true, "refused"), (403, true, "refused"),
        (404, true, "failed"), (500, true, "failed"), (302, true, "failed"),
    ])
    func tokenServerStatuses(code: Int, hasCredentials: Bool, expected: String) async throws {
        let transport = InMemoryTransport { request in
            request.url.hasPrefix("https://auth.example/")
                ? .text(.init(code: code)) : .text(.unauthorized, headers: [.wwwAuthenticate: Self.bearer])
        }
        let realm = try HTTPURL(parsing: "https://auth.example/").origin
        let error: RegistryAuthError =
            switch expected {
            case "unauthorized": .unauthorized(realm, hadCredentials: false)
            case "refused": .credentialsRefused(realm, status: code)
            default:
                code == 302
                    ? .transport(TransportError(.badResponse(.invalidRedirect)))
                    : .tokenServerFailed(realm, status: code)
            }
        await #expect(throws: error) {
            try await authorizer(transport, hasCredentials ? Self.user : .anonymous)
                .send(get(), scope: .pull("a/b"), limits: limits)
        }
    }

    @Test(arguments: [
        ("", "malformed"), ("Bearer", "malformed"), (#"Bearer realm="/token""#, "malformed"),
        (#"Bearer realm="x"#, "malformed"),
        (#"Bearer realm="ftp://x/""#, "malformed"), (#"Bearer realm="https://u:p@auth.example/""#, "malformed"),
        ("Negotiate, Digest realm=x", "unsupported"),
        (#"Bearer realm="http://auth.example/""#, "realm http://auth.example"),
        (#"Bearer realm="http://127.0.0.1:1/""#, "realm http://127.0.0.1:1"),
    ])
    func badChallenges(challenge: String, expected: String) async throws {
        for credential in [RegistryCredential.anonymous, Self.user] {
            let transport = InMemoryTransport { _ in .text(.unauthorized, headers: [.wwwAuthenticate: challenge]) }
            let authorizer = try authorizer(transport, credential)
            let origin = authorizer.registry
            let error: RegistryAuthError =
                switch expected {
                case "malformed": .malformedChallenge(origin)
                case "unsupported": .unsupportedChallenge(origin, schemes: ["negotiate", "digest"])
                default: .insecureRealm(try HTTPURL(parsing: String(expected.dropFirst("realm ".count))).origin)
                }
            await #expect(throws: error) { try await authorizer.send(get(), scope: .pull("a/b"), limits: limits) }
            #expect(transport.requests.count == 1)
        }
    }

    @Test func aRefusalWithoutAChallenge() async throws {
        let transport = InMemoryTransport { _ in .text(.unauthorized) }
        let authorizer = try authorizer(transport, Self.user)
        let origin = authorizer.registry
        await #expect(throws: RegistryAuthError.malformedChallenge(origin)) {
            try await authorizer.send(get(), scope: .pull("a/b"), limits: limits)
        }
    }

    @Test func bearerGoesBeforeBasic() async throws {
        let world = World(challenge: #"Basic realm="x", "# + Self.bearer)
        let transport = InMemoryTransport { world.answer($0) }
        _ = try await authorizer(transport, Self.user).send(get(), scope: .pull("a/b"), limits: limits)
        #expect(transport.requests.map { $0.headers[.authorization] } == [nil, "Basic dTpw", "Bearer token-1"])
        #expect(transport.requests[1].url.hasPrefix("https://auth.example/"))
    }

    @Test(arguments: [#"Basic realm="x""#, bearer])
    func credentialsDoNotTravelInTheClear(challenge: String) async throws {
        let transport = InMemoryTransport { _ in .text(.unauthorized, headers: [.wwwAuthenticate: challenge]) }
        let authorizer = try authorizer(transport, Self.user, registry: "http://r.lan/", plainHTTP: .allowPlainHTTP)
        let origin = authorizer.registry
        await #expect(throws: RegistryAuthError.insecureCredentials(origin)) {
            try await authorizer.send(get("http://r.lan/v2/"), scope: .pull("a/b"), limits: limits)
        }
        #expect(transport.requests.count == 1)
    }

    @Test func loopbackMayDoWithoutTLS() async throws {
        let transport = InMemoryTransport { request in
            if request.url.hasPrefix("http://127.0.0.1:9/") { return .text(.ok, #"{"token":"token-1"}"#) }
            return request.headers[.authorization] == "Bearer token-1"
                ? .text(.ok)
                : .text(.unauthorized, headers: [.wwwAuthenticate: #"Bearer realm="http://127.0.0.1:9/t",service=s"#])
        }
        let authorizer = try authorizer(transport, Self.user, registry: "http://localhost:5000/")
        let response = try await authorizer.send(
            get("http://localhost:5000/v2/"),
            scope: .pull("a/b"),
            limits: limits
        )
        #expect(response.status == .ok)
        #expect(transport.requests[1].headers[.authorization] == "Basic dTpw")
    }

    @Test func otherOriginsGetAndSayNothing() async throws {
        let world = World(challenge: Self.bearer)
        let transport = InMemoryTransport { request in
            request.url.hasPrefix("https://storage.example/")
                ? .text(.unauthorized, headers: [.wwwAuthenticate: #"Basic realm="give""#])
                : world.answer(request)
        }
        let authorizer = try authorizer(transport, Self.user)
        _ = try await authorizer.send(get(), scope: .pull("a/b"), limits: limits)
        let before = transport.requests.count
        let response = try await authorizer.send(
            get("https://storage.example/x"),
            scope: .pull("a/b"),
            limits: limits
        )
        #expect(response.status == .unauthorized)
        #expect(transport.requests.count == before + 1)
        #expect(transport.requests.last?.headers[.authorization] == nil)
    }

    @Test func aRedirectTargetCannotAskForCredentials() async throws {
        let transport = InMemoryTransport { request in
            request.url.hasPrefix("https://r.example/")
                ? .text(.temporaryRedirect, headers: [.location: "https://evil.example/x"])
                : .text(.unauthorized, headers: [.wwwAuthenticate: #"Bearer realm="https://evil.example/t""#])
        }
        let response = try await authorizer(transport, Self.user).send(get(), scope: .pull("a/b"), limits: limits)
        #expect(response.status == .unauthorized)
        #expect(transport.requests.count == 2)
    }

    @Test func streamedUploadsAreSentAgainAfterAChallenge() async throws {
        let world = World(challenge: Self.bearer)
        let transport = InMemoryTransport { world.answer($0) }
        let body = HTTPRequestBody.stream(length: 2) { () async throws(TransportError) in
            let done = Flag()
            return { () async throws(TransportError) in done.raise() ? nil : [1, 2] }
        }
        let request = HTTPRequestMessage(.put, try HTTPURL(parsing: "https://r.example/b"), body: body)
        _ = try await authorizer(transport).send(request, scope: .pullPush("a/b"), limits: limits)
        #expect(transport.requests.map(\.body) == [[1, 2], [], [1, 2]])
    }

    @Test func tasksShareOneToken() async throws {
        let world = World(challenge: Self.bearer)
        let transport = InMemoryTransport { request in
            await Task.yield()
            return world.answer(request)
        }
        let counter = Counter()
        let authorizer = RegistryAuthorizer(
            registry: try HTTPURL(parsing: "https://r.example/").origin,
            sender: RequestSender(transport: transport, clock: time.clock())
        ) { () async throws(RegistryAuthError) in
            counter.increment()
            await Task.yield()
            return Self.user
        }
        let request = try get()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    let response = try await authorizer.send(request, scope: .pull("a/b"), limits: limits)
                    #expect(response.status == .ok)
                }
            }
            try await group.waitForAll()
        }
        #expect(world.tokens.withLock(\.self) == 1)
        #expect(counter.value == 1)
    }

    @Test func whoWaitsForATokenCanBeCancelled() async throws {
        let gate = Turnstile<Int>()
        #expect(await gate.enter(1))
        let waiting = Task { await gate.enter(1) }
        let next = Task { await gate.enter(1) }
        try await Task.sleep(for: .milliseconds(20))
        waiting.cancel()
        #expect(await waiting.value == false)
        await gate.leave(1)
        #expect(await next.value == true)
        #expect(await gate.enter(2))
        await gate.leave(1)
        #expect(await gate.enter(1))
    }

    @Test func helpersThatFailAreErrors() async throws {
        let transport = InMemoryTransport { _ in .text(.unauthorized, headers: [.wwwAuthenticate: Self.bearer]) }
        let authorizer = RegistryAuthorizer(
            registry: try HTTPURL(parsing: "https://r.example/").origin,
            sender: RequestSender(transport: transport)
        ) { () async throws(RegistryAuthError) in throw .helperTimedOut("x") }
        await #expect(throws: RegistryAuthError.helperTimedOut("x")) {
            try await authorizer.send(get(), scope: .pull("a/b"), limits: limits)
        }
    }
}

/// Tells the second caller that it is not the first.
private final class Flag: Sendable {
    private let value = Mutex(false)

    func raise() -> Bool {
        value.withLock { value in
            defer { value = true }
            return value
        }
    }
}

private final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock(\.self) }

    func increment() {
        count.withLock { $0 += 1 }
    }
}
