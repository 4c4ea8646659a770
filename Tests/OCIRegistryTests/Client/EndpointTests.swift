import HTTPTypes
import OCI
import Testing
import TrustTestSupport
import TrustTransport

@testable import OCIRegistry

@Suite("Registry endpoints")
struct EndpointTests {
    @Test(
        "are where the registry is",
        arguments: [
            ("alpine", ["https://registry-1.docker.io"], ["http://registry-1.docker.io"]),
            ("r.example/app", ["https://r.example"], ["http://r.example"]),
            ("R.example:5000/app", ["https://r.example:5000"], ["http://r.example:5000"]),
            ("localhost/app", ["http://localhost", "https://localhost"], ["http://localhost", "https://localhost"]),
            (
                "127.0.0.1:5000/app", ["http://127.0.0.1:5000", "https://127.0.0.1:5000"],
                ["http://127.0.0.1:5000", "https://127.0.0.1:5000"]
            ),
            (
                "[::1]:5000/app", ["http://[::1]:5000", "https://[::1]:5000"],
                ["http://[::1]:5000", "https://[::1]:5000"]
            ),
        ]
    )
    func candidates(name: String, strict: [String], plain: [String]) throws {
        let repository = try RepositoryName(parsing: name)
        #expect(
            try RegistryEndpoint.candidates(for: repository, plainHTTP: .loopbackOnly).map(\.description) == strict
        )
        #expect(
            try RegistryEndpoint.candidates(for: repository, plainHTTP: .allowPlainHTTP).map(\.description) == plain
        )
    }

    @Test("that cannot be connected to are refused")
    func invalid() throws {
        let repository = try RepositoryName(parsing: "[:::]/app")
        #expect(throws: TransportError.self) {
            try RegistryEndpoint.candidates(for: repository, plainHTTP: .loopbackOnly)
        }
    }

    static let tlsOnly: [InMemoryTransport.Reply] = [
        .text(.badRequest, "Client sent an HTTP request to an HTTPS server.\n"),
        .text(.badRequest, "<center>The plain HTTP request was sent to HTTPS port</center>"),
        .failure(TransportError(.unreachable(.connectionLost))),
        .failure(TransportError(.badResponse(.malformed), origin: ClientFixture.origin)),
    ]

    @Test("on this machine are tried over plain HTTP, then over https", arguments: tlsOnly.indices)
    func fallback(index: Int) async throws {
        let fixture = try ClientFixture("localhost:5000/team/app") { request, _ in
            request.url.hasPrefix("http://") ? Self.tlsOnly[index] : nil
        }
        try await fixture.client.ping()
        let first = fixture.transport.requests.count
        #expect(fixture.transport.requests.last?.url == "https://localhost:5000/v2/")
        try await fixture.client.ping()
        // It is known now.
        #expect(fixture.transport.requests.count == first + 1)
        #expect(fixture.transport.requests.last?.url == "https://localhost:5000/v2/")
    }

    @Test("on this machine are found also by HEAD, whose answer does not say why")
    func fallbackByHead() async throws {
        let fixture = try ClientFixture("localhost:5000/team/app") { request, _ in
            request.url.hasPrefix("http://") ? Self.tlsOnly[0] : nil
        }
        #expect(try await fixture.client.headManifest(.tag(.latest)) == nil)
        let schemes = fixture.transport.requests.map { String($0.url.prefix { $0 != ":" }) }
        #expect(schemes == ["http", "https", "https"])
        let plain = try ClientFixture("localhost:5000/team/app") { request, _ in
            request.url.hasPrefix("http://") ? .text(.badRequest) : .failure(TransportError(.tls(.handshake)))
        }
        let origin = try HTTPURL(parsing: "http://localhost:5000").origin
        await #expect(throws: RegistryError.badResponse(origin, .status(400, []))) {
            try await plain.client.headManifest(.tag(.latest))
        }
    }

    @Test("on this machine that speak plain HTTP are asked once")
    func plain() async throws {
        for reply in [
            InMemoryTransport.Reply.text(.ok), .text(.badRequest, "no"), .text(.notFound), .text(.internalServerError),
        ] {
            let fixture = try ClientFixture("localhost:5000/team/app") { _, _ in reply }
            _ = try? await fixture.client.ping()
            _ = try? await fixture.client.ping()
            #expect(fixture.transport.requests.allSatisfy { $0.url == "http://localhost:5000/v2/" })
        }
    }

    @Test("that do not answer at all give the first error")
    func unreachable() async throws {
        let refused = try ClientFixture("localhost:5000/team/app") { _, _ in
            .failure(TransportError(.unreachable(.refused)))
        }
        await #expect(throws: RegistryError.unreachable(TransportError(.unreachable(.refused)))) {
            try await refused.client.ping()
        }
        #expect(refused.transport.requests.allSatisfy { $0.url.hasPrefix("http://") })
        let lost = try ClientFixture("localhost:5000/team/app") { request, _ in
            .failure(TransportError(request.url.hasPrefix("http:") ? .unreachable(.connectionLost) : .tls(.handshake)))
        }
        await #expect(throws: RegistryError.unreachable(TransportError(.unreachable(.connectionLost)))) {
            try await lost.client.ping()
        }
        let untrusted = try ClientFixture("localhost:5000/team/app") { request, _ in
            request.url.hasPrefix("http:") ? Self.tlsOnly[0] : .failure(TransportError(.tls(.certificate)))
        }
        await #expect(throws: RegistryError.unreachable(TransportError(.tls(.certificate)))) {
            try await untrusted.client.ping()
        }
    }

    @Test("elsewhere are never asked over plain HTTP unless allowed")
    func remote() async throws {
        let fixture = try ClientFixture { _, _ in .failure(TransportError(.unreachable(.connectionLost))) }
        await #expect(throws: RegistryError.self) { try await fixture.client.ping() }
        #expect(fixture.transport.requests.allSatisfy { $0.url.hasPrefix("https://") })
        let plain = try ClientFixture(plainHTTP: .allowPlainHTTP)
        try await plain.client.ping()
        #expect(plain.transport.requests.map(\.url) == ["http://registry.example.com/v2/"])
    }
}
