import TUF
import TUFClient
import Testing
import TrustTestSupport

/// Exactly what is asked for, and in which order: no probing, no second look, nothing that is known already.
@Suite struct RequestTests {
    private let repository = RepositorySimulator()
    private let client: SimulatedClient<MemoryTrustCache>

    init() {
        client = SimulatedClient(pinning: repository)
    }

    @Test func firstTime() async {
        #expect(await client.refresh(from: repository) == .trusted(1, 1, 1, 1))
        #expect(
            repository.takeRequests()
                == ["1.root.json", "2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]
        )
    }

    /// The first root is at hand: the sequence of the conformance suite.
    @Test func firstTimeWithRootFile() async {
        var client = client
        client.anchor = .root(repository.roots[1] ?? [])
        #expect(await client.refresh(from: repository) == .trusted(1, 1, 1, 1))
        #expect(
            repository.takeRequests() == ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]
        )
    }

    @Test func nothingNew() async {
        await client.refresh(from: repository)
        _ = repository.takeRequests()
        for _ in 0..<3 {
            #expect(await client.refresh(from: repository) == .trusted(1, 1, 1, 1))
            #expect(repository.takeRequests() == ["2.root.json", "timestamp.json"])
        }
    }

    @Test func onlyWhatChanged() async {
        await client.refresh(from: repository)
        _ = repository.takeRequests()
        repository.publishTimestamp()
        #expect(await client.refresh(from: repository) == .trusted(1, 2, 1, 1))
        #expect(repository.takeRequests() == ["2.root.json", "timestamp.json"])
        repository.publishSnapshot()
        #expect(await client.refresh(from: repository) == .trusted(1, 3, 2, 1))
        #expect(repository.takeRequests() == ["2.root.json", "timestamp.json", "2.snapshot.json"])
        repository.publish()
        #expect(await client.refresh(from: repository) == .trusted(1, 4, 3, 2))
        #expect(repository.takeRequests() == ["2.root.json", "timestamp.json", "3.snapshot.json", "2.targets.json"])
        repository.publishRoot()
        #expect(await client.refresh(from: repository) == .trusted(2, 4, 3, 2))
        #expect(repository.takeRequests() == ["2.root.json", "3.root.json", "timestamp.json"])
        #expect(await client.refresh(from: repository) == .trusted(2, 4, 3, 2))
        #expect(repository.takeRequests() == ["3.root.json", "timestamp.json"])
    }

    /// Without hashes a stored file of the listed version stands for the file.
    @Test func onlyWhatChangedWithoutHashes() async {
        repository.listsHashes = false
        repository.link()
        await client.refresh(from: repository)
        _ = repository.takeRequests()
        repository.publishTimestamp()
        #expect(await client.refresh(from: repository) == .trusted(1, 2, 1, 1))
        #expect(repository.takeRequests() == ["2.root.json", "timestamp.json"])
        repository.publish()
        #expect(await client.refresh(from: repository) == .trusted(1, 3, 2, 2))
        #expect(repository.takeRequests() == ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"])
    }

    @Test func namesWithoutConsistentSnapshots() async {
        repository.root.consistentSnapshot = false
        repository.publishRoot()
        #expect(await client.refresh(from: repository) == .trusted(2, 1, 1, 1))
        #expect(
            repository.takeRequests()
                == ["1.root.json", "2.root.json", "3.root.json", "timestamp.json", "snapshot.json", "targets.json"]
        )
    }

    /// The limits that go with the requests: those of the roles, and the listed lengths where there are some.
    @Test func limits() async {
        await client.refresh(from: repository)
        #expect(
            repository.requests.map(\.maximumLength)
                == [512_000, 512_000, 16_384, repository.file(.snapshot).count, repository.file(.targets).count]
        )
        let other = RepositorySimulator()
        other.listsHashes = false
        other.link()
        await SimulatedClient(pinning: other).refresh(from: other)
        #expect(other.requests.map(\.maximumLength) == [512_000, 512_000, 16_384, 2_000_000, 5_000_000])
    }

    /// A failure ends the update: nothing is asked for after it, and nothing twice.
    @Test(arguments: [
        ("1.root.json", 1), ("2.root.json", 2), ("timestamp.json", 3), ("1.snapshot.json", 4), ("1.targets.json", 5),
    ])
    func failureEndsTheUpdate(_ file: String, _ count: Int) async throws {
        for fault in [SimulatorFault.cutConnection, .endless, .bytes([0x7b]), .unlimitedBytes([])] {
            repository.faults = [file: fault]
            _ = repository.takeRequests()
            await client.refresh(from: repository)
            #expect(repository.takeRequests().count == count)
            #expect(try await client.kept().root == (count > 1 ? 1 : nil))
            _ = await client.cache.replace(client.cache.load(), with: CachedMetadata())
        }
    }

    /// Off line nobody is asked.
    @Test func offline() async {
        #expect(await client.offline() == .nothingSeen)
        await client.refresh(from: repository)
        _ = repository.takeRequests()
        #expect(await client.offline() == .trusted(1, 1, 1, 1))
        #expect(repository.takeRequests().isEmpty)
    }

    /// A pin on keys that came with a later root: the first root that they signed begins the walk, and is not looked for
    /// again.
    @Test func pinFromALaterRoot() async {
        for number in 5...6 {
            repository.root.roles[.root] = SimulatedRoleKeys([.ed25519(number)])
            repository.publishRoot()
        }
        var client = client
        client.anchor = .keys([SimulatedKey.ed25519(6).computedID], threshold: 1)
        #expect(await client.refresh(from: repository) == .trusted(3, 1, 1, 1))
        #expect(
            repository.takeRequests() == [
                "1.root.json", "2.root.json", "3.root.json", "4.root.json", "timestamp.json", "1.snapshot.json",
                "1.targets.json",
            ]
        )
        #expect(await client.refresh(from: repository) == .trusted(3, 1, 1, 1))
        #expect(repository.takeRequests() == ["4.root.json", "timestamp.json"])
        #expect(await client.offline() == .trusted(3, 1, 1, 1))
    }

    /// The time is the caller's, read once: an update cannot see the clock go on.
    @Test func oneReadingOfTheClock() async {
        await client.refresh(from: repository)
        #expect(client.clock.readings == 1)
    }
}
