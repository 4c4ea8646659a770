import Synchronization
import TrustCrypto

/// The tokens of a ``NotaryFront``: who gets which, and what they are good for. The real server's rules, without its
/// JWTs: a token is a random word that is looked up.
final class NotaryTokens: Sendable {
    private let credentials: String
    private let readersNeedNone: Bool
    private let issued = Mutex<[String: [String]]>([:])

    init(credentials: String, readersNeedNone: Bool) {
        self.credentials = credentials
        self.readersNeedNone = readersNeedNone
    }

    /// Answers a request for a token.
    func issue(_ request: RawServer.Request) -> RegistryFront.Answer {
        var scopes = request.query("scope")
        if let header = request.header("authorization") {
            guard header == "Basic " + Base64.encode(Array(credentials.utf8).span) else { return Self.refused }
        } else {
            guard readersNeedNone else { return Self.refused }
            scopes = scopes.filter { $0.hasSuffix(":pull") }
        }
        let token = SecureRandom.uuid()
        issued.withLock { $0[token] = scopes }
        return RegistryFront.Answer(
            status: "200 OK",
            headers: [("Content-Type", "application/json")],
            body: Array(#"{"token":"\#(token)","expires_in":300}"#.utf8)
        )
    }

    /// What a request without the right token is answered; nil lets it pass.
    func refusal(of request: RawServer.Request, realm: String) -> RegistryFront.Answer? {
        guard let scope = Self.scope(of: request) else { return nil }
        var challenge = #"Bearer realm="\#(realm)",service="\#(Self.service)",scope="\#(scope)""#
        if let header = request.header("authorization") {
            let granted = issued.withLock { $0[String(header.trimmingPrefix("Bearer "))] }
            if granted?.contains(where: { Self.scope($0, covers: scope) }) == true { return nil }
            challenge += #",error="\#(granted == nil ? "invalid_token" : "insufficient_scope")""#
        }
        var answer = Self.refused
        answer.set("WWW-Authenticate", to: challenge)
        return answer
    }

    static let service = "test-notary"

    private static let refused = RegistryFront.Answer(
        status: "401 Unauthorized",
        headers: [("Content-Type", "application/json; charset=utf-8")],
        body: Array(#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":null}]}"#.utf8)
    )

    /// The scope that notary-server demands; nil for what everybody may ask.
    static func scope(of request: RawServer.Request) -> String? {
        let path = request.path
        guard path.hasPrefix("/v2/") else { return nil }
        guard let end = path.firstRange(of: "/_trust/"), let start = path.firstRange(of: "/v2/"),
            start.upperBound < end.lowerBound
        else { return "registry:catalog:*" }
        let isKey = path.hasSuffix(".key")
        let actions =
            switch request.method {
            case "GET", "HEAD": isKey ? "push,pull" : "pull"
            case "POST": isKey ? "*" : "push,pull"
            default: "*"
            }
        return "repository:\(path[start.upperBound..<end.lowerBound]):\(actions)"
    }

    private static func scope(_ granted: String, covers wanted: String) -> Bool {
        // The name between the type and the actions may have a colon of its own.
        func parts(_ scope: String) -> (Substring, [Substring]) {
            let colon = scope.lastIndex(of: ":") ?? scope.startIndex
            return (scope[..<colon], scope[colon...].dropFirst().split(separator: ","))
        }
        let (resource, actions) = parts(granted)
        let (wantedResource, wantedActions) = parts(wanted)
        return resource == wantedResource && (actions.contains("*") || wantedActions.allSatisfy(actions.contains))
    }
}
