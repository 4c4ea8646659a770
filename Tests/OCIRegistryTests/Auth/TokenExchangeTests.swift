import HTTPTypes
import Testing
import TrustTransport

@testable import OCIRegistry

@Suite struct TokenExchangeTests {
    let realm = "https://auth.example/token?x=1"

    func exchange(_ scopes: [String], service: String? = "svc & co") throws -> TokenExchange {
        TokenExchange(realm: try HTTPURL(parsing: realm), service: service, scopes: scopes)
    }

    @Test func anonymous() throws {
        let request = try exchange(["repository:a/b:pull", "repository:c:pull"]).request(as: .anonymous)
        #expect(request.method == .get)
        #expect(
            request.url.string
                == "https://auth.example/token?x=1&service=svc%20%26%20co&scope=repository%3Aa%2Fb%3Apull&scope=repository%3Ac%3Apull"
        )
        #expect(request.headers[.authorization] == nil)
    }

    @Test func basic() throws {
        let credential = RegistryCredential.basic(username: "Aladdin", password: AuthSecret("open sesame"))
        let request = try exchange([], service: nil).request(as: credential)
        #expect(request.url.string == realm)
        #expect(request.headers[.authorization] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
    }

    @Test func identityToken() throws {
        let request = try exchange(["repository:a:pull,push"]).request(as: .identityToken(AuthSecret("t+k&n")))
        #expect(request.method == .post)
        #expect(request.url.string == realm)
        #expect(request.headers[.authorization] == nil)
        guard case .bytes(let body) = request.body else {
            Issue.record("no body")
            return
        }
        #expect(
            String(decoding: body, as: UTF8.self)
                == "grant_type=refresh_token&client_id=trustctl&refresh_token=t%2Bk%26n&service=svc%20%26%20co"
                + "&scope=repository%3Aa%3Apull%2Cpush"
        )
    }

    func read(_ body: String) throws(RegistryAuthError) -> (String, Duration) {
        do {
            let url = try HTTPURL(parsing: realm)
            let head = HTTPResponseHead(status: .ok, headers: [:], url: url)
            let token = try TokenExchange.token(
                from: HTTPResponseMessage(head: head, body: Array(body.utf8)),
                realm: url.origin
            )
            return (token.secret.text, token.lifetime)
        } catch let error as RegistryAuthError {
            throw error
        } catch {
            throw .transport(TransportError(.invalidURL))
        }
    }

    @Test(arguments: [
        (#"{"token":"abc.d-e_f~"}"#, "abc.d-e_f~", 60),
        (#"{"access_token":"abc","expires_in":300,"scope":"x","refresh_token":"y"}"#, "abc", 300),
        (#"{"token":"a","access_token":"b","expires_in":0}"#, "a", 60),
        (#"{"token":"","access_token":"b","expires_in":-5}"#, "b", 60),
        (#"{"token":null,"access_token":"b","expires_in":1e3}"#, "b", 60),
        (#"{"token":"a","expires_in":99999999999}"#, "a", 86_400),
    ])
    func reads(body: String, token: String, seconds: Int) throws {
        let (text, lifetime) = try read(body)
        #expect(text == token)
        #expect(lifetime == .seconds(seconds))
    }

    @Test(arguments: [
        "", "{}", "[]", #""token""#, #"{"token":5}"#, #"{"token":""}"#, #"{"token":"a b"}"#, #"{"token":"a\r\nX: y"}"#,
        #"{"token":"ü"}"#, #"{"token":"a","token":"b"}"#, "<html>",
        #"{"token":"\#(String(repeating: "a", count: TokenExchange.maximumToken + 1))"}"#,
    ])
    func refuses(body: String) throws {
        let origin = try HTTPURL(parsing: realm).origin
        #expect(throws: RegistryAuthError.malformedToken(origin)) { try read(body) }
    }
}
