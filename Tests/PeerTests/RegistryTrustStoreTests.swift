import AHCTransport
import ContentTrust
import HTTPTypes
import OCI
import OCIRegistry
import Synchronization
import TUF
import Testing
import TrustCrypto
import TrustTestSupport
import TrustTransport

/// Publishing and verification on Debian's docker-registry.
@Suite struct RegistryTrustStoreTests {
    /// Counts requests, and breaks off for ever after a number of writes, as a killed process does.
    final class Wire: HTTPTransport {
        let inner: AHCTransport
        let writesLeft: Mutex<Int>
        let requests = Mutex<[String]>([])

        init(_ inner: AHCTransport, writes: Int = .max) {
            self.inner = inner
            writesLeft = Mutex(writes)
        }

        func exchange<Answer: Sendable>(
            _ request: HTTPRequestMessage,
            limits: ExchangeLimits,
            _ handle: @escaping @Sendable (HTTPResponseHead, HTTPBodyReader) async throws(TransportError) -> Answer
        ) async throws(TransportError) -> Answer {
            let line = "\(request.method.rawValue) \(request.url)"
            requests.withLock { $0.append(line) }
            if request.method != .get, request.method != .head {
                let left = writesLeft.withLock { left in
                    left -= 1
                    return left
                }
                guard left >= 0 else { throw TransportError(.cancelled, detail: "killed") }
            }
            return try await inner.exchange(request, limits: limits, handle)
        }

        var count: Int { requests.withLock { $0.count } }
    }

    struct World {
        let directory: TemporaryDirectory
        let registry: DockerRegistry
        let transport: AHCTransport
        let clock = SimulatedClock()
        let signers = TestSigners()
        let repository: RepositoryName
        var subject: Subject { .registry(repository) }

        func session(_ home: String, _ wire: Wire? = nil) -> TrustSession {
            let sender = RequestSender(transport: wire ?? Wire(transport))
            return TrustSession(home: TrustHome(path: directory.file(home)), clock: clock) {
                (repository) throws(RegistryError) in
                try RegistryClient(repository: repository, sender: sender) { () async throws(RegistryAuthError) in
                    .anonymous
                }
            }
        }

        func publisher(_ home: String = "publisher", _ wire: Wire? = nil) -> Publisher {
            Publisher(session: session(home, wire), signers: signers)
        }

        func initialize(at location: StoreLocation? = nil) async throws -> Pin {
            try await publisher().initialize(subject, at: location).pin
        }

        func pin(_ pin: Pin, in home: String) async throws {
            _ = try await session(home).home.pins.add(pin, replacing: false)
        }

        @discardableResult
        func push(_ tag: String, _ text: String) async throws -> Digest {
            let client = try RegistryClient(repository: repository, sender: RequestSender(transport: transport)) {
                () async throws(RegistryAuthError) in .anonymous
            }
            let layer = VerifiedContent(describing: Array(text.utf8), mediaType: .octetStream)
            let config = VerifiedContent(describing: Descriptor.emptyJSONBytes, mediaType: .ociEmpty)
            try await client.pushBlob(layer)
            try await client.pushBlob(config)
            let manifest = Manifest(config: config.descriptor, layers: [layer.descriptor])
            let content = VerifiedContent(describing: manifest.bytes, mediaType: .ociManifest)
            try await client.pushManifest(content, tag: try TagName(tag))
            return content.descriptor.digest
        }

        @discardableResult
        func sign(_ tags: [String], as publisher: Publisher, _ home: String = "publisher") async throws -> PublishReport
        {
            let images = try await ImageResolver(session: session(home)).resolve(tags.map { ($0, nil) }, of: subject)
            return try await publisher.sign(images, of: subject)
        }

        func verify(_ tag: String, in home: String = "consumer", _ wire: Wire? = nil) async -> Verdict {
            await TrustVerifier(session: session(home, wire)).verify(Query(subject: subject, tag: tag))
        }
    }

    static func with(
        _ options: DockerRegistry.Options = DockerRegistry.Options(),
        _ body: (World) async throws -> Void
    ) async throws {
        try await DockerRegistry.with(options) { registry in
            try await TemporaryDirectory.with { directory in
                let transport = AHCTransport()
                let world = World(
                    directory: directory,
                    registry: registry,
                    transport: transport,
                    repository: try RepositoryName(parsing: "\(registry.address)/team/app")
                )
                do {
                    try await body(world)
                } catch {
                    await transport.shutdown()
                    throw error
                }
                await transport.shutdown()
            }
        }
    }

    static func reason(_ verdict: Verdict) -> Reason {
        switch verdict {
        case .trusted: .trusted
        case .refused(let refusal): refusal.reason
        }
    }

