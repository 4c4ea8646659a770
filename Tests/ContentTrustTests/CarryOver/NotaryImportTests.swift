import OCI
import OCIRegistry
import TUF
import TUFClient
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// What an import would carry over of copied files: what Notary's own rules say, and no more.
@Suite struct NotaryImportTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// The plan for the files of docker's cache.
    private func plan(_ simulator: NotarySimulator, pinned: RootAnchor) async throws -> NotaryImportPlan {
        for (role, bytes) in simulator.files {
            try directory.write(bytes, to: "trust/tuf/\(simulator.gun)/metadata/\(role).json")
        }
        let subject = Subject.registry(try RepositoryName(parsing: simulator.gun))
        let session = TrustSession(home: TrustHome(path: directory.file("home")), clock: SimulatedClock()) {
            (_) throws(RegistryError) in throw .cancelled
        }
        _ = try await session.home.pins.add(
            Pin(scope: .repository(simulator.gun), dialect: .notary, anchor: pinned),
            replacing: true
        )
        let publisher = Publisher(session: session, signers: TestSigners())
        return try await NotaryImport(
            publisher,
            of: subject,
            at: .notaryFiles(path: directory.file("trust")),
            to: subject,
            at: .directory(path: directory.file("trust-data"))
        ).plan()
    }

    private func plan(_ simulator: inout NotarySimulator) async throws -> NotaryImportPlan {
        let root = try simulator.listed(.root).computedID
        return try await plan(simulator, pinned: .keys([root], threshold: 1))
    }

    private func simulator() throws -> NotarySimulator {
        try NotarySimulator(gun: NotaryHistory.repository, now: SimulatedClock.start)
    }

    /// Docker leaves the releases without a key when its last signer goes.
    @Test func releasesWithoutAKeySayNothing() async throws {
        var simulator = try simulator()
        try simulator.delegate(to: NotarySimulator.releases)
        let path = "not/a/tag"
        simulator.tags = [
            .targets: [path: NotaryHistory.digest("targets")],
            NotarySimulator.releases: [path: NotaryHistory.digest("releases")],
        ]
        try await simulator.publish()
        #expect(try await plan(&simulator).tags.map(\.role) == [NotarySimulator.releases])
        simulator.keyless = [NotarySimulator.releases]
        try await simulator.publish()
        #expect(try await plan(&simulator).tags.map(\.role) == [.targets])
    }

    /// What the releases say would be unknown, and their word goes first.
    @Test func releasesOfAnotherKeyAreRefused() async throws {
        var simulator = try simulator()
        try simulator.delegate(to: NotarySimulator.releases)
        try await simulator.publish()
        let signed = simulator.files[NotarySimulator.releases]
        simulator.keys[NotarySimulator.releases] = try PrivateKey.generate(.ecdsaP256)
        try await simulator.publish()
        simulator.replace(NotarySimulator.releases, with: signed)
        try await simulator.publishSnapshot()
        let error = await #expect(throws: Refusal.self) { try await plan(&simulator) }
        #expect(error?.reason == .badSignature)
    }

    /// In Notary a star in a prefix is a star; in a pattern it would be anything.
    @Test(arguments: ["v*", "v?", "v[0-9]", "v\\"])
    func prefixesAreNotPatterns(prefix: String) async throws {
        var simulator = try simulator()
        try simulator.delegate(to: NotaryHistory.alice, prefixes: [prefix, "w"])
        try simulator.delegate(to: NotaryHistory.role("targets/bob"), prefixes: [prefix])
        try await simulator.publish()
        let signers = try await plan(&simulator).signers
        #expect(signers.map(\.name) == ["alice", "bob"])
        #expect(signers.map(\.prefixes) == [["w"], []])
        #expect(signers.map { $0.leftBecause == nil } == [true, false])
    }

    /// Nobody can sign for such a role in Notary, so one key alone may not do so after it.
    @Test func rolesThatLackKeysAreLeft() async throws {
        var simulator = try simulator()
        try simulator.delegate(to: NotaryHistory.alice)
        simulator.keyless = [NotaryHistory.alice]
        try await simulator.publish()
        let signer = try #require(try await plan(&simulator).signers.first)
        #expect(signer.leftBecause != nil && !signer.isCarried)
        #expect(signer.threshold == 1)
    }

    /// A root key whose certificate is for another collection does not count in Notary.
    @Test func aKeyWithACertificateForAnotherName() async throws {
        var simulator = try simulator()
        try await simulator.publish()
        let stranger = try PrivateKey.generate(.ecdsaP256)
        let root = try await simulator.rootListing(stranger, certifiedFor: "registry.example.com/team/other")
        simulator.replace(.root, with: root)
        try await simulator.publishSnapshot()
        let carried = try await plan(simulator, pinned: .root(root)).rootKeys
        #expect(carried.map(\.publicKey) == [simulator.keys[.root]?.publicKey])
    }

    /// A copy that begins with a later root than the first, as docker's cache does.
    @Test func aCopyNeedsNoFormerRoots() async throws {
        var simulator = try simulator()
        try await simulator.publish()
        let former = try #require(simulator.keys[.root])
        simulator.keys[.root] = try PrivateKey.generate(.ecdsaP256)
        for role in simulator.versions.keys { simulator.versions[role, default: 0] += 1 }
        try await simulator.publish(formerRootKey: former)
        let key = try #require(simulator.keys[.root])
        #expect(try await plan(&simulator).rootKeys.map(\.publicKey) == [key.publicKey])
    }
}
