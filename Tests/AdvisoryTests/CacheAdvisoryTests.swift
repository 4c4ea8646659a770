import CanonicalJSON
import TUF
import TUFClient
import Testing
import TrustTestSupport

/// What lies in the cache is no anchor, and what cannot be written there is no success.
@Suite struct CacheAdvisoryTests {
    private let repository = RepositorySimulator()

    /// A repository of somebody else's, complete and newer.
    private func foreign() -> RepositorySimulator {
        let keys = RoleName.topLevel.enumerated().map { ($0.element, SimulatedKey.ed25519(12 + $0.offset)) }
        let foreign = RepositorySimulator(keys: Dictionary(uniqueKeysWithValues: keys))
        foreign.setTarget("1.0", to: "malware")
        for _ in 0..<5 { foreign.publish() }
        return foreign
    }

    /// sigstore-rust TOB-10: whoever could write the cache chose the root, off line and on line.
    @Test func theCacheIsNoAnchor() async throws {
        let foreign = foreign()
        let victim = SimulatedClient(pinning: repository)
        var attacker = SimulatedClient(pinning: foreign)
        attacker.cache = victim.cache
        #expect(await attacker.refresh(from: foreign) == .trusted(1, 6, 6, 6))
        // Off line there is nothing that the pinned keys signed.
        #expect(await victim.offline() != .trusted(1, 6, 6, 6))
        guard case .trusted = await victim.offline() else {
            #expect(await victim.refresh(from: foreign) == .refused(.notPinned(required: 1, valid: 0)))
            #expect(await victim.refresh(from: repository) == .trusted(1, 1, 1, 1))
            #expect(await victim.offline() == .trusted(1, 1, 1, 1))
            return
        }
        Issue.record("a foreign root is trusted")
    }

    /// The same, with the foreign files below a root that is the right one.
    @Test(arguments: [RoleName.timestamp, .snapshot, .targets])
    func keptFilesAreVerifiedAgain(role: RoleName) async throws {
        let client = SimulatedClient(pinning: repository)
        #expect(await client.refresh(from: repository) == .trusted(1, 1, 1, 1))
        let good = await client.cache.load()
        var bad = good
        let file = foreign().file(role)
        switch role {
        case .timestamp: bad.timestamp = file
        case .snapshot: bad.snapshot = file
        default: bad.targets = file
        }
        #expect(await client.cache.replace(good, with: bad))
        #expect(await client.offline() == .nothingSeen)
        #expect(await client.refresh(from: repository) == .trusted(1, 1, 1, 1))
    }

    /// notation CVE-2024-51491: the program ended when a file could not be moved into the cache.
    @Test func aCacheThatCannotBeWritten() async throws {
        let directory = try TemporaryDirectory()
        try Files.write([1], to: directory.file("occupied"))
        let cache = DirectoryTrustCache(directory: directory.file("occupied/cache"))
        let outcome = await SimulatedClient(pinning: repository, cache: cache).refresh(from: repository)
        guard case .cache = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try Files.read(directory.file("occupied")) == [1])
    }
}
