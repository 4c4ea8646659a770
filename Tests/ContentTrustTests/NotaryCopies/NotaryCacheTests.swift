import OCI
import OCIRegistry
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// The directories of docker and notary as trust stores.
@Suite struct NotaryCacheTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func write(_ files: [RoleName: [UInt8]], gun: String) throws {
        for (role, bytes) in files { try directory.write(bytes, to: "trust/tuf/\(gun)/metadata/\(role).json") }
    }

    private func write(_ history: NotaryHistory) throws {
        try write(history.simulator.files, gun: NotaryHistory.repository)
    }

    private var location: StoreLocation { .notaryFiles(path: directory.file("trust")) }

    private func tags(_ history: NotaryHistory, at now: Instant = NotaryHistory.now) async throws -> [String] {
        let verifier = TrustVerifier(session: history.session(directory, at: now))
        let data = try await verifier.trustData(of: history.subject, at: location)
        return try await data.signedTags().map(\.tag).sorted()
    }

    private func refusal(_ history: NotaryHistory) async -> Refusal? {
        await #expect(throws: Refusal.self) { try await tags(history) }
    }

    /// What Go's client lists off line.
    @Test func theVectorsAreTrusted() async throws {
        var files: [RoleName: [UInt8]] = [:]
        for role in RoleName.topLevel + [NotarySimulator.releases] {
            let name = role.string.replacing("/", with: ".")
            files[role] = try Files.read(try Files.fixture("notary/vectors/\(name).json"))
        }
        try write(files, gun: "example.com/app")
        let session = TrustSession(
            home: TrustHome(path: directory.file("home")),
            clock: SimulatedClock(Instant(secondsSinceEpoch: 1_900_000_000))
        ) { (_) throws(RegistryError) in throw .cancelled }
        let key = try KeyID("617ad0c822ab6dfe64033864f1d8fb4b913663d1bc9a07d8a54118b34e70c3f9")
        let pin = Pin(
            scope: .repository("example.com/app"),
            dialect: .notary,
            anchor: .keys([key], threshold: 1)
        )
        _ = try await session.home.pins.add(pin, replacing: false)
        let data = try await TrustVerifier(session: session).trustData(
            of: .registry(RepositoryName(parsing: "example.com/app")),
            at: location
        )
        let tag = try #require(try await data.signedTag("1.0"))
        #expect(tag.digest.hex == "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")
        #expect(tag.role == NotarySimulator.releases)
    }

    /// `notary addhash --sha512` signs what no image is pulled by; the other tags are none the worse for it.
    @Test func targetsWithoutASHA256AreNoTags() async throws {
        var history = try NotaryHistory()
        try await history.publishTargets([
            "1.0": NotaryHistory.digest("1.0"), "odd": Digest.compute(.sha512, over: Array("odd".utf8).span),
        ])
        try write(history)
        try await history.pin(1, in: history.session(directory))
        #expect(try await tags(history) == ["1.0"])
    }

    @Test func theNewestRootMustBePinnedOrTheNextOne() async throws {
        let history = try await NotaryHistory.usual()
        try write(history)
        let session = history.session(directory)
        #expect(await refusal(history)?.reason == .noPin)
        try await history.pin(1, in: session)
        let refusal = try #require(await refusal(history))
        #expect(refusal.reason == .wrongRoot && refusal.found.contains("version 3"))
        #expect(refusal.expected?.contains("all roots") == true)
        for root: Int64 in [2, 3] {
            try await history.pin(root, in: session, replacing: true)
            #expect(try await tags(history) == ["1.0", "2.0", "2.1"])
        }
    }

    @Test func onlyTheSetThatIsNamedCounts() async throws {
        let history = try await NotaryHistory.usual()
        try write(history)
        try await history.pin(3, in: history.session(directory))
        let old = history.served["1.\(NotarySimulator.releases).json"] ?? []
        try write([NotarySimulator.releases: old], gun: NotaryHistory.repository)
        #expect(await refusal(history)?.reason == .badSignature)
        try write(history)
        try Files.remove(directory.file("trust/tuf/\(NotaryHistory.repository)/metadata/timestamp.json"))
        #expect(await refusal(history)?.reason == .trustDataMissing)
    }

    @Test func cachesExpire() async throws {
        let history = try await NotaryHistory.usual()
        try write(history)
        try await history.pin(3, in: history.session(directory))
        let refusal = await #expect(throws: Refusal.self) {
            try await tags(history, at: history.simulator.expires.advanced(bySeconds: 1))
        }
        #expect(refusal?.reason == .expired)
    }

    @Test(arguments: ["targets/../../x", "targets//x", "targets/", "targets/X", "other/x", "targets/x.y", "../targets"])
    func namesThatAreNoneOfNotarysAreNotLookedFor(name: String) throws {
        #expect(!(try RoleName(name)).isOfNotary)
    }

    @Test func notarysNames() throws {
        for name in ["root", "timestamp", "targets", "targets/a-b_0", "targets/a/b"] {
            #expect(try RoleName(name).isOfNotary)
        }
    }
}
