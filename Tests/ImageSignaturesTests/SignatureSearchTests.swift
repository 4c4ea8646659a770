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

    @Test("counts the same signature once, and fetches it once")
    func once() async throws {
        let repository = SignatureRepository()
        let one = try layer(repository)
        repository.tag(
            Manifest(layers: [Descriptor](repeating: one, count: SignatureLimits.maximumSignatures + 1)),
            tag
        )
        repository.refer(try notation(repository))
        repository.refer(try notation(repository))
        #expect(codes(try await search(repository)) == ["cosign valid", "notation valid"])
        #expect(repository.fetchedBlobs == 2)
    }

    @Test("takes a layer for another one where its annotations or its size differ")
    func differentLayers() async throws {
        let repository = SignatureRepository()
        let good = try layer(repository)
        let short = Descriptor(
            mediaType: good.mediaType,
            digest: good.digest,
            size: good.size - 1,
            annotations: good.annotations
        )
        repository.tag(Manifest(layers: [short, try layer(repository, "p384"), good]), tag)
        #expect(codes(try await search(repository)) == ["cosign unseen", "cosign no-given-key", "cosign valid"])
    }

    // MARK: Limits

    /// So many layers that are different, each with a good signature.
    private func layers(_ repository: SignatureRepository, _ count: Int) throws -> [Descriptor] {
        try (0..<count).map { number in
            var layer = try layer(repository)
            layer.annotations["n"] = "\(number)"
            return layer
        }
    }

    private static let tooMany = ImageSignature.State.unseen(.tooMany(limit: SignatureLimits.maximumSignatures))
    private static let tooMuch = ImageSignature.State.unseen(.tooMuch(limit: SignatureLimits.maximumSearchBytes))

    @Test("reads as many signatures as its limit, and says that there are more", arguments: [0, 1])
    func layerLimit(more: Int) async throws {
        let repository = SignatureRepository()
        repository.tag(Manifest(layers: try layers(repository, SignatureLimits.maximumSignatures + more)), tag)
        let found = try await search(repository)
        #expect(found.count(where: \.isValid) == SignatureLimits.maximumSignatures)
        #expect(found.filter { !$0.isValid }.map(\.state) == [Self.tooMany].filter { _ in more > 0 })
        #expect(repository.fetchedBlobs == SignatureLimits.maximumSignatures)
    }

    @Test("has one limit for all manifests: layers of many are not many times as many")
    func layersOfManyReferrers() async throws {
        let repository = SignatureRepository()
        let type = try #require(MediaType(Self.cosignType))
        let layers = try layers(repository, 60)
        for number in 0..<5 {
            repository.refer(
                Manifest(
                    artifactType: type,
                    layers: layers,
                    subject: all.image,
                    annotations: ["n": "\(number)"]
                )
            )
        }
        let found = try await search(repository)
        #expect(found.count(where: \.isValid) == SignatureLimits.maximumSignatures)
        // Of the manifest in which the limit is reached, and of those after it.
        let unseen = found.filter { !$0.isValid }
        #expect(unseen.map(\.state) == [Self.tooMany, Self.tooMany])
        #expect(unseen.last?.place == .referrers(of: all.image.digest))
        #expect(repository.fetchedBlobs == SignatureLimits.maximumSignatures)
        // The tag, which is not there, and two of the five.
        #expect(repository.fetchedManifests == 3)
    }

    @Test("has one limit for all places and tools, and says of each tool that there is more")
    func everyPlace() async throws {
        let repository = SignatureRepository()
        repository.tag(Manifest(layers: try layers(repository, 60)), tag)
        for number in 0..<60 {
            var manifest = try notation(repository)
            manifest.annotations["n"] = "\(number)"
            repository.refer(manifest)
        }
        repository.refer(try bundle(repository, predicate: Statement.signaturePredicate))
        let found = try await search(repository)
        #expect(found.count { $0.tool == .cosign && $0.isValid } == 60)
        #expect(found.count { $0.tool == .notation && $0.isValid } == 40)
        let unseen = found.filter { !$0.isValid }
        #expect(unseen.map(\.tool) == [.notation, .cosign])
        #expect(unseen.allSatisfy { $0.state == Self.tooMany })
        // Whoever asks for one tool alone is not kept from it by the other.
        let own = try await search(repository, tools: [.notation])
        #expect(own.count == 60)
        #expect(own.allSatisfy { $0.isValid })
    }

    @Test("reads no more bytes than its limit, and says that there is more")
    func byteLimit() async throws {
        let repository = SignatureRepository()
        let mebibyte = 1 << 20
        // Five of three MiB, and their manifests, are below the limit of sixteen; what is no bundle is read all the same.
        for number in 0..<8 {
            var bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 3 * mebibyte)
            bytes[0] = UInt8(ascii: "a") + UInt8(number)
            repository.refer(
                Manifest(
                    artifactType: MediaType(SigstoreBundle.mediaType),
                    layers: [try repository.layer(bytes, SigstoreBundle.mediaType)],
                    subject: all.image,
                    annotations: [SigstoreBundle.predicateAnnotation: Statement.signaturePredicate]
                )
            )
        }
        repository.refer(try notation(repository))
        let found = try await search(repository)
        #expect(found.prefix(5).allSatisfy { $0.state.code == "malformed" })
        #expect(found.dropFirst(5).map(\.state) == [Self.tooMuch, Self.tooMuch, Self.tooMuch])
        #expect(found.dropFirst(5).map(\.tool) == [.cosign, .cosign, .notation])
        #expect(repository.fetchedBlobs == 5)
    }

    @Test("fetches no payload that is longer than payloads are")
    func longPayload() async throws {
        let repository = SignatureRepository()
        let bytes = [UInt8](repeating: UInt8(ascii: " "), count: SignatureLimits.maximumPayloadBytes + 1)
        repository.tag(
            Manifest(layers: [try repository.layer(bytes, SimpleSigning.mediaType), try layer(repository)]),
            tag
        )
        #expect(codes(try await search(repository)) == ["cosign unseen", "cosign valid"])
        #expect(repository.fetchedBlobs == 1)
        let state = CosignLayer(payload: bytes, annotations: [:]).state(of: all.image.digest, under: given).0
        #expect(state == .invalid(.tooLarge(limit: SignatureLimits.maximumPayloadBytes)))
    }

    // MARK: What is none

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
