import CanonicalJSON
import HTTPTypes
import TrustCrypto
import TrustTransport

/// The conversation with a token server: docker's token authentication and its OAuth2 form. Pure but for the sending.
struct TokenExchange: Sendable {
    /// What a Bearer challenge and our own need add up to.
    let realm: HTTPURL
    let service: String?
    let scopes: [String]

    /// A token and how long it is good for.
    struct Token: Sendable {
        let secret: AuthSecret
        let lifetime: Duration
    }

    /// The largest answer of a token server that is read, in bytes.
    static let maximumResponse: Int64 = 1 << 20

    /// The longest token that is accepted, in bytes: it has to fit into a header field.
    static let maximumToken = 65_536

    /// The request for a token.
    ///
    /// Name and password go into a GET as Basic authorization; an identity token is exchanged by a POST
    /// (`grant_type=refresh_token`); without a credential the GET is anonymous.
    func request(as credential: RegistryCredential) throws(TransportError) -> HTTPRequestMessage {
        switch credential {
        case .anonymous, .registryToken:
            return HTTPRequestMessage(.get, try queryURL(), headers: [.accept: "application/json"])
        case .basic(let username, let password):
            let headers: HTTPFields = [
                .accept: "application/json",
                .authorization: BasicAuthorization.value(username: username, password: password),
            ]
            return HTTPRequestMessage(.get, try queryURL(), headers: headers)
        case .identityToken(let token):
            var form = [("grant_type", "refresh_token"), ("client_id", "trustctl"), ("refresh_token", token.text)]
            if let service { form.append(("service", service)) }
            if !scopes.isEmpty { form.append(("scope", scopes.joined(separator: " "))) }
            let text = form.map { "\($0.0)=\(HTTPURL.percentEncoded($0.1))" }.joined(separator: "&")
            return HTTPRequestMessage(
                .post,
                realm,
                headers: [.accept: "application/json", .contentType: "application/x-www-form-urlencoded"],
                body: .bytes(Array(text.utf8))
            )
        }
    }

    private func queryURL() throws(TransportError) -> HTTPURL {
        var items: [(name: String, value: String)] = []
        if let service { items.append(("service", service)) }
        items += scopes.map { ("scope", $0) }
        return try realm.appendingQuery(items)
    }

    /// Reads the answer of a token server: `token` or `access_token`, and `expires_in` seconds, 60 when absent.
    static func token(from response: HTTPResponseMessage, realm: HTTPOrigin) throws(RegistryAuthError) -> Token {
        let limits = JSONLimits(maximumBytes: Int(maximumResponse), maximumDepth: 16)
        let root: JSONNode
        do throws(JSONError) {
            root = try JSONDocument(parsing: response.body, limits: limits).root
        } catch {
            throw .malformedToken(realm)
        }
        let found = [root["token"], root["access_token"]].compactMap { $0?.string }.first { !$0.isEmpty }
        // Visible ASCII alone: anything else would end or break the header field that the token goes into.
        guard let text = found, text.utf8.count <= maximumToken, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { throw .malformedToken(realm) }
        let seconds = root["expires_in"]?.integer ?? 60
        // Servers are known to answer 0 or less for "the default".
        let lifetime = Duration.seconds(seconds <= 0 ? 60 : min(seconds, 86_400))
        return Token(secret: AuthSecret(text), lifetime: lifetime)
    }
}

/// `Authorization: Basic` (RFC 7617).
enum BasicAuthorization {
    static func value(username: String, password: AuthSecret) -> String {
        "Basic " + Base64.encode(Array("\(username):\(password.text)".utf8).span)
    }
}
