import CanonicalJSON
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import TUFClient

/// What is kept is no anchor: whatever is done to it, nothing is trusted that the pinned keys do not vouch for.
@Suite struct CacheTests {
    private let repository = RepositorySimulator()

    // MARK: Damage

    /// What was kept, with one file replaced, and what becomes of it on line and off line.
    @Test func damagedFiles() async throws {
        repository.publishRoot()
        repository.publishRoot()
        let junk: [[UInt8]] = [
            [], [0x7b], [0], Array("null".utf8), Array("{\"signed\":{},\"signatures\":[]}".utf8),
            [UInt8](repeating: 0x5b, count: 10_000),
        ]
        for bytes in junk {
            for role in RoleName.topLevel {
                for version in role == .root ? [1, 2, 3] as [Int64] : [0] {
                    let client = SimulatedClient(pinning: repository)
                    await client.refresh(from: repository)
                    var metadata = await client.cache.load()
                    switch role {
                    case .root: metadata.roots[version] = bytes
                    case .timestamp: metadata.timestamp = bytes
                    case .snapshot: metadata.snapshot = bytes
                    default: metadata.targets = bytes
                    }
                    _ = await client.cache.replace(client.cache.load(), with: metadata)
                    let offline = await client.offline()
                    // The second root meets the pin as well as the first.
                    #expect((offline == .trusted(3, 1, 1, 1)) == (version == 1), "\(role) \(version)")
                    #expect(await client.refresh(from: repository) == .trusted(3, 1, 1, 1))
                    let roots = await client.cache.load().roots
                    #expect(roots.filter { $0.key > 1 } == repository.roots.filter { $0.key > 1 })
                    #expect(await client.offline() == .trusted(3, 1, 1, 1))
                }
            }
        }
    }

