import CanonicalJSON
public import OCIRegistry
import Synchronization
import TrustCrypto
import TrustTransport

/// A token server as docker's registry wants it (`auth: token`): ES256 tokens, Basic and refresh-token grants, over plain
/// HTTP on 127.0.0.1.
public final class TokenServer: Sendable {
    /// Somebody who may ask.
    public struct Account: Sendable {
        /// The user name.
        public var username: String
        /// The password.
        public var password: String
        /// What docker's configuration calls `identitytoken`.
        public var refreshToken: String

        /// Makes an account.
        public init(username: String, password: String, refreshToken: String = "") {
            self.username = username
            self.password = password
            self.refreshToken = refreshToken
        }
    }

    /// What a user (nil: nobody in particular) may do in a repository.
    public typealias Rights = @Sendable (_ username: String?, _ repository: String) -> Set<RepositoryScope.Action>

    /// The `service` that tokens are for.
    public let service: String

    /// The `issuer` of the tokens.
    public let issuer: String

    /// What goes into the registry's `rootcertbundle`: a PEM file.
    public var certificatePath: String { directory.file("certificate.pem") }

    private let directory: TemporaryDirectory
    private let server: RawServer
    private let issue: TokenIssue

    /// Starts a server on a free port.
    ///
    /// - Parameters:
    ///   - service: The `service` that tokens are for.
    ///   - issuer: The `issuer` of the tokens.
    ///   - accounts: Who may ask.
    ///   - lifetime: How long a token is good for, in seconds.
    ///   - rights: What they may do.
    /// - Throws: `CryptoError`, `RawServer.SystemError`, `FixtureError`.
    public init(
        service: String = "test-registry",
        issuer: String = "test-token-server",
        accounts: [Account],
        lifetime: Int64 = 300,
        rights: @escaping Rights
    ) async throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        let certificate = try await SelfSignedCertificate(commonName: issuer, key: key).pem
        directory = try TemporaryDirectory("trustctl-test-tokens")
        try directory.write(Array(certificate.utf8), to: "certificate.pem")
        self.service = service
        self.issuer = issuer
        let issue = TokenIssue(
            key: key,
            service: service,
            issuer: issuer,
            lifetime: lifetime,
            accounts: accounts,
            rights: rights
        )
        self.issue = issue
        server = try RawServer { request, connection in
            // Signing is asynchronous, and this thread has nothing else to do.
            let answer = BlockingResult<TokenIssue.Answer>()
            Task { answer.set(await issue.answer(request)) }
            let (status, body) = answer.get()
            connection.respond(status, headers: [("Content-Type", "application/json")], text: body)
        }
    }

    /// What goes into the registry's `realm`.
    public var realm: String { "http://\(server.authority)/token" }

    /// The requests so far.
    public var requests: [RawServer.Request] { server.requests }

    /// What makes a `DockerRegistry` send its clients here.
    public var authentication: DockerRegistry.Authentication {
        .token(realm: realm, service: service, issuer: issuer, rootCertificates: certificatePath)
    }

    /// Stops the server.
    public func stop() {
        server.stop()
    }
}

/// Makes tokens.
struct TokenIssue: Sendable {
    typealias Answer = (status: String, body: String)

    let key: PrivateKey
    let service: String
    let issuer: String
    let lifetime: Int64
    let accounts: [TokenServer.Account]
    let rights: TokenServer.Rights

    func answer(_ request: RawServer.Request) async -> Answer {
        let user: String?
        let scopes: [String]
        switch request.method {
        case "GET":
            scopes = request.query("scope")
            if let header = request.header("authorization") {
                guard let account = accounts.first(where: { header == Self.basic($0) }) else { return Self.refused }
                user = account.username
            } else {
                user = nil
            }
            guard request.query("service") == [service] else { return ("400 Bad Request", "{}") }
        case "POST":
            let form = String(decoding: request.body, as: UTF8.self)
            scopes = FormDecoding.values("scope", in: form).flatMap { $0.split(separator: " ").map(String.init) }
            let token = FormDecoding.values("refresh_token", in: form).first ?? ""
            guard FormDecoding.values("grant_type", in: form) == ["refresh_token"], !token.isEmpty,
                let account = accounts.first(where: { $0.refreshToken == token })
            else { return Self.refused }
            user = account.username
        default:
            return ("405 Method Not Allowed", "{}")
        }
        do {
            let token = try await token(for: user, scopes: scopes)
            let name = request.method == "POST" ? "access_token" : "token"
            return ("200 OK", #"{"\#(name)":"\#(token)","expires_in":\#(lifetime)}"#)
        } catch {
            return ("500 Internal Server Error", "{}")
        }
    }

    private static let refused: Answer = ("401 Unauthorized", #"{"details":"incorrect username or password"}"#)

    private static func basic(_ account: TokenServer.Account) -> String {
        "Basic " + Base64.encode(Array("\(account.username):\(account.password)".utf8).span)
    }

    private func token(for user: String?, scopes: [String]) async throws -> String {
        let now = TransportClock.system.unixSeconds()
        let header: JSONValue = .object([
            "typ": .string("JWT"), "alg": .string("ES256"), "kid": .string(LibtrustKeyID.string(of: key.publicKey)),
        ])
        let claims: JSONValue = .object([
            "iss": .string(issuer), "sub": .string(user ?? ""), "aud": .string(service),
            "exp": .integer(now + lifetime), "nbf": .integer(now - 10), "iat": .integer(now),
            "jti": .string(SecureRandom.uuid()), "access": .array(scopes.compactMap { access($0, user: user) }),
        ])
        let signed = try Self.base64URL(header.canonicalBytes()) + "." + Self.base64URL(claims.canonicalBytes())
        let signature = try await key.sign(Array(signed.utf8))
        guard let raw = DER.rawECDSASignature(signature) else { throw SigningError.notDER }
        return signed + "." + Self.base64URL(raw)
    }

    private enum SigningError: Error { case notDER }

    /// The part of a wanted scope that the user has a right to.
    private func access(_ scope: String, user: String?) -> JSONValue? {
        let parts = scope.split(separator: ":")
        guard parts.count == 3, parts[0] == "repository" else { return nil }
        let allowed = rights(user, String(parts[1]))
        let granted = parts[2].split(separator: ",").filter { wanted in
            allowed.contains { $0.rawValue == wanted }
        }
        return .object([
            "type": .string("repository"), "name": .string(String(parts[1])),
            "actions": .array(granted.map { .string(String($0)) }),
        ])
    }

    private static func base64URL(_ bytes: [UInt8]) -> String {
        String(
            Base64.encode(bytes.span).compactMap { character -> Character? in
                switch character {
                case "+": "-"
                case "/": "_"
                case "=": nil
                default: character
                }
            }
        )
    }
}

/// docker's libtrust names keys by the beginning of the SHA-256 of their SubjectPublicKeyInfo, in base32.
enum LibtrustKeyID {
    static func string(of key: PublicKey) -> String {
        let digest = Digest.compute(.sha256, over: key.spkiDER.span).bytes.prefix(30)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var bits = 0
        var count = 0
        var text: [Character] = []
        for byte in digest {
            bits = bits << 8 | Int(byte)
            count += 8
            while count >= 5 {
                count -= 5
                text.append(alphabet[bits >> count & 31])
                bits &= (1 << count) - 1
            }
        }
        return stride(from: 0, to: text.count, by: 4).map { String(text[$0..<$0 + 4]) }.joined(separator: ":")
    }
}
