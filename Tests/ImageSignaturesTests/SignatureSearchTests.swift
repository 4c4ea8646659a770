import HTTPTypes
import OCI
import OCIRegistry
import Testing
import TrustCrypto

@testable import ImageSignatures

@Suite("A search for signatures")
struct SignatureSearchTests {
    private let all: SignatureCases
    private let given: GivenSigners

    init() throws {
        all = try SignatureCases()
        given = GivenSigners(
            keys: [try SignatureCases.key("p256")],
            authorities: try SignatureCases.certificates("root")
        )
    }

    private static let cosignType = "application/vnd.dev.cosign.artifact.sig.v1+json"

    private func search(
        _ repository: SignatureRepository,
        _ given: GivenSigners? = nil,
        tools: Set<SignatureTool> = [.cosign, .notation]
    ) async throws -> [ImageSignature] {
        let search = SignatureSearch(client: try repository.client(), given: given ?? self.given, tools: tools)
        return await search.signatures(of: all.image, now: all.now)
    }

    private func codes(_ found: [ImageSignature]) -> [String] { found.map { "\($0.tool) \($0.state.code)" } }

    private func layer(_ repository: SignatureRepository, _ key: String = "p256") throws -> Descriptor {
        let text = String(decoding: try SignatureCases.bytes("cosign/\(key).sig"), as: UTF8.self)
        return try repository.layer(
            try SignatureCases.bytes("cosign/payload.json"),
            SimpleSigning.mediaType,
            [SimpleSigning.signatureAnnotation: text]
        )
    }

    private func notation(_ repository: SignatureRepository, _ file: String = "p256.jws", old: Bool = false) throws
        -> Manifest
    {
        let type = file.hasSuffix("jws") ? "application/jose+json" : "application/cose"
        let artifactType = try #require(MediaType(NotationEnvelope.artifactType))
        let empty = Descriptor.emptyJSON
        return Manifest(
            artifactType: old ? nil : artifactType,
            config: old ? Descriptor(mediaType: artifactType, digest: empty.digest, size: empty.size) : empty,
            layers: [try repository.layer(try SignatureCases.bytes("notation/\(file)"), type)],
            subject: all.image
        )
    }

    private func bundle(_ repository: SignatureRepository, _ file: String = "p256", predicate: String? = nil) throws
        -> Manifest
    {
        Manifest(
            artifactType: MediaType(SigstoreBundle.mediaType),
            layers: [try repository.layer(try SignatureCases.bytes("cosign/\(file).bundle"), SigstoreBundle.mediaType)],
            subject: all.image,
            annotations: predicate.map { [SigstoreBundle.predicateAnnotation: $0] } ?? [:]
        )
    }

    private var tag: TagName { SignatureSearch.cosignTag(of: all.image.digest) }

