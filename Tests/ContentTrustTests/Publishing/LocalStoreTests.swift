import ContentTrust
import OCI
import OCIRegistry
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

/// From `init` to `verify` in stores that need no registry.
@Suite struct LocalStoreTests {
    /// A publisher and a consumer with homes of their own, and a layout with images.
    struct World {
        let directory: TemporaryDirectory
        let clock = SimulatedClock()
        let signers = TestSigners()
        let publisherSession: TrustSession
        let consumerSession: TrustSession
        let layout: ImageLayout
        let subject: Subject
        let location: StoreLocation?

        init(directory: TemporaryDirectory, plainFiles: Bool) throws {
            self.directory = directory
            let clock = clock
            func session(_ name: String) -> TrustSession {
                TrustSession(home: TrustHome(path: directory.file(name)), clock: clock) {
                    (_) throws(RegistryError) in throw .cancelled
                }
            }
            publisherSession = session("publisher")
            consumerSession = session("consumer")
            layout = try ImageLayout(creatingIfAbsent: directory.file("images"))
            subject = .layout(path: directory.file("images"))
            location = plainFiles ? .directory(path: directory.file("trust-data")) : nil
        }

        var publisher: Publisher { Publisher(session: publisherSession, signers: signers) }
        var resolver: ImageResolver { ImageResolver(session: publisherSession) }

        func verifier(_ change: (inout TrustVerifier.Options) -> Void = { _ in }) -> TrustVerifier {
            var options = TrustVerifier.Options()
            change(&options)
            return TrustVerifier(session: consumerSession, options: options)
        }

        @discardableResult
        func image(_ tag: String, _ text: String) async throws -> Digest {
            let layer = VerifiedContent(describing: Array(text.utf8), mediaType: .octetStream)
            let config = VerifiedContent(describing: Descriptor.emptyJSONBytes, mediaType: .ociEmpty)
            try layout.write(layer)
            try layout.write(config)
            let manifest = Manifest(config: config.descriptor, layers: [layer.descriptor])
            let content = VerifiedContent(describing: manifest.bytes, mediaType: .ociManifest)
            try await layout.setImage(content, named: try ImageName(tag))
            return content.descriptor.digest
        }

        @discardableResult
        func sign(_ tags: String...) async throws -> PublishReport {
            let images = try await resolver.resolve(tags.map { ($0, nil) }, of: subject)
            return try await publisher.sign(images, of: subject, at: location)
        }

        func loseTrustData() async throws {
            if location == nil {
                let empty = Array(#"{"schemaVersion": 2, "manifests": []}"#.utf8)
                try Files.write(empty, to: directory.file("images/index.json"))
            } else {
                try await runSuccessfully(Command("rm", ["-rf", directory.file("trust-data")]))
            }
        }

        func initialize(bins: Int = 0) async throws -> InitializeReport {
            var options = InitializeOptions()
            options.bins = .count(bins)
            options.name = "registry.example.com/team/app"
            let report = try await publisher.initialize(subject, at: location, options: options)
            _ = try await consumerSession.home.pins.add(report.pin, replacing: false)
            return report
        }

        func verify(_ tag: String, _ change: (inout TrustVerifier.Options) -> Void = { _ in }) async -> Verdict {
            await verifier(change).verify(Query(subject: subject, tag: tag, location: location))
        }
    }

    static func with(plainFiles: Bool, _ body: (World) async throws -> Void) async throws {
        try await TemporaryDirectory.with { try await body(World(directory: $0, plainFiles: plainFiles)) }
    }

    static func reason(_ verdict: Verdict) -> Reason {
        switch verdict {
        case .trusted: .trusted
        case .refused(let refusal): refusal.reason
        }
    }

    @Test(arguments: [false, true])
    func signsAndVerifies(plainFiles: Bool) async throws {
        try await Self.with(plainFiles: plainFiles) { world in
            let digest = try await world.image("1.0", "one")
            let made = try await world.initialize()
            #expect(made.madeKeys.count == 4)
            let report = try await world.sign("1.0")
            #expect(report.tags == ["1.0": .set(before: nil)])
            let image = try await world.verify("1.0").get()
            #expect(image.digest == digest)
            #expect(image.evidence.signedRepository == "registry.example.com/team/app")
            #expect(image.evidence.versions[.targets] == 2)
            #expect(Self.reason(await world.verify("2.0")) == .unsignedTag)
        }
    }

    @Test(arguments: [false, true])
    func changesNothingTwice(plainFiles: Bool) async throws {
        try await Self.with(plainFiles: plainFiles) { world in
            try await world.image("1.0", "one")
            _ = try await world.initialize()
            let first = try await world.sign("1.0")
            let second = try await world.sign("1.0")
            #expect(first.changed && !second.changed)
            #expect(second.tags == ["1.0": .unchanged])
            #expect(first.identity == second.identity)
        }
    }

