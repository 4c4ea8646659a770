import HTTPTypes
import OCI
import OCIRegistry
import Testing
import TrustCrypto
import TrustTestSupport
import TrustTransport

/// What registries could make other clients believe.
@Suite struct RegistryAdvisoryTests {
    private static let good = VerifiedContent(describing: Manifest(layers: []).bytes, mediaType: .ociManifest)

    private func client(
        limits: RegistryLimits = RegistryLimits(),
        _ answer: @escaping @Sendable (InMemoryTransport.Received) -> InMemoryTransport.Reply
    ) throws -> RegistryClient {
        let sender = RequestSender(transport: InMemoryTransport(answer), clock: FakeTime().clock())
        return try RegistryClient(
            repository: RepositoryName(parsing: "registry.example.com/team/app"),
            sender: sender,
            limits: limits,
            credential: { () async throws(RegistryAuthError) in .anonymous }
        )
    }

    private func client(serving bytes: [UInt8], _ type: MediaType = .ociManifest) throws -> RegistryClient {
        try client { _ in .response(.ok, headers: [.contentType: type.string], body: bytes) }
    }

    /// notation CVE-2023-33959: what was fetched by digest was not compared with it.
    @Test func contentIsComparedWithItsDigest() async throws {
        let digest = Self.good.descriptor.digest
        let fetched = try await client(serving: Self.good.bytes).manifest(.digest(digest))
        #expect(fetched == Self.good)
        let other = Manifest(layers: [], annotations: ["a": "b"]).bytes
        let found = Digest.compute(over: other.span)
        await #expect(throws: RegistryError.digestMismatch(expected: digest, found: found)) {
            try await client(serving: other).manifest(.digest(digest))
        }
        let descriptor = Self.good.descriptor
        let longer = Descriptor(mediaType: .ociManifest, digest: digest, size: descriptor.size + 1)
        await #expect(throws: RegistryError.self) {
            try await client(serving: Self.good.bytes).blob(longer, limit: 1000)
        }
        await #expect(throws: RegistryError.digestMismatch(expected: digest, found: Digest.compute(over: [1].span))) {
            let short = Descriptor(mediaType: .ociManifest, digest: digest, size: 1)
            _ = try await client(serving: [1]).blob(short, limit: 1000)
        }
    }

    /// notation CVE-2023-33958: a listing whose pages never end.
    @Test func endlessListings() async throws {
        var limits = RegistryLimits()
        limits.maximumPages = 50
        let endless = try client(limits: limits) { request in
            var headers = HTTPFields()
            if let link = HTTPField.Name("Link") { headers[link] = "<\(request.target)1>; rel=\"next\"" }
            return .text(.ok, #"{"name":"team/app","tags":["t\#(request.target.utf8.count)"]}"#, headers: headers)
        }
        let error = await #expect(throws: RegistryError.self) { try await endless.tags() }
        guard case .badResponse(_, .tooManyEntries(limit: 50))? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    /// OCI CVE-2021-41190, containerd GHSA-5j5w-g665-5m35, docker GHSA-xmmx-7jpf-fx42, distribution GHSA-qq97-vm5h-rrhg: one
    /// digest was a manifest to one program and an index to the other.
    @Test(arguments: [
        #"{"schemaVersion":2,"config":DESCRIPTOR,"layers":[],"manifests":[]}"#,
        #"{"schemaVersion":2,"manifests":[DESCRIPTOR],"layers":[DESCRIPTOR]}"#,
        #"{"schemaVersion":2,"manifests":[DESCRIPTOR],"config":DESCRIPTOR}"#,
        #"{"schemaVersion":2,"config":DESCRIPTOR,"layers":[],"Manifests":[DESCRIPTOR]}"#,
        #"{"schemaVersion":2,"config":DESCRIPTOR,"layers":[],"fsLayers":[],"history":[]}"#,
    ])
    func documentsAreOneThing(text: String) {
        let descriptor = #"{"mediaType":"a/b","digest":"sha256:\#(String(repeating: "ab", count: 32))","size":7}"#
        let bytes = Array(text.replacing("DESCRIPTOR", with: descriptor).utf8)
        for type in [MediaType.ociManifest, .dockerManifest] {
            #expect(throws: OCIError.self) { try Manifest(parsing: bytes, as: type) }
        }
        for type in [MediaType.ociIndex, .dockerManifestList] {
            #expect(throws: OCIError.self) { try Index(parsing: bytes, as: type) }
        }
    }

    /// The same, by a header that says another type than the document does.
    @Test func theHeaderDoesNotDecide() throws {
        let claimed = MediaType.ociIndex
        let text = #"{"schemaVersion":2,"mediaType":"\#(claimed)","manifests":[]}"#
        #expect(try Index(parsing: Array(text.utf8), as: .ociIndex).manifests.isEmpty)
        for type in [MediaType.dockerManifestList] {
            #expect(throws: OCIError.mediaTypeMismatch(claimed: type.string, found: claimed.string)) {
                try Index(parsing: Array(text.utf8), as: type)
            }
        }
        #expect(throws: OCIError.self) { try Manifest(parsing: Array(text.utf8), as: .ociManifest) }
    }

    /// portieris d305814, containerd, Apple's containerization: that nobody could look was read as that there is nothing.
    @Test(arguments: [401, 403, 404, 410, 429, 500, 502, 503])
    func couldNotLook(status: Int) async throws {
        let failing = try client { _ in
            .text(HTTPResponse.Status(code: status), "<html>no</html>", headers: [.contentType: "text/html"])
        }
        let name = ManifestName.tag(try TagName("1.4"))
        await #expect(throws: RegistryError.self) { try await failing.manifest(name) }
        await #expect(throws: RegistryError.self) { try await failing.headManifest(name) }
        await #expect(throws: RegistryError.self) { try await failing.blob(Self.good.descriptor, limit: 1000) }
        await #expect(throws: RegistryError.self) { try await failing.tags() }
    }

    @Test func absence() async throws {
        let missing = try client { _ in .text(.notFound, #"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#) }
        #expect(try await missing.manifest(.tag(TagName("1.4"))) == nil)
    }
}
