import CanonicalJSON
import OCI
import TUF
import TUFClient
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// Bundles of TUF 1.0: what they prove, for when, and what is refused.
@Suite struct BundleTests {
    typealias World = LocalStoreTests.World
    static let name = "registry.example.com/team/app"

    /// A world with one signed tag, at this machine's time, and a pin for the verifier.
    private static func with(bins: Int = 0, _ body: (World, Pin) async throws -> Void) async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            world.clock.set(SystemClock().now())
            try await world.image("1.0", "one")
            let made = try await world.initialize(bins: bins)
            try await world.sign("1.0")
            try await body(world, made.pin)
        }
    }

    private static func make(_ world: World, _ tag: String? = "1.0", documents: Bool = false) async throws
        -> TrustBundle
    {
        var request = BundleRequest(subject: world.subject, tag: tag)
        request.location = world.location
        request.withManifest = documents
        return try await world.verifier().makeBundle(request).bundle
    }

    /// The digest that a bundle proves for its tag, to a machine that knows the pin alone.
    @discardableResult
    private static func verify(
        _ world: World,
        _ bytes: [UInt8],
        tag: String = "1.0",
        pin: Pin? = nil,
        _ change: (inout BundleQuestion) -> Void = { _ in }
    ) async throws -> (image: TrustedImage, time: BundleTime) {
        let bundle = try TrustBundle(parsing: bytes, name: "x.bundle")
        var question = BundleQuestion(name: "x.bundle")
        question.pin = pin
        change(&question)
        let verifier = world.verifier()
        let opened = try await verifier.open(bundle, question)
        let query = Query(subject: question.subject ?? bundle.subject, tag: tag, image: .notCompared)
        return (try await verifier.verify(query, with: opened.data).get(), opened.time)
    }

    private static func reason(_ body: () async throws -> Void) async -> Reason? {
        do {
            try await body()
            return .trusted
        } catch {
            return (error as? Refusal)?.reason
        }
    }

    @Test(arguments: [0, 8])
    func provesATagTenYearsLater(bins: Int) async throws {
        try await Self.with(bins: bins) { world, pin in
            let issued = world.clock.now().wholeSeconds
            let now = try await world.verify("1.0").get()
            let bytes = try await Self.make(world).bytes
            try await world.loseTrustData()
            world.clock.advance(bySeconds: 10 * 365 * 86_400)
            let (image, time) = try await Self.verify(world, bytes)
            #expect(image.digest == now.digest)
            #expect(image.reference == "\(Self.name)@\(now.digest)")
            #expect(time.evidence == .timestampRole)
            #expect(time.at == issued)
            #expect(image.evidence.verifiedAt == issued)
            #expect(await Self.reason { try await Self.verify(world, bytes, tag: "2.0") } != .trusted)
        }
    }

    @Test func theTimeThatIsDemandedMustBeOneAtWhichItHeld() async throws {
        try await Self.with { world, pin in
            let made = world.clock.now()
            let bytes = try await Self.make(world).bytes
            world.clock.advance(bySeconds: 10 * 365 * 86_400)
            func reason(at time: Instant) async -> Reason? {
                await Self.reason { try await Self.verify(world, bytes) { $0.time.demanded = time } }
            }
            #expect(await reason(at: made.advanced(bySeconds: 60)) == .trusted)
            #expect(await reason(at: made.advanced(bySeconds: -60)) == .expired)
            #expect(await reason(at: made.advanced(bySeconds: 5 * 365 * 86_400)) == .expired)
            #expect(await reason(at: made.advanced(bySeconds: 11 * 365 * 86_400)) == .expired)
            // A clock that is before the evidence is wrong.
            world.clock.set(made.advanced(bySeconds: -3600))
            #expect(await Self.reason { try await Self.verify(world, bytes) } == .expired)
        }
    }

    @Test func aWholeRepositoryHasAllTags() async throws {
        try await Self.with(bins: 4) { world, pin in
            for tag in ["a", "b", "c"] {
                try await world.image(tag, tag)
                try await world.sign(tag)
            }
            let bundle = try TrustBundle(parsing: try await Self.make(world, nil).bytes, name: "x")
            let opened = try await world.verifier().open(bundle, BundleQuestion(name: "x"))
            #expect(try await opened.data.signedTags().map(\.tag) == ["1.0", "a", "b", "c"])
        }
    }

    @Test func holdersOfTheFirstRootCanFollow() async throws {
        try await Self.with { world, pin in
            for _ in 0..<2 {
                _ = try await world.publisher.rotate(KeyRotation(roles: [.root]), of: world.subject, at: world.location)
            }
            let bundle = try await Self.make(world)
            #expect(Set([1, 2, 3].map(MetadataFile.root)).isSubset(of: bundle.metadata.keys))
            try await Self.verify(world, bundle.bytes, pin: pin)
            let newest = try await world.signers.rootKeys().suffix(1).map(\.computedID)
            let later = Pin(scope: .repository(Self.name), anchor: .keys(Set(newest), threshold: 1))
            try await Self.verify(world, bundle.bytes, pin: later)
        }
    }

    @Test func manifestsComeAlong() async throws {
        try await Self.with { world, pin in
            let bundle = try await Self.make(world, documents: true)
            let digest = try await world.verify("1.0").get().digest
            #expect(bundle.documents.contents.keys.contains(digest))
            let image = try await Self.verify(world, bundle.bytes).image
            #expect(image.digest == digest && image.mediaType == MediaType.ociManifest.string)
        }
    }

    // MARK: Refusals

    @Test func nobodyElsesBundle() async throws {
        try await Self.with { world, pin in
            let bytes = try await Self.make(world).bytes
            let other = try RepositoryName(parsing: "registry.example.com/team/other")
            let foreign = Pin(scope: .repository(other.description), anchor: pin.anchor)
            #expect(
                await Self.reason {
                    try await Self.verify(world, bytes, pin: foreign) { $0.subject = .registry(other) }
                } == .wrongRepository
            )
            #expect(
                await Self.reason { try await Self.verify(world, bytes) { $0.subject = .registry(other) } } == .noPin
            )
            let stranger = TUFKey(publicKey: try PrivateKey.generate(.ed25519).publicKey, scheme: .ed25519)
            let wrong = Pin(scope: .repository(Self.name), anchor: .keys([stranger.computedID], threshold: 1))
            #expect(await Self.reason { try await Self.verify(world, bytes, pin: wrong) } == .wrongRoot)
            let notary = Pin(scope: .repository(Self.name), dialect: .notary, anchor: pin.anchor)
            #expect(await Self.reason { try await Self.verify(world, bytes, pin: notary) } != .trusted)
        }
    }

    /// Whoever changes a bundle can make its digest fit. Then the signatures do not.
    @Test func everyFileIsNeededAndSigned() async throws {
        try await Self.with(bins: 2) { world, pin in
            let bundle = try await Self.make(world)
            func reason(_ metadata: [MetadataFile: [UInt8]]) async -> Reason? {
                let changed = TrustBundle(
                    dialect: .tuf1,
                    repository: bundle.repository,
                    created: bundle.created,
                    tag: bundle.tag,
                    metadata: metadata,
                    documents: bundle.documents
                )
                return await Self.reason { try await Self.verify(world, changed.bytes) }
            }
            #expect(bundle.metadata.count == 5)
            for (file, bytes) in bundle.metadata {
                var lacking = bundle.metadata
                lacking[file] = nil
                #expect(await reason(lacking) == .badSignature, "without \(file)")
                for index in stride(from: 0, to: bytes.count, by: 37) {
                    var damaged = bundle.metadata
                    damaged[file]?[index] ^= 1
                    // A key id of a signature that is not needed may change: then the set is the same.
                    #expect(await reason(damaged) != .trusted, "\(file), byte \(index)")
                }
            }
        }
    }

    @Test func damageIsSaidToBeDamage() async throws {
        try await Self.with { world, pin in
            let bytes = try await Self.make(world, documents: true).bytes
            for index in stride(from: 0, to: bytes.count - 1, by: 11) {
                var damaged = bytes
                damaged[index] ^= 1
                let reason = await Self.reason { try await Self.verify(world, damaged) }
                #expect(reason == .badSignature, "byte \(index)")
            }
            for length in [0, 1, bytes.count / 2, bytes.count - 2] {
                let cut = Array(bytes.prefix(length))
                #expect(await Self.reason { try await Self.verify(world, cut) } == .badSignature)
            }
        }
    }

    // MARK: Time stamps

    @Test func aTimeStampIsTheBestEvidence() async throws {
        try await Self.with { world, pin in
            let service = try await TimeStampAuthority()
            let authorities = try Certificate.all(inPEM: Files.read(service.certificate))
            let bundle = try await Self.make(world)
            func stamp(_ digest: Digest) async throws -> TimeStampToken {
                let request = TimeStampRequest(digest)
                return try request.token(from: await service.answer(request.der), trusting: authorities)
            }
            let bytes = bundle.stamped(try await stamp(bundle.contentDigest)).bytes
            world.clock.advance(bySeconds: 10 * 365 * 86_400)
            let time = try await Self.verify(world, bytes) { $0.time.authorities = authorities }.time
            #expect(time.evidence == .timeStamp)
            #expect(time.authority == "trustctl test TSA")
            // Without authorities nobody believes it.
            #expect(try await Self.verify(world, bytes).time.evidence == .timestampRole)
            let another = try await TimeStampAuthority()
            let stranger = try Certificate.all(inPEM: Files.read(another.certificate))
            let others = bundle.stamped(try await stamp(Digest.compute(over: [UInt8]().span))).bytes
            for (bytes, authorities) in [(bytes, stranger), (others, authorities), (bundle.bytes, authorities)] {
                let reason = await Self.reason {
                    try await Self.verify(world, bytes) { $0.time.authorities = authorities }
                }
                #expect(reason == .badSignature)
            }
        }
    }

    @Test func theFileIsAsItsSchemaSays() async throws {
        try await Self.with { world, pin in
            let value = try JSONValue(parsing: try await Self.make(world, documents: true).bytes)
            try JSONSchema(file: "bundle-file.schema.json") { file in
                try JSONValue(parsing: try Files.read("\(Files.projectRoot)/docs/schemas/\(file)"))
            }.check(value)
        }
    }
}
