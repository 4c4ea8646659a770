import HTTPTypes
import OCI
import Testing
import TrustCrypto
import TrustTestSupport
import TrustTransport

@testable import OCIRegistry

@Suite("Registry client")
struct RegistryClientTests {
    static let manifest = VerifiedContent(describing: Manifest(layers: []).bytes, mediaType: .ociManifest)

    func tag(_ name: String = "1.4") throws -> ManifestName { .tag(try TagName(name)) }

    @Test("pushes and fetches")
    func roundTrip() async throws {
        let fixture = try ClientFixture()
        let client = fixture.client
        try await client.ping()
        let config = VerifiedContent(describing: Descriptor.emptyJSONBytes, mediaType: .ociEmpty)
        try await client.pushBlob(config)
        try await client.pushBlob(config)
        #expect(try await client.hasBlob(config.descriptor.digest))
        try await client.pushManifest(Self.manifest, tag: TagName("1.4"))
        try await client.pushManifest(Self.manifest, tag: nil)
        #expect(try await client.headManifest(tag()) == Self.manifest.descriptor)
        #expect(try await client.manifest(tag()) == Self.manifest)
        #expect(try await client.manifest(.digest(Self.manifest.descriptor.digest)) == Self.manifest)
        #expect(try await client.headManifest(.digest(Self.manifest.descriptor.digest)) == Self.manifest.descriptor)
        #expect(try await client.blob(config.descriptor, limit: 2)?.bytes == config.bytes)
        #expect(try await client.tags()?.map(\.string) == ["1.4"])
        let digest = Self.manifest.descriptor.digest
        #expect(
            fixture.log == [
                "GET /v2/",
                "HEAD /v2/team/app/blobs/\(config.descriptor.digest)",
                "POST /v2/team/app/blobs/uploads/",
                "PUT /v2/team/app/blobs/uploads/1?_state=a%3D&digest=sha256%3A\(config.descriptor.digest.hex)",
                "HEAD /v2/team/app/blobs/\(config.descriptor.digest)",
                "HEAD /v2/team/app/blobs/\(config.descriptor.digest)",
                "PUT /v2/team/app/manifests/1.4",
                "PUT /v2/team/app/manifests/\(digest)",
                "HEAD /v2/team/app/manifests/1.4",
                "GET /v2/team/app/manifests/1.4",
                "GET /v2/team/app/manifests/\(digest)",
                "HEAD /v2/team/app/manifests/\(digest)",
                "GET /v2/team/app/blobs/\(config.descriptor.digest)",
                "GET /v2/team/app/tags/list?n=1000",
            ]
        )
        for request in fixture.transport.requests where request.target.contains("manifests") && request.method != .put {
            #expect(request.headers[.accept]?.hasPrefix("application/vnd.oci.image.index.v1+json, ") == true)
        }
    }

    @Test("knows absence only from a 404 with its code")
    func absence() async throws {
        let fixture = try ClientFixture()
        let digest = Self.manifest.descriptor.digest
        #expect(try await fixture.client.headManifest(tag()) == nil)
        // The answer to HEAD has no body, so GET is asked why.
        #expect(fixture.log == ["HEAD /v2/team/app/manifests/1.4", "GET /v2/team/app/manifests/1.4"])
        #expect(try await fixture.client.manifest(.digest(digest)) == nil)
        #expect(try await fixture.client.blob(Self.manifest.descriptor, limit: 1000) == nil)
        #expect(try await fixture.client.hasBlob(digest) == false)
        let other = try ClientFixture("registry.example.com/other/app")
        #expect(try await other.client.headManifest(tag()) == nil)
        #expect(try await other.client.manifest(tag()) == nil)
        #expect(try await other.client.blob(Self.manifest.descriptor, limit: 1000) == nil)
        #expect(try await other.client.tags() == nil)
        #expect(try await other.client.deleteManifest(.digest(digest)) == .absent)
    }

    /// Answers with 404 that do not say that something is missing.
    static let wrong404: [InMemoryTransport.Reply] = [
        .text(.notFound, "<html>404 page not found</html>", headers: [.contentType: "text/html"]),
        .text(.notFound, "404 page not found\n"),
        .text(.notFound, ""),
        .text(.notFound, "{}"),
        .text(.notFound, #"{"errors":[]}"#),
        .text(.notFound, #"{"errors":{"code":"MANIFEST_UNKNOWN"}}"#),
        .text(.notFound, #"{"errors":[{"message":"MANIFEST_UNKNOWN"}]}"#),
        .text(.notFound, #"{"errors":["MANIFEST_UNKNOWN"]}"#),
        .text(.notFound, #"{"errors":[{"code":"manifest_unknown"}]}"#),
        .text(.notFound, #"{"errors":[{"code":"MANIFEST_UNKNOWN"}]} "# + String(repeating: " ", count: 70_000)),
        FakeRegistry.error(.notFound, "NOT_FOUND"),
        FakeRegistry.error(.notFound, "UNKNOWN"),
        FakeRegistry.error(.notFound, "MANIFEST_UNKNOWN", "DENIED"),
        FakeRegistry.error(.notFound, "BLOB_UPLOAD_UNKNOWN"),
    ]

    @Test("takes any other 404 for a bad response", arguments: wrong404.indices)
    func otherNotFound(index: Int) async throws {
        let fixture = try ClientFixture { request, _ in Self.wrong404[index] }
        func isBad(_ body: () async throws -> Void) async -> Bool {
            do {
                try await body()
            } catch RegistryError.badResponse(ClientFixture.origin, .status(404, _)) {
                return true
            } catch {
                return false
            }
            return false
        }
        #expect(await isBad { _ = try await fixture.client.headManifest(tag()) })
        #expect(await isBad { _ = try await fixture.client.manifest(tag()) })
        #expect(await isBad { _ = try await fixture.client.blob(Self.manifest.descriptor, limit: 1000) })
        #expect(await isBad { _ = try await fixture.client.hasBlob(Self.manifest.descriptor.digest) })
        #expect(await isBad { _ = try await fixture.client.tags() })
        #expect(await isBad { try await fixture.client.ping() })
        #expect(await isBad { _ = try await fixture.client.deleteManifest(.digest(Self.manifest.descriptor.digest)) })
        #expect(await isBad { try await fixture.client.pushManifest(Self.manifest, tag: nil) })
        #expect(await isBad { try await fixture.client.pushBlob(Self.manifest) })
    }

    @Test("does not mix up the codes of manifests and blobs")
    func codes() async throws {
        let blob = try ClientFixture { _, _ in FakeRegistry.error(.notFound, "MANIFEST_UNKNOWN") }
        let fault = [RegistryFault(code: "MANIFEST_UNKNOWN", message: "no")]
        await #expect(throws: RegistryError.badResponse(ClientFixture.origin, .status(404, fault))) {
            try await blob.client.blob(Self.manifest.descriptor, limit: 1000)
        }
        let manifest = try ClientFixture { _, _ in FakeRegistry.error(.notFound, "BLOB_UNKNOWN") }
        await #expect(throws: RegistryError.self) { try await manifest.client.manifest(tag()) }
    }

    @Test("tells failures apart")
    func failures() async throws {
        let origin = ClientFixture.origin
        let denied = [RegistryFault(code: "DENIED", message: "no")]
        let cases: [(InMemoryTransport.Reply, RegistryError)] = [
            (FakeRegistry.error(.forbidden, "DENIED"), .denied(origin, denied)),
            (.text(.forbidden, "<html>"), .denied(origin, [])),
            (
                .text(.unauthorized, headers: [.wwwAuthenticate: "Basic realm=\"x\""]),
                .unauthorized(.unauthorized(origin, hadCredentials: false))
            ),
            (.text(.unauthorized), .badResponse(origin, .authentication(.malformedChallenge(origin)))),
            (.text(.tooManyRequests, headers: [.retryAfter: "120"]), .rateLimited(origin, retryAfter: .seconds(120))),
            (.text(.tooManyRequests), .rateLimited(origin, retryAfter: nil)),
            (.text(.internalServerError), .serverError(origin, status: 500)),
            (.text(.serviceUnavailable, String(repeating: "x", count: 100_000)), .serverError(origin, status: 503)),
            (.endless(.badGateway, headers: [:], piece: [1, 2, 3]), .serverError(origin, status: 502)),
            (.text(.badRequest, "no"), .badResponse(origin, .status(400, []))),
            (.text(.init(code: 418)), .badResponse(origin, .status(418, []))),
            (
                .text(.temporaryRedirect, headers: [.location: "ftp://x"]),
                .badResponse(origin, .http(TransportError(.badResponse(.invalidRedirect))))
            ),
            (
                .failure(TransportError(.unreachable(.refused))), .unreachable(TransportError(.unreachable(.refused)))
            ),
            (.failure(TransportError(.tls(.certificate))), .unreachable(TransportError(.tls(.certificate)))),
            (.failure(TransportError(.timeout(.total))), .unreachable(TransportError(.timeout(.total)))),
            (.failure(TransportError(.cancelled)), .cancelled),
        ]
        for (reply, error) in cases {
            let fixture = try ClientFixture { _, _ in reply }
            await #expect(throws: error) { try await fixture.client.manifest(tag()) }
            await #expect(throws: error) { try await fixture.client.pushManifest(Self.manifest, tag: nil) }
            await #expect(throws: error) { try await fixture.client.tags() }
            await #expect(throws: error) { try await fixture.client.blob(Self.manifest.descriptor, limit: 1000) }
            await #expect(throws: error) { try await fixture.client.deleteManifest(tag()) }
            await #expect(throws: error) { try await fixture.client.ping() }
        }
    }

    @Test("compares everything with its digest")
    func digests() async throws {
        let evil = VerifiedContent(describing: Array(#"{"schemaVersion":2}"#.utf8), mediaType: .ociManifest)
        let right = Self.manifest.descriptor.digest
        let wrong = evil.descriptor.digest
        let mismatch = RegistryError.digestMismatch(expected: right, found: wrong)
        func fixture(body: [UInt8], header: String?) throws -> ClientFixture {
            try ClientFixture { _, _ in
                var headers: HTTPFields = [
                    .contentType: MediaType.ociManifest.string, .contentLength: "\(body.count)",
                ]
                headers[.dockerContentDigest] = header
                return .response(.ok, headers: headers, body: body)
            }
        }
        // Asked by digest, other bytes, whatever the header says.
        for header in [nil, right.description, wrong.description] {
            await #expect(throws: mismatch) {
                try await fixture(body: evil.bytes, header: header).client.manifest(.digest(right))
            }
        }
        // Asked by digest, the right bytes under another name.
        await #expect(throws: mismatch) {
            try await fixture(body: Self.manifest.bytes, header: wrong.description).client.manifest(.digest(right))
        }
        await #expect(throws: mismatch) {
            try await fixture(body: [], header: wrong.description).client.headManifest(.digest(right))
        }
        // Asked by tag, the registry's header and bytes must agree.
        await #expect(throws: mismatch) {
            try await fixture(body: evil.bytes, header: right.description).client.manifest(tag())
        }
        #expect(try await fixture(body: evil.bytes, header: nil).client.manifest(tag()) == evil)
        let long = Digest.compute(.sha512, over: evil.bytes.span)
        #expect(
            try await fixture(body: evil.bytes, header: long.description).client.manifest(tag())?.descriptor.digest
                == long
        )
        for header in ["sha256:xyz", "md5:00", "", "\(right),\(right)"] {
            await #expect(throws: RegistryError.badResponse(ClientFixture.origin, .header("Docker-Content-Digest"))) {
                try await fixture(body: evil.bytes, header: header).client.manifest(tag())
            }
        }
        // Blobs.
        let blob = Descriptor(mediaType: .octetStream, digest: right, size: Int64(evil.bytes.count))
        await #expect(throws: mismatch) {
            try await fixture(body: evil.bytes, header: nil).client.blob(blob, limit: 100)
        }
        let short = Descriptor(mediaType: .octetStream, digest: wrong, size: 20)
        await #expect(throws: RegistryError.sizeMismatch(wrong, expected: 20, found: 19)) {
            try await fixture(body: evil.bytes, header: nil).client.blob(short, limit: 100)
        }
        // Pushes.
        let lying = try ClientFixture { _, _ in
            .response(.created, headers: [.dockerContentDigest: wrong.description], body: [])
        }
        await #expect(throws: mismatch) { try await lying.client.pushManifest(Self.manifest, tag: TagName("1")) }
    }

    @Test("asks for the content where HEAD leaves out what makes a descriptor")
    func sparseHead() async throws {
        for missing in [HTTPField.Name.dockerContentDigest, .contentType, .contentLength] {
            let fixture = try ClientFixture { request, _ in
                guard request.method == .head else { return nil }
                var headers: HTTPFields = [
                    .contentType: "application/x", .contentLength: "9",
                    .dockerContentDigest: Self.manifest.descriptor.digest.description,
                ]
                headers[missing] = nil
                return .response(.ok, headers: headers, body: [])
            }
            try await fixture.client.pushManifest(Self.manifest, tag: TagName("1.4"))
            #expect(try await fixture.client.headManifest(tag()) == Self.manifest.descriptor)
            #expect(fixture.log.count == 3)
        }
    }

    @Test("needs a media type")
    func mediaTypes() async throws {
        for type in [nil, "", "nothing"] {
            let fixture = try ClientFixture { _, _ in
                var headers: HTTPFields = [:]
                headers[.contentType] = type
                return .response(.ok, headers: headers, body: Self.manifest.bytes)
            }
            await #expect(throws: RegistryError.badResponse(ClientFixture.origin, .header("Content-Type"))) {
                try await fixture.client.manifest(tag())
            }
        }
        let parameters = try ClientFixture { _, _ in
            .response(
                .ok,
                headers: [.contentType: "\(MediaType.ociManifest); charset=utf-8"],
                body: Self.manifest.bytes
            )
        }
        #expect(try await parameters.client.manifest(tag()) == Self.manifest)
    }

    @Test("bounds what it reads")
    func limits() async throws {
        let endless = try ClientFixture { _, _ in
            .endless(.ok, headers: [.contentType: "a/b"], piece: [UInt8](repeating: 0x20, count: 65_536))
        }
        await #expect(throws: RegistryError.tooLarge(limit: 4 << 20)) { try await endless.client.manifest(tag()) }
        await #expect(throws: RegistryError.tooLarge(limit: 16 << 20)) { try await endless.client.tags() }
        await #expect(throws: RegistryError.tooLarge(limit: 65_536)) {
            try await endless.client.blob(Self.manifest.descriptor, limit: 1000)
        }
        let announced = try ClientFixture { _, _ in
            .response(.ok, headers: [.contentType: "a/b", .contentLength: "999999999999"], body: [])
        }
        await #expect(throws: RegistryError.tooLarge(limit: 4 << 20)) { try await announced.client.manifest(tag()) }
        var small = RegistryLimits()
        small.maximumManifestBytes = 10
        let fixture = try ClientFixture(limits: small)
        try await fixture.client.pushManifest(Self.manifest, tag: TagName("1.4"))
        await #expect(throws: RegistryError.tooLarge(limit: 10)) { try await fixture.client.manifest(tag()) }
        let count = fixture.log.count
        await #expect(throws: RegistryError.tooLarge(limit: 5)) {
            try await fixture.client.blob(Self.manifest.descriptor, limit: 5)
        }
        #expect(fixture.log.count == count)
    }

    @Test("deletes, and says what became of it")
    func deleting() async throws {
        let fixture = try ClientFixture()
        try await fixture.client.pushManifest(Self.manifest, tag: TagName("1.4"))
        #expect(try await fixture.client.deleteManifest(.digest(Self.manifest.descriptor.digest)) == .deleted)
        #expect(try await fixture.client.deleteManifest(.digest(Self.manifest.descriptor.digest)) == .absent)
        for reply in [
            InMemoryTransport.Reply.text(.methodNotAllowed), FakeRegistry.error(.methodNotAllowed, "UNSUPPORTED"),
            FakeRegistry.error(.badRequest, "UNSUPPORTED"), FakeRegistry.error(.badRequest, "DIGEST_INVALID"),
        ] {
            let fixture = try ClientFixture { _, _ in reply }
            #expect(try await fixture.client.deleteManifest(tag()) == .unsupported)
        }
        let invalid = try ClientFixture { _, _ in FakeRegistry.error(.badRequest, "DIGEST_INVALID") }
        await #expect(throws: RegistryError.self) {
            try await invalid.client.deleteManifest(.digest(Self.manifest.descriptor.digest))
        }
    }
}
