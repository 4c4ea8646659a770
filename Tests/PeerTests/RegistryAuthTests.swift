import AHCTransport
import HTTPTypes
import OCIRegistry
import Testing
import TrustTestSupport
import TrustTransport

/// Credentials against Debian's docker-registry.
@Suite(.timeLimit(.minutes(2))) struct RegistryAuthTests {
    static let limits = RequestLimits(maximumBodyBytes: 1 << 20)

    /// Asks for the tags of a repository as somebody.
    func tags(
        of repository: String,
        at registry: DockerRegistry,
        as credential: RegistryCredential,
        for actions: Set<RepositoryScope.Action> = [.pull],
        trusting authority: CertificateAuthority? = nil
    ) async throws -> HTTPResponseMessage {
        var configuration = AHCTransport.Configuration()
        if let authority {
            let pem = try Files.read(authority.certificate)
            configuration.certificateAuthorities = try CertificateAuthorities(pem: pem, name: "ca.crt")
        }
        return try await AHCTransport.running(configuration) { transport in
            let url = try HTTPURL(parsing: "\(registry.url)/v2/\(repository)/tags/list")
            let authorizer = RegistryAuthorizer(
                registry: url.origin,
                sender: RequestSender(transport: transport)
            ) { () async throws(RegistryAuthError) in credential }
            return try await authorizer.send(
                HTTPRequestMessage(.get, url),
                scope: RepositoryScope(repository: repository, actions: actions),
                limits: Self.limits
            )
        }
    }

    func tokenServer() async throws -> TokenServer {
        try await TokenServer(
            accounts: [TokenServer.Account(username: "alice", password: "secret", refreshToken: "r3fresh")]
        ) { user, repository in
            user == "alice" ? [.pull, .push] : repository.hasPrefix("public/") ? [.pull] : []
        }
    }

    @Test(
        arguments: [
            // who, repository, actions, status or error
            ("alice", "private/x", [.pull], "404"), ("alice", "private/x", [.pull, .push], "404"),
            ("alice's identity token", "private/x", [.pull, .push], "404"),
            ("nobody", "public/x", [.pull], "404"), ("nobody", "private/x", [.pull], "unauthorized"),
            ("mallory", "public/x", [.pull], "refused"),
        ] as [(String, String, Set<RepositoryScope.Action>, String)]
    )
    func tokens(who: String, repository: String, actions: Set<RepositoryScope.Action>, expected: String) async throws {
        let server = try await tokenServer()
        defer { server.stop() }
        var options = DockerRegistry.Options()
        options.authentication = server.authentication
        let credential: RegistryCredential =
            switch who {
            case "alice": .basic(username: "alice", password: AuthSecret("secret"))
            case "mallory": .basic(username: "alice", password: AuthSecret("guess"))
            case "nobody": .anonymous
            default: .identityToken(AuthSecret("r3fresh"))
            }
        try await DockerRegistry.with(options) { registry in
            let result: String
            do {
                let response = try await tags(of: repository, at: registry, as: credential, for: actions)
                result = "\(response.status.code)"
                #expect(String(decoding: response.body, as: UTF8.self).contains("NAME_UNKNOWN"))
            } catch RegistryAuthError.unauthorized(_, hadCredentials: false) {
                result = "unauthorized"
            } catch RegistryAuthError.credentialsRefused(_, status: 401) {
                result = "refused"
            }
            #expect(result == expected)
        }
    }

    @Test func passwords() async throws {
        let authority = try await CertificateAuthority()
        var options = DockerRegistry.Options()
        options.authentication = .basic(["alice": "secret"])
        options.tls = authority
        try await DockerRegistry.with(options) { registry in
            let alice = RegistryCredential.basic(username: "alice", password: AuthSecret("secret"))
            let response = try await tags(of: "x", at: registry, as: alice, trusting: authority)
            #expect(response.status == .notFound)
            let origin = try HTTPURL(parsing: registry.url).origin
            for (credential, hadCredentials) in [
                (RegistryCredential.anonymous, false), (.basic(username: "alice", password: AuthSecret("guess")), true),
            ] {
                await #expect(throws: RegistryAuthError.unauthorized(origin, hadCredentials: hadCredentials)) {
                    try await tags(of: "x", at: registry, as: credential, trusting: authority)
                }
            }
            await #expect(throws: RegistryAuthError.transport(TransportError(.tls(.certificate)))) {
                try await tags(of: "x", at: registry, as: alice)
            }
        }
    }
}