    @Test func signsAndVerifiesWithTwoRequestsWhenNothingChanged() async throws {
        try await Self.with { world in
            let digest = try await world.push("1.0", "one")
            let pin = try await world.initialize()
            try await world.pin(pin, in: "consumer")
            let report = try await world.sign(["1.0"], as: world.publisher())
            #expect(report.rounds == 1)
            #expect(try await world.verify("1.0").get().digest == digest)
            let wire = Wire(world.transport)
            #expect(try await world.verify("1.0", wire).get().digest == digest)
            #expect(wire.count == 2, "\(wire.requests.withLock { $0 })")
            try await world.push("1.0", "moved")
            #expect(Self.reason(await world.verify("1.0")) == .tagMoved)
            #expect(Self.reason(await world.verify("2.0")) == .unsignedTag)
        }
    }

    @Test func aKilledPublisherLeavesTheOldSetOrTheNewOne() async throws {
        try await Self.with { world in
            let first = try await world.push("1.0", "one")
            let pin = try await world.initialize()
            for home in ["consumer", "killed"] { try await world.pin(pin, in: home) }
            try await world.sign(["1.0"], as: world.publisher())
            var writes = 0
            while true {
                let tag = "next-\(writes)"
                let digest = try await world.push(tag, tag)
                let wire = Wire(world.transport, writes: writes)
                let killed = world.publisher("killed", wire)
                let images = try await ImageResolver(session: world.session("killed")).resolve(
                    [(tag, nil)],
                    of: world.subject
                )
                let result: PublishReport?
                do { result = try await killed.sign(images, of: world.subject) } catch { result = nil }
                // Readers see a complete set, whenever the publisher died.
                #expect(try await world.verify("1.0").get().digest == first)
                let after = Self.reason(await world.verify(tag))
                #expect(after == .trusted || after == .unsignedTag)
                if result != nil { #expect(after == .trusted) }
                // And whoever publishes next comes to the end.
                try await world.sign([tag], as: world.publisher())
                #expect(try await world.verify(tag).get().digest == digest)
                if result != nil { break }
                writes += 1
                #expect(writes < 40)
            }
            #expect(writes >= 6, "announcement, pointer and blobs are writes")
        }
    }

    @Test func aRefreshWithTheTimestampKeyAlonePassesADeadPublisherBy() async throws {
        try await Self.with { world in
            let pin = try await world.initialize()
            for home in ["consumer", "killed", "cron"] { try await world.pin(pin, in: home) }
            try await world.push("1.0", "one")
            let counting = Wire(world.transport)
            try await world.sign(["1.0"], as: world.publisher("killed", counting), "killed")
            let writes = counting.requests.withLock { $0.count { !$0.hasPrefix("GET") && !$0.hasPrefix("HEAD") } }
            // The last write moves the pointer: this publisher dies with its set announced.
            try await world.push("2.0", "two")
            let killed = world.publisher("killed", Wire(world.transport, writes: writes - 1))
            await #expect(throws: Refusal.self) { try await world.sign(["2.0"], as: killed, "killed") }
            #expect(Self.reason(await world.verify("2.0")) == .unsignedTag)
            await world.signers.withhold([.root, .targets, .snapshot])
            let report = try await world.publisher("cron").refresh(world.subject)
            #expect(report.signedRoles == [.timestamp])
            #expect(Self.reason(await world.verify("1.0")) == .trusted)
            // Whoever has the keys brings in what was announced.
            await world.signers.withhold([])
            _ = try await world.publisher().refresh(world.subject)
            #expect(Self.reason(await world.verify("2.0")) == .trusted)
        }
    }

    @Test func publishersAtOnceLoseNothing() async throws {
        try await Self.with { world in
            let pin = try await world.initialize()
            try await world.pin(pin, in: "consumer")
            let count = 5
            for index in 0..<count {
                try await world.push("v\(index)", "image \(index)")
                try await world.pin(pin, in: "publisher-\(index)")
            }
            for round in 0..<3 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<count {
                        group.addTask {
                            let home = "publisher-\(index)"
                            try await world.push("r\(round)-\(index)", "\(round) \(index)")
                            try await world.sign(["r\(round)-\(index)"], as: world.publisher(home), home)
                        }
                    }
                    try await group.waitForAll()
                }
                for index in 0..<count {
                    #expect(Self.reason(await world.verify("r\(round)-\(index)")) == .trusted)
                }
            }
            let skopeo = Skopeo(world.registry)
            let extra = try await skopeo.tags("team/app").filter { $0.hasPrefix("trust-data.") }
            #expect(extra.count <= 16)
        }
    }

    @Test func twoPublishersOfOneTagConflict() async throws {
        try await Self.with { world in
            let pin = try await world.initialize()
            for home in ["a", "b"] { try await world.pin(pin, in: home) }
            try await world.push("1.0", "one")
            let resolver = ImageResolver(session: world.session("a"))
            let first = try await resolver.resolve([("1.0", nil)], of: world.subject)
            try await world.push("1.0", "two")
            let second = try await resolver.resolve([("1.0", nil)], of: world.subject)
            let outcomes = await withTaskGroup(of: Reason.self) { group in
                for (home, images) in [("a", first), ("b", second)] {
                    group.addTask {
                        do throws(Refusal) {
                            _ = try await world.publisher(home).sign(images, of: world.subject)
                            return .trusted
                        } catch {
                            return error.reason
                        }
                    }
                }
                return await group.reduce(into: [Reason]()) { $0.append($1) }
            }
            // One after the other both succeed; at once one of them hears of it.
            #expect(outcomes.contains(.trusted))
            #expect(outcomes.allSatisfy { $0 == .trusted || $0 == .conflict })
        }
    }

    @Test func aRestoredRegistryIsRefusedAndPutRight() async throws {
        try await Self.with { world in
            try await world.push("1.0", "one")
            try await world.push("2.0", "two")
            let pin = try await world.initialize()
            try await world.pin(pin, in: "consumer")
            try await world.sign(["1.0"], as: world.publisher())
            let backup = try world.registry.backUp()
            try await world.sign(["2.0"], as: world.publisher())
            #expect(Self.reason(await world.verify("2.0")) == .trusted)
            await world.registry.stop()
            try world.registry.restore(backup)
            try await world.registry.start()
            #expect(Self.reason(await world.verify("1.0")) == .rollback)
            _ = try await world.publisher().refresh(world.subject)
            #expect(Self.reason(await world.verify("1.0")) == .trusted)
            #expect(Self.reason(await world.verify("2.0")) == .trusted)
        }
    }

    @Test func lostTrustDataIsMissingAndRefreshPutsItBack() async throws {
        try await Self.with { world in
            try await world.push("1.0", "one")
            let empty = try world.registry.backUp()
            let pin = try await world.initialize()
            try await world.pin(pin, in: "consumer")
            try await world.sign(["1.0"], as: world.publisher())
            #expect(Self.reason(await world.verify("1.0")) == .trusted)
            await world.registry.stop()
            try world.registry.restore(empty)
            try await world.registry.start()
            #expect(Self.reason(await world.verify("1.0")) == .trustDataMissing)
            #expect(Self.reason(await world.verify("1.0", in: "stranger")) == .unsignedRepository)
            _ = try await world.publisher().refresh(world.subject)
            #expect(Self.reason(await world.verify("1.0")) == .trusted)
        }
    }

    @Test func survivesTheGarbageCollector() async throws {
        try await Self.with { world in
            try await world.push("1.0", "one")
            let pin = try await world.initialize()
            try await world.pin(pin, in: "consumer")
            for index in 0..<3 {
                try await world.push("1.\(index)", "\(index)")
                try await world.sign(["1.\(index)"], as: world.publisher())
            }
            _ = try await world.registry.collectGarbage(deletingUntagged: true)
            try await world.registry.restart()
            #expect(Self.reason(await world.verify("1.0", in: "consumer")) == .trusted)
            try await world.sign(["1.0"], as: world.publisher())
        }
    }

    @Test func trustDataOfAnotherRepositoryIsRefused() async throws {
        try await Self.with { world in
            try await world.push("1.0", "one")
            let pin = try await world.initialize()
            try await world.sign(["1.0"], as: world.publisher())
            let skopeo = Skopeo(world.registry)
            try await skopeo.copy("team/app:trust-data", to: "team/other:trust-data")
            try await skopeo.copy("team/app:1.0", to: "team/other:1.0")
            let other = try RepositoryName(parsing: "\(world.registry.address)/team/other")
            let session = world.session("consumer")
            _ = try await session.home.pins.add(
                Pin(scope: .repository(other.description), anchor: pin.anchor),
                replacing: false
            )
            let verdict = await TrustVerifier(session: session).verify(Query(subject: .registry(other), tag: "1.0"))
            #expect(Self.reason(verdict) == .wrongRepository)
            // The pin of a mirror says whose it is.
            _ = try await session.home.pins.add(
                Pin(
                    scope: .repository(other.description),
                    anchor: pin.anchor,
                    signedName: world.repository.description
                ),
                replacing: true
            )
            let mirrored = await TrustVerifier(session: session).verify(Query(subject: .registry(other), tag: "1.0"))
            #expect(Self.reason(mirrored) == .trusted)
        }
    }
}
