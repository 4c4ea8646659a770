import HTTPTypes
import OCI
import Testing
import TrustCrypto
import TrustTestSupport
import TrustTransport

@testable import OCIRegistry

@Suite("Blob uploads")
struct UploadTests {
    static let blob = VerifiedContent(describing: [1, 2, 3], mediaType: .octetStream)
    static let basic = RegistryCredential.basic(username: "u", password: AuthSecret("p"))

    static func accepted(_ location: String?) -> InMemoryTransport.Reply {
        var headers: HTTPFields = [:]
        headers[.location] = location
        return .text(.accepted, headers: headers)
    }

    @Test(
        "go on where the registry says",
        arguments: [
            ("/v2/team/app/blobs/uploads/7", "https://registry.example.com/v2/team/app/blobs/uploads/7?digest="),
            ("7?a=b", "https://registry.example.com/v2/team/app/blobs/uploads/7?a=b&digest="),
            ("https://registry.example.com/x?s=%2F", "https://registry.example.com/x?s=%2F&digest="),
            ("https://storage.example.net/up?sig=x", "https://storage.example.net/up?sig=x&digest="),
            ("//storage.example.net:8443/up", "https://storage.example.net:8443/up?digest="),
        ]
    )
    func locations(location: String, url: String) async throws {
        let fixture = try ClientFixture(credential: Self.basic) { request, _ in
            // A registry that wants to know who asks.
            if request.url.hasPrefix("https://registry.example.com/"), request.headers[.authorization] == nil {
                return .text(.unauthorized, headers: [.wwwAuthenticate: #"Basic realm="r""#])
            }
            switch request.method {
            case .head: return .text(.notFound)
            case .post: return Self.accepted(location)
            default: return .text(.created)
            }
        }
        try await fixture.client.pushBlob(Self.blob)
        let put = try #require(fixture.transport.requests.last)
        #expect(put.url == url + HTTPURL.percentEncoded(Self.blob.descriptor.digest.description))
        #expect(put.body == Self.blob.bytes)
        // Credentials are the registry's own.
        let isRegistry = url.hasPrefix("https://registry.example.com/")
        #expect((put.headers[.authorization] != nil) == isRegistry)
    }

    @Test(
        "do not go where they may not",
        arguments: [
            nil, "", "http://registry.example.com/x", "http://127.0.0.1:80/x", "https://127.0.0.1/x",
            "https://localhost/x", "ftp://x/y", "https://u:p@registry.example.com/", "/a b", "https://",
        ] as [String?]
    )
    func wrongLocations(location: String?) async throws {
        let fixture = try ClientFixture { request, _ in
            switch request.method {
            case .head: .text(.notFound)
            case .post: Self.accepted(location)
            default: .text(.created)
            }
        }
        if location == "" {
            // An empty reference is the address itself; that is no session, but nothing wrong either.
            try await fixture.client.pushBlob(Self.blob)
            return
        }
        await #expect(throws: RegistryError.badResponse(ClientFixture.origin, .header("Location"))) {
            try await fixture.client.pushBlob(Self.blob)
        }
        #expect(!fixture.transport.requests.contains { $0.method == .put })
    }

    @Test("are begun once more when they break off")
    func again() async throws {
        for reply in [
            InMemoryTransport.Reply.failure(TransportError(.unreachable(.connectionLost))),
            .text(.serviceUnavailable), FakeRegistry.error(.notFound, "BLOB_UPLOAD_UNKNOWN"),
        ] {
            let fixture = try ClientFixture { request, number in
                request.method == .put && number == 2 ? reply : nil
            }
            try await fixture.client.pushBlob(Self.blob)
            #expect(fixture.transport.requests.map(\.method) == [.head, .post, .put, .head, .post, .put])
            let never = try ClientFixture { request, _ in request.method == .put ? reply : nil }
            await #expect(throws: RegistryError.self) { try await never.client.pushBlob(Self.blob) }
            #expect(never.transport.requests.map(\.method) == [.head, .post, .put, .head, .post, .put])
        }
    }

    @Test("that arrived before the connection broke are not sent again")
    func arrived() async throws {
        let fixture = try ClientFixture { request, number in
            switch (request.method, number) {
            case (.put, _): .failure(TransportError(.unreachable(.connectionLost)))
            case (.head, 3): .text(.ok)
            default: nil
            }
        }
        try await fixture.client.pushBlob(Self.blob)
        #expect(fixture.transport.requests.map(\.method) == [.head, .post, .put, .head])
    }

    @Test("need the statuses of the specification")
    func statuses() async throws {
        for status in [HTTPResponse.Status.ok, .created, .accepted, .noContent, .badRequest] {
            let post = try ClientFixture { request, _ in request.method == .post ? .text(status) : nil }
            await #expect(throws: RegistryError.self) { try await post.client.pushBlob(Self.blob) }
            let put = try ClientFixture { request, _ in request.method == .put ? .text(status) : nil }
            if [.created, .noContent].contains(status) {
                try await put.client.pushBlob(Self.blob)
            } else {
                await #expect(throws: RegistryError.self) { try await put.client.pushBlob(Self.blob) }
            }
        }
    }

    @Test("compare the digest that was stored")
    func digest() async throws {
        let other = Digest.compute(over: [9].span)
        let fixture = try ClientFixture { request, _ in
            request.method == .put
                ? .response(.created, headers: [.dockerContentDigest: other.description], body: []) : nil
        }
        await #expect(throws: RegistryError.digestMismatch(expected: Self.blob.descriptor.digest, found: other)) {
            try await fixture.client.pushBlob(Self.blob)
        }
    }
}
