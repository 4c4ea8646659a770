import HTTPTypes
import OCI
import Testing
import TrustCrypto
import TrustTestSupport
import TrustTransport

@testable import OCIRegistry

@Suite("Referrers")
struct ReferrersTests {
    static let digest = Digest.compute(over: [UInt8]("image".utf8).span)
    static let target = "/v2/team/app/referrers/\(digest)"
    static let tag = "sha256-\(digest.hex)"

    static func descriptor(_ text: String) -> Descriptor {
        Descriptor(mediaType: .ociManifest, digest: Digest.compute(over: Array(text.utf8).span), size: 7)
    }

    static func page(
        _ texts: [String],
        next: String? = nil,
        type: String = MediaType.ociIndex.string
    ) -> InMemoryTransport.Reply {
        var headers: HTTPFields = [.contentType: type]
        headers[.link] = next.map { "<\($0)>; rel=\"next\"" }
        return .response(.ok, headers: headers, body: Index(manifests: texts.map(descriptor)).bytes)
    }

    @Test("are read page by page")
    func pages() async throws {
        let fixture = try ClientFixture { _, number in
            switch number {
            case 0: Self.page(["a", "b"], next: "\(Self.target)?last=b")
            default: Self.page(["c"])
            }
        }
        let found = try await fixture.client.referrers(of: Self.digest)
        #expect(found.descriptors == ["a", "b", "c"].map(Self.descriptor))
        #expect(found.source == .registry)
        #expect(fixture.log == ["GET \(Self.target)", "GET \(Self.target)?last=b"])
    }

    @Test("are looked for below a tag where the registry has no list of them")
    func fallback() async throws {
        let bytes = Index(manifests: [Self.descriptor("a")]).bytes
        let fixture = try ClientFixture { request, _ in
            if request.target == Self.target { return .text(.notFound, "404 page not found\n") }
            guard request.target == "/v2/team/app/manifests/\(Self.tag)" else { return nil }
            return .response(.ok, headers: [.contentType: MediaType.ociIndex.string], body: bytes)
        }
        let found = try await fixture.client.referrers(of: Self.digest)
        #expect(found.descriptors == [Self.descriptor("a")])
        #expect(found.source == .fallbackTag(try TagName(Self.tag)))
    }

    @Test("are none only when the registry says that there is no such tag")
    func absence() async throws {
        let absent = try ClientFixture { request, _ in
            request.target == Self.target ? .text(.notFound) : FakeRegistry.error(.notFound, "MANIFEST_UNKNOWN")
        }
        #expect(try await absent.client.referrers(of: Self.digest).descriptors.isEmpty)
        // Somebody on the way who answers 404 to everything knows nothing.
        let proxy = try ClientFixture { _, _ in .text(.notFound, "nothing here") }
        await #expect(throws: RegistryError.badResponse(ClientFixture.origin, .status(404, []))) {
            try await proxy.client.referrers(of: Self.digest)
        }
    }

    @Test(
        "are no empty list where the registry fails",
        arguments: [
            HTTPResponse.Status.badRequest, .forbidden, .methodNotAllowed, .notAcceptable, .internalServerError,
        ]
    )
    func failures(_ status: HTTPResponse.Status) async throws {
        let fixture = try ClientFixture { _, _ in .text(status) }
        await #expect(throws: RegistryError.self) { try await fixture.client.referrers(of: Self.digest) }
        let later = try ClientFixture { _, number in
            number == 0 ? Self.page(["a"], next: "\(Self.target)?last=a") : .text(.notFound)
        }
        await #expect(throws: RegistryError.badResponse(ClientFixture.origin, .status(404, []))) {
            try await later.client.referrers(of: Self.digest)
        }
    }

    @Test("that are no index are refused")
    func malformed() async throws {
        let other = try ClientFixture { _, _ in Self.page([], type: "application/json") }
        await #expect(throws: RegistryError.badResponse(ClientFixture.origin, .header("Content-Type"))) {
            try await other.client.referrers(of: Self.digest)
        }
        let broken = try ClientFixture { _, _ in
            .response(.ok, headers: [.contentType: MediaType.ociIndex.string], body: Array("{}".utf8))
        }
        await #expect(throws: RegistryError.badResponse(ClientFixture.origin, .body)) {
            try await broken.client.referrers(of: Self.digest)
        }
        let image = try ClientFixture { request, _ in
            if request.target == Self.target { return .text(.notFound) }
            let manifest = Manifest(layers: [])
            return .response(.ok, headers: [.contentType: manifest.mediaType.string], body: manifest.bytes)
        }
        await #expect(throws: RegistryError.badResponse(ClientFixture.origin, .body)) {
            try await image.client.referrers(of: Self.digest)
        }
    }

    @Test("end at their limits")
    func limits() async throws {
        var limits = RegistryLimits()
        limits.maximumReferrers = 2
        let many = try ClientFixture(limits: limits) { _, _ in Self.page(["a", "b", "c"]) }
        await #expect(throws: RegistryError.badResponse(ClientFixture.origin, .tooManyEntries(limit: 2))) {
            try await many.client.referrers(of: Self.digest)
        }
        limits.maximumReferrerPages = 3
        limits.maximumReferrers = 100
        let pages = try ClientFixture(limits: limits) { _, number in
            Self.page(["a"], next: "\(Self.target)?page=\(number)")
        }
        await #expect(throws: RegistryError.badResponse(ClientFixture.origin, .tooManyEntries(limit: 3))) {
            try await pages.client.referrers(of: Self.digest)
        }
        let circle = try ClientFixture { _, _ in Self.page(["a"], next: Self.target) }
        await #expect(throws: RegistryError.badResponse(ClientFixture.origin, .header("Link"))) {
            try await circle.client.referrers(of: Self.digest)
        }
    }
}
