import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// Tags in hash bins: the same answers as without, whatever is changed in which order.
@Suite struct BinTests {
    typealias World = LocalStoreTests.World

    private static func rebin(_ choice: BinChoice, in world: World) async throws -> PublishReport {
        try await world.publisher.rebin(choice, of: world.subject, at: world.location)
    }

    private static func tags(_ world: World) async throws -> [String] {
        try await world.verifier().trustData(of: world.subject, at: world.location).signedTags().map(\.tag)
    }

    @Test(arguments: [false, true], [2, 64])
    func signsVerifiesAndRevokes(plainFiles: Bool, bins: Int) async throws {
        try await LocalStoreTests.with(plainFiles: plainFiles) { world in
            let names = (0..<9).map { "v\($0)" }
            for name in names { try await world.image(name, name) }
            #expect(try await world.initialize(bins: bins).published.bins == bins)
            for name in names { try await world.sign(name) }
            let signed = try await world.sign("v0")
            #expect(!signed.changed && signed.bins == bins)
            for name in names {
                let image = try await world.verify(name).get()
                let bin = try #require(image.evidence.versions.keys.first { !RoleName.topLevel.contains($0) })
                #expect(bin.string.hasPrefix("bins-"))
                #expect(image.evidence.signers[bin] == image.evidence.signers[.targets])
            }
            #expect(try await Self.tags(world) == names)
            #expect(LocalStoreTests.reason(await world.verify("none")) == .unsignedTag)
            _ = try await world.publisher.revoke(["v3"], of: world.subject, at: world.location)
            #expect(LocalStoreTests.reason(await world.verify("v3")) == .unsignedTag)
            #expect(try await Self.tags(world) == names.filter { $0 != "v3" })
            func offline(_ tag: String) async -> Verdict {
                await world.verify(tag) { options in
                    options.offline = true
                    options.signedName = "registry.example.com/team/app"
                }
            }
            #expect(try await offline("v4").get().tag == "v4")
            #expect(LocalStoreTests.reason(await offline("v3")) == .unsignedTag)
        }
    }

