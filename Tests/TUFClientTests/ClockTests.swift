import TUF
import TUFClient
import Testing
import TrustTestSupport

@Suite struct ClockTests {
    private let repository = RepositorySimulator()
    private let client: SimulatedClient<MemoryTrustCache>
    private let start = SimulatedClock.start

    init() {
        client = SimulatedClient(pinning: repository)
    }

    /// A clock that was turned back would make what is expired good again.
    @Test func clockWentBack() async {
        await client.refresh(from: repository)
        _ = repository.takeRequests()
        for (seconds, isGood) in [(0, true), (-299, true), (-300, true), (-301, false), (-10_000_000, false)] {
            client.clock.set(start.advanced(bySeconds: Int64(seconds)))
            #expect(await client.refresh(from: repository) == (isGood ? .trusted(1, 1, 1, 1) : .clockWentBack))
            #expect(await client.offline() == (isGood ? .trusted(1, 1, 1, 1) : .clockWentBack))
            #expect(repository.takeRequests().isEmpty == !isGood)
        }
        client.clock.set(start)
        #expect(await client.refresh(from: repository) == .trusted(1, 1, 1, 1))
    }

    /// The last check is written anew every 30 seconds at most, and never moves back.
    @Test func lastCheck() async {
        func lastCheck() async -> Int64? { await client.cache.load().lastCheck?.seconds(since: start) }
        #expect(await lastCheck() == nil)
        for (seconds, expected) in [(0, 0), (29, 0), (30, 30), (31, 30), (0, 30), (59, 30), (60, 60), (-200, 60)] {
            client.clock.set(start.advanced(bySeconds: Int64(seconds)))
            #expect(await client.refresh(from: repository) == .trusted(1, 1, 1, 1))
            #expect(await lastCheck() == Int64(expected))
        }
        // Where something else is written, the time goes with it.
        client.clock.set(start.advanced(bySeconds: 61))
        repository.publishTimestamp()
        await client.refresh(from: repository)
        #expect(await lastCheck() == 61)
    }

    /// Only an update that came to its end is a check.
    @Test func failureIsNoCheck() async {
        repository.faults["1.targets.json"] = .missing
        #expect(await client.refresh(from: repository) == .missing("1.targets.json"))
        #expect(await client.cache.load().lastCheck == nil)
        #expect(await client.offline() == .nothingSeen)
        repository.faults = [:]
        await client.refresh(from: repository)
        client.clock.advance(bySeconds: 1000)
        repository.faults["timestamp.json"] = .cutConnection
        await client.refresh(from: repository)
        #expect(await client.cache.load().lastCheck == start)
    }

    /// Off line the time of the last check comes with the set, and nothing that is read off line counts as one.
    @Test func offline() async throws {
        await client.refresh(from: repository)
        client.clock.advance(bySeconds: 5000)
        let answer = try #require(await client.updater.offline(now: client.clock.now()))
        #expect(answer.lastCheck == start)
        #expect(answer.set.verifiedAt == start.advanced(bySeconds: 5000))
        #expect(await client.cache.load().lastCheck == start)
        client.clock.set(repository.timestamp.expires)
        #expect(await client.offline() == .refused(.expired(role: .timestamp, at: repository.timestamp.expires)))
    }
}
