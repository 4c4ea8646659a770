import HTTPTypes
import Testing

@testable import TrustTransport

@Suite struct RedirectPolicyTests {
    enum Expected: Sendable, Equatable {
        case deliver
        case follow(String)
        case refuse(TransportError.BadResponse)
    }

    struct Case: Sendable {
        var method: HTTPRequest.Method = .get
        var from = "https://r.example/v2/a"
        var status = 307
        var location: String?
        var plainHTTP = PlainHTTPRule.loopbackOnly
        var expected: Expected
    }

    @Test(arguments: [
        Case(location: "/x", expected: .follow("https://r.example/x")),
        Case(
            method: .head,
            status: 301,
            location: "https://s.example/x?sig=1",
            expected: .follow("https://s.example/x?sig=1")
        ),
        Case(status: 302, location: "x", expected: .follow("https://r.example/v2/x")),
        Case(status: 303, location: "/x", expected: .follow("https://r.example/x")),
        Case(status: 308, location: "/x", expected: .follow("https://r.example/x")),
        // not redirects
        Case(status: 200, location: "/x", expected: .deliver),
        Case(status: 202, location: "/x", expected: .deliver),
        Case(status: 300, location: "/x", expected: .deliver),
        Case(status: 304, expected: .deliver),
        Case(status: 305, location: "/x", expected: .deliver),
        Case(status: 404, expected: .deliver),
        // what cannot be followed
        Case(expected: .refuse(.invalidRedirect)),
        Case(location: "ftp://s.example/", expected: .refuse(.invalidRedirect)),
        Case(location: "https://u:p@s.example/", expected: .refuse(.invalidRedirect)),
        Case(location: "https://s.example/a b", expected: .refuse(.invalidRedirect)),
        Case(location: "/v2/a", expected: .refuse(.redirectLoop)),
        Case(location: "https://R.example:443/v2/a#x", expected: .refuse(.redirectLoop)),
        // other methods
        Case(method: .post, status: 302, location: "/x", expected: .deliver),
        Case(method: .put, status: 303, location: "/x", expected: .deliver),
        Case(method: .put, location: "/x", expected: .follow("https://r.example/x")),
        Case(method: .post, status: 308, location: "/x", expected: .follow("https://r.example/x")),
        Case(method: .put, location: "https://s.example/x", expected: .refuse(.redirectOfBody)),
        Case(method: .delete, location: "https://r.example:8443/x", expected: .refuse(.redirectOfBody)),
        // plain HTTP
        Case(location: "http://r.example/v2/a", expected: .refuse(.redirectDowngrade)),
        Case(location: "http://r.example/x", plainHTTP: .allowPlainHTTP, expected: .refuse(.redirectDowngrade)),
        Case(location: "http://127.0.0.1/x", expected: .refuse(.redirectDowngrade)),
        Case(location: "http://localhost/x", plainHTTP: .allowPlainHTTP, expected: .refuse(.redirectDowngrade)),
        Case(from: "https://localhost/a", location: "http://127.0.0.1/x", expected: .follow("http://127.0.0.1/x")),
        Case(from: "http://localhost/a", location: "http://[::1]:5/x", expected: .follow("http://[::1]:5/x")),
        Case(from: "http://localhost/a", location: "http://r.example/x", expected: .refuse(.redirectDowngrade)),
        Case(from: "http://localhost/a", location: "https://r.example/x", expected: .follow("https://r.example/x")),
        Case(
            from: "http://r.example/a",
            location: "http://s.example/x",
            plainHTTP: .allowPlainHTTP,
            expected: .follow("http://s.example/x")
        ),
        Case(from: "http://r.example/a", location: "http://localhost/x", expected: .refuse(.redirectDowngrade)),
    ])
    func decides(_ example: Case) throws {
        let request = HTTPRequestMessage(example.method, try HTTPURL(parsing: example.from))
        var headers = HTTPFields()
        headers[.location] = example.location
        let head = HTTPResponseHead(status: .init(code: example.status), headers: headers, url: request.url)
        let policy = RedirectPolicy(plainHTTP: example.plainHTTP)
        switch policy.decide(request, head: head, visited: [request.url]) {
        case .deliver: #expect(example.expected == .deliver)
        case .follow(let next):
            #expect(example.expected == .follow(next.url.string))
            #expect(next.method == example.method)
        case .refuse(let error):
            guard case .badResponse(let reason) = error.kind else {
                Issue.record("\(error)")
                return
            }
            #expect(example.expected == .refuse(reason))
        }
    }

    @Test func severalLocationsAreNone() throws {
        let request = HTTPRequestMessage(.get, try HTTPURL(parsing: "https://r.example/"))
        var headers = HTTPFields()
        headers.append(HTTPField(name: .location, value: "/a"))
        headers.append(HTTPField(name: .location, value: "/b"))
        let head = HTTPResponseHead(status: .found, headers: headers, url: request.url)
        guard case .refuse(let error) = RedirectPolicy().decide(request, head: head, visited: [request.url]) else {
            Issue.record("followed")
            return
        }
        #expect(error.kind == .badResponse(.invalidRedirect))
    }

    @Test(arguments: [
        ("https://r.example/x", true),
        ("https://r.example:443/x", true),
        ("https://r.example:444/x", false),
        ("https://s.r.example/x", false),
        ("https://r.example./x", false),
        ("https://s.example/x", false),
    ])
    func credentialsStayWithTheirOrigin(location: String, stays: Bool) throws {
        let secrets: [HTTPField.Name] = try [
            .authorization, .cookie, .proxyAuthorization, #require(.init("X-Registry-Auth")),
            #require(.init("X-Api-Key")),
        ]
        var request = HTTPRequestMessage(.get, try HTTPURL(parsing: "https://r.example/v2/"))
        for name in secrets { request.headers[name] = "secret" }
        request.headers[.accept] = "application/json"
        request.headers[.range] = "bytes=5-"
        request.headers[.userAgent] = "trustctl"
        let head = HTTPResponseHead(status: .temporaryRedirect, headers: [.location: location], url: request.url)
        guard case .follow(let next) = RedirectPolicy().decide(request, head: head, visited: [request.url]) else {
            Issue.record("not followed")
            return
        }
        for name in secrets { #expect((next.headers[name] != nil) == stays, "\(name)") }
        #expect(next.headers[.accept] == "application/json")
        #expect(next.headers[.range] == "bytes=5-")
        #expect(next.headers[.userAgent] == "trustctl")
    }
}
