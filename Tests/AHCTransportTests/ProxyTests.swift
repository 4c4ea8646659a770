import HTTPTypes
import Testing
import TrustTestSupport
import TrustTransport

@testable import AHCTransport

@Suite(.timeLimit(.minutes(1))) struct ProxyTests {
    /// Says yes to every tunnel and is what is at its other end.
    static let proxy: RawServer.Handler = { request, connection in
        if request.method == "CONNECT" {
            connection.write("HTTP/1.1 200 Connection established\r\n\r\n")
        } else {
            connection.respond("200 OK", text: "through the tunnel")
        }
    }

    func transport<R: Sendable>(
        _ proxy: RawServer,
        user: String = "",
        connectTimeout: Duration = .seconds(30),
        _ body: (AHCTransport) async throws -> R
    ) async throws -> R {
        let variables = ["http_proxy": "http://\(user)\(proxy.authority)", "no_proxy": "direct.test"]
        let configuration = AHCTransport.Configuration(
            proxies: ProxySettings(environment: variables),
            connectTimeout: connectTimeout
        )
        return try await AHCTransport.running(configuration, body)
    }

    @Test func requestsGoThroughTunnels() async throws {
        try await RawServer.serving(Self.proxy) { proxy in
            try await transport(proxy, user: "user:p%40ss@") { transport in
                for name in ["registry.test", "registry.test:5000", "[2001:db8::1]:5000"] {
                    let url = try HTTPURL(parsing: "http://\(name)/v2/")
                    let response = try await transport.send(HTTPRequestMessage(.get, url), limits: .test)
                    #expect(response.body == Array("through the tunnel".utf8))
                }
                let requests = proxy.requests
                #expect(requests.map(\.method) == ["CONNECT", "GET", "CONNECT", "GET", "CONNECT", "GET"])
                #expect(requests[0].target == "registry.test:80")
                #expect(requests[2].target == "registry.test:5000")
                #expect(requests[4].target.contains("2001:db8::1"))
                #expect(requests[0].header("proxy-authorization") == "Basic dXNlcjpwQHNz")
                #expect(requests[1].target == "/v2/")
                #expect(requests[1].header("host") == "registry.test")
                #expect(requests[3].header("host") == "registry.test:5000")
                #expect(requests[5].header("host") == "[2001:db8::1]:5000")
                // What is for the proxy does not reach the registry.
                #expect(requests[1].header("proxy-authorization") == nil)
            }
        }
    }

    @Test(arguments: [
        ("407 Proxy Authentication Required", TransportError.Kind.unreachable(.proxy)),
        ("403 Forbidden", .unreachable(.proxy)), ("502 Bad Gateway", .unreachable(.proxy)),
    ])
    func tunnelsThatAreRefused(status: String, kind: TransportError.Kind) async throws {
        try await RawServer.serving(Faults.status(status, text: "no")) { proxy in
            try await transport(proxy) { transport in
                let request = HTTPRequestMessage(.get, try HTTPURL(parsing: "http://registry.test/"))
                await #expect(throws: TransportError(kind)) { try await transport.send(request, limits: .test) }
            }
        }
    }

    @Test(arguments: [
        (Fault(handler: Faults.silence), TransportError.Kind.timeout(.connect)),
        (Fault(handler: Faults.close), .unreachable(.connectionLost)),
        (Fault(handler: Faults.bytes("SSH-2.0-x\r\n")), .unreachable(.connectionLost)),
    ])
    func proxiesThatAreNone(fault: Fault, kind: TransportError.Kind) async throws {
        try await RawServer.serving(fault.handler) { proxy in
            let limit: Duration = kind == .timeout(.connect) ? .milliseconds(300) : .seconds(30)
            try await transport(proxy, connectTimeout: limit) { transport in
                let request = HTTPRequestMessage(.get, try HTTPURL(parsing: "http://registry.test/"))
                do throws(TransportError) {
                    _ = try await transport.send(request, limits: .test)
                    Issue.record("an answer")
                } catch {
                    #expect(error.kind == kind)
                    // Whose fault it is cannot be seen from the registry's name.
                    #expect("\(error)".contains("proxy http://\(proxy.authority)"), "\(error)")
                }
            }
        }
    }

    @Test func exceptionsGoDirectly() async throws {
        try await RawServer.serving(Self.proxy) { proxy in
            try await RawServer.serving(Faults.status("200 OK", text: "direct")) { server in
                try await transport(proxy) { transport in
                    let response = try await transport.send(
                        HTTPRequestMessage(.get, try server.url()),
                        limits: .test
                    )
                    #expect(response.body == Array("direct".utf8))
                    let named = HTTPRequestMessage(.get, try HTTPURL(parsing: "http://direct.test/"))
                    await #expect(throws: TransportError(.unreachable(.nameNotResolved))) {
                        try await transport.send(named, limits: .test)
                    }
                    #expect(proxy.requests.isEmpty)
                }
            }
        }
    }

    @Test func aProxyThatIsNotOneFailsOnlyWhatNeedsIt() async throws {
        let settings = ProxySettings(environment: ["http_proxy": "socks5://p:1"])
        try await RawServer.serving(Faults.status("200 OK")) { server in
            try await AHCTransport.running(.init(proxies: settings)) { transport in
                _ = try await transport.send(HTTPRequestMessage(.get, try server.url()), limits: .test)
                let request = HTTPRequestMessage(.get, try HTTPURL(parsing: "http://registry.test/"))
                await #expect(throws: TransportError(.configuration)) {
                    try await transport.send(request, limits: .test)
                }
            }
        }
    }

    struct Fault: Sendable {
        let handler: RawServer.Handler
    }
}