    @Test("finds them in every place and form", arguments: [true, false])
    func everything(listsReferrers: Bool) async throws {
        let repository = SignatureRepository(listsReferrers: listsReferrers)
        repository.tag(Manifest(layers: [try layer(repository), try layer(repository, "p384")]), tag)
        let experimental = try #require(MediaType(Self.cosignType))
        repository.refer(
            Manifest(
                config: Descriptor(mediaType: experimental, digest: Descriptor.emptyJSON.digest, size: 2),
                layers: [try layer(repository)],
                subject: all.image
            )
        )
        repository.refer(try bundle(repository, predicate: Statement.signaturePredicate))
        repository.refer(try notation(repository))
        repository.refer(try notation(repository, "rsa2048.cose", old: true))
        let found = try await search(repository)
        #expect(
            codes(found) == [
                "cosign valid", "cosign no-given-key", "cosign valid", "cosign valid", "notation valid",
                "notation valid",
            ]
        )
        #expect(found.map(\.format) == [.simpleSigning, .simpleSigning, .simpleSigning, .bundle, .jws, .cose])
        #expect(found.first?.place == .tag(tag, layer: 0))
        #expect(found.first?.claimedReference == "registry.example.com/team/app")
        let own = try await search(repository, tools: [.notation])
        #expect(codes(own) == ["notation valid", "notation valid"])
    }

    @Test("finds nothing where nothing is", arguments: [true, false])
    func nothing(listsReferrers: Bool) async throws {
        #expect(try await search(SignatureRepository(listsReferrers: listsReferrers)).isEmpty)
    }

    @Test("says where it could not look", arguments: [true, false])
    func failures(listsReferrers: Bool) async throws {
        let repository = SignatureRepository(listsReferrers: listsReferrers)
        repository.tag(Manifest(layers: [try layer(repository)]), tag)
        repository.refer(try notation(repository))
        repository.fail(".sig", .badGateway)
        #expect(codes(try await search(repository)) == ["cosign unseen", "notation valid"])
        repository.fail("referrers", .forbidden)
        #expect(codes(try await search(repository)) == ["cosign unseen", "cosign unseen", "notation unseen"])
        #expect(codes(try await search(repository, tools: [.notation])) == ["notation unseen"])
    }

    @Test("says what is named and gone")
    func missing() async throws {
        let repository = SignatureRepository()
        repository.tag(Manifest(layers: [try layer(repository)]), tag)
        repository.refer(try notation(repository))
        repository.forgetBlobs()
        #expect(codes(try await search(repository)) == ["cosign unseen", "notation unseen"])
    }

    @Test("counts the same signature once, and no more than so many")
    func counts() async throws {
        let repository = SignatureRepository()
        let one = try layer(repository)
        repository.tag(Manifest(layers: [one, one]), tag)
        repository.refer(try notation(repository))
        repository.refer(try notation(repository))
        #expect(codes(try await search(repository)) == ["cosign valid", "notation valid"])
        let many = SignatureRepository()
        many.tag(Manifest(layers: [Descriptor](repeating: one, count: SignatureLimits.maximumSignatures + 1)), tag)
        for number in 0...SignatureLimits.maximumSignatures {
            var manifest = try notation(many)
            manifest.annotations["n"] = "\(number)"
            many.refer(manifest)
        }
        let found = try await search(many)
        #expect(found.count { $0.tool == .notation && $0.isValid } == SignatureLimits.maximumSignatures)
        #expect(found.count { $0.state == .unseen(.tooMany(limit: SignatureLimits.maximumSignatures)) } == 2)
    }

    @Test("takes no manifest for a signature that is none of the image")
    func manifests() async throws {
        let other = Digest.compute(over: [UInt8]("other".utf8).span)
        let repository = SignatureRepository()
        // Below the tag.
        let payload = try repository.layer(try SignatureCases.bytes("cosign/payload.json"), "application/json")
        repository.tag(Manifest(layers: [payload]), tag)
        // Another subject, none, another type than the list says, two layers, other layers.
        var elsewhere = try notation(repository)
        elsewhere.subject = Descriptor(mediaType: .ociManifest, digest: other, size: 1)
        repository.refer(elsewhere)
        var nowhere = try notation(repository)
        nowhere.subject = nil
        repository.refer(nowhere)
        var disguised = try bundle(repository)
        disguised.annotations["x"] = "y"
        repository.refer(disguised, listedAs: NotationEnvelope.artifactType)
        var twice = try notation(repository)
        twice.layers += twice.layers
        repository.refer(twice)
        var strange = try notation(repository)
        strange.layers = [payload]
        repository.refer(strange)
        #expect(
            codes(try await search(repository)) == [
                "cosign media-type", "notation other-subject", "notation malformed", "notation media-type",
                "notation layer-count", "notation media-type",
            ]
        )
    }

    @Test("leaves out what attests something else of the image, and takes no such statement for a signature")
    func attestations() async throws {
        let repository = SignatureRepository()
        repository.refer(try bundle(repository, "attestation", predicate: "https://slsa.dev/provenance/v1"))
        repository.refer(Manifest(artifactType: MediaType("application/spdx+json"), layers: [], subject: all.image))
        repository.refer(try bundle(repository, "attestation"))
        repository.refer(
            try bundle(repository, "attestation", predicate: "https://spdx.dev/Document"),
            annotations: [:]
        )
        #expect(try await search(repository).isEmpty)
        repository.refer(try bundle(repository, "attestation", predicate: Statement.signaturePredicate))
        #expect(codes(try await search(repository)) == ["cosign payload-type"])
    }

    @Test("finds no signature of another image below the tag of this one")
    func moved() async throws {
        let repository = SignatureRepository()
        let other = Descriptor(
            mediaType: .ociManifest,
            digest: Digest.compute(over: [UInt8]("moved".utf8).span),
            size: all.image.size
        )
        repository.tag(Manifest(layers: [try layer(repository)]), SignatureSearch.cosignTag(of: other.digest))
        var manifest = try notation(repository)
        manifest.subject = other
        repository.refer(manifest)
        let search = SignatureSearch(client: try repository.client(), given: given)
        let found = await search.signatures(of: other, now: all.now)
        #expect(codes(found) == ["cosign other-digest", "notation other-digest"])
    }
}