    /// One more tag writes its bin, the targets, the snapshot and the timestamp.
    @Test func oneTagWritesOneBin() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            for name in ["a", "b"] { try await world.image(name, name) }
            _ = try await world.initialize(bins: 16)
            try await world.sign("a")
            func files() throws -> Set<String> { Set(try DurableFile.list(world.directory.file("trust-data")) ?? []) }
            let before = try files()
            let report = try await world.sign("b")
            #expect(report.signedRoles.count == 4 && report.signedRoles.suffix(3) == [.targets, .snapshot, .timestamp])
            #expect(try files().subtracting(before).count == 3)
        }
    }

    /// From none to some, between sizes that share names and that do not, to more keys of the same name, and back.
    @Test(arguments: [false, true])
    func spreadsAnew(plainFiles: Bool) async throws {
        try await LocalStoreTests.with(plainFiles: plainFiles) { world in
            let names = (0..<9).map { "v\($0)" }
            for name in names + ["late"] { try await world.image(name, name) }
            _ = try await world.initialize()
            for name in names { try await world.sign(name) }
            #expect(try await Self.tags(world) == names)
            for count in [2, 16, 8, 32, 2, 0, 4, 0] {
                let report = try await Self.rebin(.count(count), in: world)
                #expect(report.bins == count && report.changed)
                #expect(try await Self.tags(world) == names)
                for name in names { #expect(try await world.verify(name).get().tag == name) }
                #expect(try await Self.rebin(.count(count), in: world).changed == false)
            }
            try await world.sign("late")
            #expect(try await world.verify("late").get().tag == "late")
        }
    }

    @Test func growsByItself() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            let digest = try await world.image("v", "v")
            _ = try await world.initialize()
            #expect(try await Self.rebin(.automatic, in: world).bins == 0)
            let images = try await world.resolver.resolve([("v", nil)], of: world.subject)
            let descriptor = try #require(images.first).descriptor
            func sign(_ names: [String]) async throws -> Int {
                let images = names.map { ImageToSign(tag: $0, descriptor: descriptor) }
                return try await world.publisher.sign(images, of: world.subject, at: world.location).bins
            }
            #expect(try await sign((0..<512).map { "a\($0)" }) == 0)
            #expect(try await sign(["b"]) == 4)
            #expect(try await sign((0..<3000).map { "c\($0)" }) == 16)
            #expect(try await Self.tags(world).count == 3513)
            for tag in ["a0", "b", "c2999"] {
                #expect(
                    try await world.verifier().verify(
                        Query(subject: world.subject, tag: tag, image: .notCompared, location: world.location)
                    ).get().digest == digest
                )
            }
            // Whoever says a number means it.
            #expect(try await Self.rebin(.count(2), in: world).bins == 2)
            #expect(try await sign(["d"]) == 2)
        }
    }

    /// Bins that are not changed for years are signed anew before they expire.
    @Test func binsDoNotExpire() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            for name in ["a", "b"] { try await world.image(name, name) }
            _ = try await world.initialize(bins: 4)
            try await world.sign("a")
            var signedBins = 0
            for _ in 0..<8 {
                world.clock.advance(bySeconds: 200 * 86_400)
                let report = try await world.publisher.refresh(world.subject, at: world.location)
                signedBins += report.signedRoles.filter { !RoleName.topLevel.contains($0) }.count
                #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
                #expect(LocalStoreTests.reason(await world.verify("b")) == .unsignedTag)
            }
            #expect(signedBins == 8)
        }
    }

    /// What a store that was restored from an old copy lost is put back from what the publisher has.
    @Test func lostBinsArePutBack() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            for name in ["a", "b"] { try await world.image(name, name) }
            _ = try await world.initialize(bins: 4)
            let old = try HostileStoreTests.Saved(HostileStoreTests.store(world), in: world, as: "old")
            try await world.sign("a")
            try await world.sign("b")
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
            try old.putBack()
            #expect(LocalStoreTests.reason(await world.verify("a")) == .rollback)
            _ = try await world.publisher.refresh(world.subject, at: world.location)
            for name in ["a", "b"] { #expect(LocalStoreTests.reason(await world.verify(name)) == .trusted) }
        }
    }

    /// What a store lists and has lost, or holds damaged, is put back, though nothing of it changes.
    @Test(arguments: [false, true])
    func aBlobThatIsListedAndLost(isDamaged: Bool) async throws {
        try await LocalStoreTests.with(plainFiles: false) { world in
            try await world.image("a", "a")
            _ = try await world.initialize(bins: 4)
            try await world.sign("a")
            let images = world.directory.file("images")
            let snapshot = try await world.verifier().trustData(of: world.subject).set.snapshot.payload
            let quiet = snapshot.roles.first { $0.key.isBinName && $0.value.version == 1 }
            let (role, record) = try #require(quiet)
            let name = MetadataFile(role: role, version: record.version).name
            let data = try #require(try await LayoutTrustStore(path: images).current())
            let blob = try #require(try await data.file(named: name)?.blob)
            let path = "\(images)/blobs/sha256/\(blob.digest.hex)"
            let before = try Files.read(path)
            if isDamaged { try Files.write(Array("{}".utf8), to: path) } else { try Files.remove(path) }
            _ = try await world.publisher.refresh(world.subject)
            #expect(try Files.read(path) == before)
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
        }
    }

    /// A bin that only others have cannot be put back, and is not given up silently.
    @Test func aBinThatIsNowhereStopsThePublisher() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("a", "a")
            _ = try await world.initialize(bins: 4)
            let old = try HostileStoreTests.Saved(HostileStoreTests.store(world), in: world, as: "old")
            try await world.sign("a")
            try old.putBack()
            let seen = HostileStoreTests.memory(world)
            try await runSuccessfully(Command("find", [seen, "-path", "*/delegated/*", "-delete"]))
            let refusal = await #expect(throws: Refusal.self) {
                try await world.publisher.refresh(world.subject, at: world.location)
            }
            #expect(refusal?.reason == .trustDataMissing)
        }
    }

    /// Metadata cannot have both: delegations that are told one by one are not overwritten.
    @Test func rolesThatAreListedAreKept() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            let repository = RepositorySimulator(now: world.clock.now())
            repository.delegate(to: try RoleName("alice"), keys: [SimulatedKey.of(.targets)])
            repository.publish()
            for (name, bytes) in repository.files() { try world.directory.write(bytes, to: "trust-data/\(name)") }
            let claims = try await world.verifier().inspectUnverified(world.subject, at: world.location)
            let pin = claims.pin(for: "registry.example.com/team/app")
            _ = try await world.publisherSession.home.pins.add(pin, replacing: false)
            for choice in [BinChoice.count(4), .automatic] {
                let refusal = await #expect(throws: Refusal.self) { try await Self.rebin(choice, in: world) }
                #expect(refusal?.reason == .usage, "\(String(describing: refusal))")
            }
        }
    }

    /// The snapshot lists versions alone, and bins share their keys: one bin must not pass for another.
    @Test func aBinIsNoOtherBin() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            _ = try await world.initialize(bins: 2)
            var tags: [RoleName: String] = [:]
            while tags.count < 2 {
                let tag = "v\(try await Self.tags(world).count)"
                try await world.image(tag, tag)
                let role = try #require(try await world.sign(tag).signedRoles.first)
                tags[role] = tag
            }
            // Both are brought to one version.
            let roles = tags.keys.sorted()
            func versions() throws -> [Int64] {
                let names = try DurableFile.list(world.directory.file("trust-data")) ?? []
                return roles.map { role in
                    names.compactMap { name in
                        name.hasSuffix(".\(role).json") ? Int64(name.prefix { $0 != "." }) : nil
                    }.max() ?? 0
                }
            }
            while try versions()[0] != versions()[1] {
                let behind = try versions()[0] < versions()[1] ? roles[0] : roles[1]
                let tag = try #require(tags[behind])
                try await world.image(tag, "\(try versions())")
                try await world.sign(tag)
            }
            let version = try versions()[0]
            func path(_ role: RoleName) -> String { world.directory.file("trust-data/\(version).\(role).json") }
            // Nobody has the right one.
            let seen = world.consumerSession.home.trust
            try await runSuccessfully(Command("find", [seen, "-path", "*/delegated/*", "-delete"]))
            try Files.remove(path(roles[0]))
            try Files.copy(path(roles[1]), to: path(roles[0]))
            guard case .refused(let refusal) = await world.verify(try #require(tags[roles[0]])) else {
                Issue.record("trusted")
                return
            }
            #expect(refusal.reason == .badSignature && refusal.found.contains(roles[1].string))
        }
    }
}