    @Test(arguments: [false, true])
    func refusesAMovedTag(plainFiles: Bool) async throws {
        try await Self.with(plainFiles: plainFiles) { world in
            try await world.image("1.0", "one")
            _ = try await world.initialize()
            try await world.sign("1.0")
            try await world.image("1.0", "another")
            #expect(Self.reason(await world.verify("1.0")) == .tagMoved)
        }
    }

    @Test(arguments: [false, true])
    func revokes(plainFiles: Bool) async throws {
        try await Self.with(plainFiles: plainFiles) { world in
            try await world.image("1.0", "one")
            _ = try await world.initialize()
            try await world.sign("1.0")
            let report = try await world.publisher.revoke(["1.0", "none"], of: world.subject, at: world.location)
            #expect(report.tags["none"] == .absent)
            #expect(Self.reason(await world.verify("1.0")) == .unsignedTag)
        }
    }

    @Test(arguments: [false, true])
    func refreshMendsAnExpiredTimestampWithItsKeyAlone(plainFiles: Bool) async throws {
        try await Self.with(plainFiles: plainFiles) { world in
            try await world.image("1.0", "one")
            _ = try await world.initialize()
            try await world.sign("1.0")
            world.clock.advance(bySeconds: 15 * 86_400)
            #expect(Self.reason(await world.verify("1.0")) == .expired)
            await world.signers.withhold([.root, .targets, .snapshot])
            let report = try await world.publisher.refresh(world.subject, at: world.location)
            #expect(report.signedRoles == [.timestamp])
            #expect(Self.reason(await world.verify("1.0")) == .trusted)
        }
    }

    @Test(arguments: [false, true])
    func stalenessIsWhatTheTimestampSays(plainFiles: Bool) async throws {
        try await Self.with(plainFiles: plainFiles) { world in
            try await world.image("1.0", "one")
            _ = try await world.initialize()
            try await world.sign("1.0")
            world.clock.advance(bySeconds: 3601)
            #expect(Self.reason(await world.verify("1.0") { $0.maximumStaleness = 3600 }) == .expired)
            #expect(Self.reason(await world.verify("1.0") { $0.maximumStaleness = 3601 }) == .trusted)
        }
    }

    @Test(arguments: [false, true])
    func aRolledBackStoreIsRefusedAndPutRightByItsPublisher(plainFiles: Bool) async throws {
        try await Self.with(plainFiles: plainFiles) { world in
            try await world.image("1.0", "one")
            let second = try await world.image("2.0", "two")
            _ = try await world.initialize()
            try await world.sign("1.0")
            let kept = world.directory.file("kept")
            let store = world.directory.file(plainFiles ? "trust-data" : "images")
            try await runSuccessfully(Command("cp", ["-a", store, kept]))
            try await world.sign("2.0")
            #expect(Self.reason(await world.verify("2.0")) == .trusted)
            try await runSuccessfully(Command("rm", ["-rf", store]))
            try await runSuccessfully(Command("mv", [kept, store]))
            #expect(Self.reason(await world.verify("2.0")) == .rollback)
            _ = try await world.publisher.refresh(world.subject, at: world.location)
            #expect(try await world.verify("2.0").get().digest == second)
            #expect(Self.reason(await world.verify("1.0")) == .trusted)
        }
    }

    @Test(arguments: [false, true])
    func lostTrustDataIsMissingAndNotUnsigned(plainFiles: Bool) async throws {
        try await Self.with(plainFiles: plainFiles) { world in
            try await world.image("1.0", "one")
            _ = try await world.initialize()
            try await world.sign("1.0")
            try await world.loseTrustData()
            let verdict = await world.verify("1.0") { $0.signedName = "registry.example.com/team/app" }
            #expect(Self.reason(verdict) == .trustDataMissing)
            #expect(Self.reason(await world.verify("1.0")) == .unsignedRepository)
        }
    }

    @Test func nothingIsTrustedWithoutAPin() async throws {
        try await Self.with(plainFiles: false) { world in
            try await world.image("1.0", "one")
            var options = InitializeOptions()
            options.name = "registry.example.com/team/app"
            let made = try await world.publisher.initialize(world.subject, options: options)
            try await world.sign("1.0")
            guard case .refused(let refusal) = await world.verify("1.0") else {
                Issue.record("trusted without a pin")
                return
            }
            #expect(refusal.reason == .noPin)
            #expect(refusal.next == made.pin.command)
            #expect(Self.reason(await world.verify("1.0") { $0.trustOnFirstUse = true }) == .trusted)
            #expect(Self.reason(await world.verify("1.0")) == .trusted)
        }
    }

    @Test func twoPublishersOnOneLayoutLoseNothing() async throws {
        try await Self.with(plainFiles: false) { world in
            for index in 0..<8 { try await world.image("v\(index)", "image \(index)") }
            _ = try await world.initialize()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<8 { group.addTask { _ = try await world.sign("v\(index)") } }
                try await group.waitForAll()
            }
            for index in 0..<8 { #expect(Self.reason(await world.verify("v\(index)")) == .trusted) }
        }
    }
}