    /// Good files of somebody else in the cache, as a process of another user could put them there.
    @Test func forgedFiles() async throws {
        let client = SimulatedClient(pinning: repository)
        await client.refresh(from: repository)
        var keys: [RoleName: SimulatedKey] = [:]
        for (number, role) in RoleName.topLevel.enumerated() { keys[role] = .ed25519(number + 8) }
        let forger = RepositorySimulator(keys: keys)
        forger.setTarget("1.0", to: "another image")
        forger.publish()
        forger.publishRoot()
        let theirs = SimulatedClient(pinning: forger)
        await theirs.refresh(from: forger)
        _ = await client.cache.replace(client.cache.load(), with: theirs.cache.load())
        #expect(await client.offline() == .nothingSeen)
        // Their second root is one that was "seen": nobody can tell it from a damaged one, so the update is refused.
        #expect(
            await client.refresh(from: repository) == .refused(.rollback(role: .root, known: 2, offered: 1))
        )
        #expect(
            await client.refresh(from: forger) == .refused(.thresholdNotMet(role: .root, required: 1, valid: 0))
        )
    }

    /// A root in the middle is gone. The walk asks for it, and goes on with those that are there.
    @Test func missingRootInTheMiddle() async throws {
        for _ in 0..<3 { repository.publishRoot() }
        let client = SimulatedClient(pinning: repository)
        await client.refresh(from: repository)
        var metadata = await client.cache.load()
        metadata.roots[2] = nil
        _ = await client.cache.replace(client.cache.load(), with: metadata)
        _ = repository.takeRequests()
        repository.faults["2.root.json"] = .missing
        #expect(
            await client.refresh(from: repository) == .refused(.rollback(role: .root, known: 4, offered: 1))
        )
        #expect(repository.takeRequests() == ["2.root.json"])
        #expect(await client.offline() == .refused(.rollback(role: .root, known: 4, offered: 1)))
        repository.faults = [:]
        #expect(await client.refresh(from: repository) == .trusted(4, 1, 1, 1))
        #expect(repository.takeRequests() == ["2.root.json", "5.root.json", "timestamp.json"])
    }

    // MARK: Two at once

    /// Another process keeps something between reading and writing: the update is made again, on top of it.
    @Test func contention() async {
        struct Busy: TrustCache {
            let inner = MemoryTrustCache()
            let times: Counter
            func load() async throws(TrustCacheError) -> CachedMetadata { await inner.load() }
            func replace(_ old: CachedMetadata, with new: CachedMetadata) async throws(TrustCacheError) -> Bool {
                guard await times.take() else { return await inner.replace(old, with: new) }
                let current = await inner.load()
                var other = current
                other.lastCheck = SimulatedClock.start
                _ = await inner.replace(current, with: other)
                return await inner.replace(old, with: new)
            }
            func delegated(_ role: RoleName) async throws(TrustCacheError) -> [UInt8]? { nil }
            func keep(_ bytes: [UInt8], ofDelegated role: RoleName) async throws(TrustCacheError) {}
        }
        for (times, expected) in [(1, .trusted(1, 1, 1, 1)), (7, .trusted(1, 1, 1, 1)), (8, .contention)]
            as [(Int, UpdateOutcome)]
        {
            let repository = RepositorySimulator()
            let client = SimulatedClient(pinning: repository, cache: Busy(times: Counter(times)))
            #expect(await client.refresh(from: repository) == expected)
        }
    }

    /// What the faster process has seen holds for the slower one.
    @Test func fasterProcessSawMore() async throws {
        let client = SimulatedClient(pinning: repository)
        await client.refresh(from: repository)
        let old = repository.files()
        repository.publish()
        let slow = RepositorySimulator()
        slow.serveOnly(old)
        let before = await client.cache.load()
        #expect(await client.refresh(from: repository) == .trusted(1, 2, 2, 2))
        // The slow one had loaded before that.
        #expect(await !client.cache.replace(before, with: before))
        #expect(
            await client.refresh(from: slow) == .refused(.rollback(role: .timestamp, known: 2, offered: 1))
        )
        #expect(try await client.kept().timestamp == 2)
    }

    // MARK: A cache that cannot be used

    private struct Broken: TrustCache {
        let canLoad: Bool
        static let failure = TrustCacheError.file(.noSpace(path: "/somewhere/timestamp.json"))
        func load() async throws(TrustCacheError) -> CachedMetadata {
            guard canLoad else { throw Self.failure }
            return CachedMetadata()
        }
        func replace(_ old: CachedMetadata, with new: CachedMetadata) async throws(TrustCacheError) -> Bool {
            throw Self.failure
        }
        func delegated(_ role: RoleName) async throws(TrustCacheError) -> [UInt8]? { throw Self.failure }
        func keep(_ bytes: [UInt8], ofDelegated role: RoleName) async throws(TrustCacheError) { throw Self.failure }
    }

    /// Trust data that cannot be kept is not trusted: the next run would know nothing of it.
    @Test func cacheCannotBeWritten() async {
        let client = SimulatedClient(pinning: repository, cache: Broken(canLoad: true))
        #expect(await client.refresh(from: repository) == .cache(Broken.failure))
        // What is wrong with the repository comes first.
        repository.faults["timestamp.json"] = .missing
        #expect(await client.refresh(from: repository) == .missing("timestamp.json"))
        repository.faults["timestamp.json"] = .bytes([])
        #expect(await client.refresh(from: repository) == .refused(.notJSON(role: .timestamp, .syntax(offset: 0))))
    }

    @Test func cacheCannotBeRead() async {
        let client = SimulatedClient(pinning: repository, cache: Broken(canLoad: false))
        #expect(await client.refresh(from: repository) == .cache(Broken.failure))
        #expect(repository.takeRequests().isEmpty)
        #expect(await client.offline() == .cache(Broken.failure))
    }
}

/// Counts down among tasks.
actor Counter {
    private var left: Int

    init(_ count: Int) {
        left = count
    }

    func take() -> Bool {
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}
