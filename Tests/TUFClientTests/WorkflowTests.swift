import CanonicalJSON
import TUF
import TUFClient
import Testing
import TrustCrypto
import TrustTestSupport

/// The rules of the client workflow (TUF 1.0.34 §5), as the conformance suite asks them of a client: how each update ends
/// and what is kept after it.
@Suite struct WorkflowTests {
    private let repository = RepositorySimulator()
    private let client: SimulatedClient<MemoryTrustCache>

    init() {
        client = SimulatedClient(pinning: repository)
    }

    private func expectKept(
        _ root: Int64?,
        _ timestamp: Int64?,
        _ snapshot: Int64?,
        _ targets: Int64?,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let expected = KeptVersions(root: root, timestamp: timestamp, snapshot: snapshot, targets: targets)
        #expect(try await client.kept() == expected, sourceLocation: sourceLocation)
    }

    /// The repository is put right, and the client goes on.
    private func expectRecovery(_ outcome: UpdateOutcome, sourceLocation: SourceLocation = #_sourceLocation) async {
        repository.faults = [:]
        #expect(await client.refresh(from: repository) == outcome, sourceLocation: sourceLocation)
    }

    // MARK: Missing and failing files

    @Test func firstRootIsMissing() async throws {
        repository.faults["1.root.json"] = .missing
        #expect(await client.refresh(from: repository) == .missing("1.root.json"))
        try await expectKept(nil, nil, nil, nil)
        await expectRecovery(.trusted(1, 1, 1, 1))
    }

    /// Without a timestamp there is no fresh trust data, however much is at hand.
    @Test func timestampIsMissing() async throws {
        await client.refresh(from: repository)
        repository.faults["timestamp.json"] = .missing
        #expect(await client.refresh(from: repository) == .missing("timestamp.json"))
        try await expectKept(1, 1, 1, 1)
        await expectRecovery(.trusted(1, 1, 1, 1))
    }

    /// What was verified before the missing file stays.
    @Test func snapshotIsMissing() async throws {
        await client.refresh(from: repository)
        repository.publish()
        repository.faults["2.snapshot.json"] = .missing
        #expect(await client.refresh(from: repository) == .missing("2.snapshot.json"))
        try await expectKept(1, 2, 1, 1)
        await expectRecovery(.trusted(1, 2, 2, 2))
    }

    @Test func targetsAreMissing() async throws {
        await client.refresh(from: repository)
        repository.publish()
        repository.faults["2.targets.json"] = .missing
        #expect(await client.refresh(from: repository) == .missing("2.targets.json"))
        try await expectKept(1, 2, 2, 1)
        await expectRecovery(.trusted(1, 2, 2, 2))
    }

    /// "Could not look" is not "looked, and there is none": a root that cannot be asked for does not end the walk.
    @Test(arguments: ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"])
    func sourceFails(_ file: String) async throws {
        await client.refresh(from: repository)
        repository.publish()
        repository.faults[file] = .cutConnection
        #expect(await client.refresh(from: repository) == .source(.cutConnection))
        await expectRecovery(.trusted(1, 2, 2, 2))
    }

    // MARK: Root

    @Test func everyRootOnTheWayIsKept() async throws {
        for _ in 0..<4 { repository.publishRoot() }
        #expect(await client.refresh(from: repository) == .trusted(5, 1, 1, 1))
        let kept = await client.cache.load().roots
        #expect(kept == repository.roots)
    }

    @Test func refusedRootLeavesTheLastGoodOne() async throws {
        await client.refresh(from: repository)
        repository.publishRoot()
        repository.publishRoot(signedBy: [])
        #expect(
            await client.refresh(from: repository) == .refused(.thresholdNotMet(role: .root, required: 1, valid: 0))
        )
        try await expectKept(2, 1, 1, 1)
        repository.roots[3] = nil
        await expectRecovery(.trusted(2, 1, 1, 1))
    }

    @Test func rootOfAnotherVersionInTheFile() async throws {
        await client.refresh(from: repository)
        repository.root.version = 2
        repository.publishRoot()
        repository.roots = [1: repository.roots[1] ?? [], 2: repository.roots[3] ?? []]
        #expect(
            await client.refresh(from: repository)
                == .refused(.versionMismatch(role: .root, expected: 2, found: 3))
        )
        try await expectKept(1, 1, 1, 1)
    }

    /// Also the first one: `1.root.json` holds version 1.
    @Test func firstRootOfAnotherVersionInTheFile() async throws {
        repository.publishRoot()
        repository.roots[1] = repository.roots[2]
        #expect(
            await client.refresh(from: repository)
                == .refused(.versionMismatch(role: .root, expected: 1, found: 2))
        )
        try await expectKept(nil, nil, nil, nil)
    }

    /// Expiry of roots on the way does not matter; that of the last one does, and it is kept all the same.
    @Test func expiredRoots() async throws {
        let good = repository.root.expires
        repository.root.expires = SimulatedClock.start
        repository.publishRoot()
        #expect(await client.refresh(from: repository) == .refused(.expired(role: .root, at: SimulatedClock.start)))
        try await expectKept(2, nil, nil, nil)
        repository.root.expires = good
        repository.publishRoot()
        await expectRecovery(.trusted(3, 1, 1, 1))
        try await expectKept(3, 1, 1, 1)
    }

    /// The pinned root is long over; what counts is the newest.
    @Test func firstRootIsExpired() async throws {
        client.clock.set(repository.root.expires.advanced(bySeconds: 5))
        let later = client.clock.now().advanced(bySeconds: 1_000_000)
        repository.root.expires = later
        repository.timestamp.expires = later
        repository.snapshot.expires = later
        repository.targets.expires = later
        repository.link()
        repository.publishRoot()
        #expect(await client.refresh(from: repository) == .trusted(2, 1, 1, 1))
    }

    /// A threshold that cannot be met makes no bad root, only a role without a voice.
    @Test(arguments: [RoleName.timestamp, .snapshot, .targets])
    func tooFewKeys(_ role: RoleName) async throws {
        repository.root.roles[role]?.threshold = 2
        repository.publishRoot()
        #expect(
            await client.refresh(from: repository) == .refused(.thresholdNotMet(role: role, required: 2, valid: 1))
        )
        #expect(try await client.kept().root == 2)
    }

    /// New keys of any role, from one root to the next.
    @Test(arguments: RoleName.topLevel)
    func rotation(_ role: RoleName) async throws {
        await client.refresh(from: repository)
        let new = SimulatedKey.p256(3)
        repository.root.roles[role] = SimulatedRoleKeys([new, .p384], threshold: 2)
        repository.publishRoot()
        repository.publish()
        #expect(await client.refresh(from: repository) == .trusted(2, 2, 2, 2))
        // The old key says nothing any more.
        repository.signers[role] = [.of(role)]
        repository.publish()
        if role == .root { repository.publishRoot(signedBy: [.of(.root)]) }
        let expected = TUFError.thresholdNotMet(role: role, required: 2, valid: 0)
        #expect(await client.refresh(from: repository) == .refused(expected))
        // The newest timestamp is known, and what it names is not there: nothing older stands in for it.
        #expect(await client.offline() == (role == .root || role == .timestamp ? .trusted(2, 2, 2, 2) : .nothingSeen))
    }

    @Test func moreRootsThanAnUpdateWalks() async throws {
        var client = client
        client.limits.rootRotations = 3
        for _ in 0..<7 { repository.publishRoot() }
        // Each update gets on by as many as it may, and keeps them.
        #expect(await client.refresh(from: repository) == .refused(.tooManyRoots(limit: 3)))
        #expect(try await client.kept().root == 4)
        #expect(await client.refresh(from: repository) == .refused(.tooManyRoots(limit: 3)))
        #expect(try await client.kept().root == 7)
        #expect(await client.refresh(from: repository) == .trusted(8, 1, 1, 1))
        #expect(await client.refresh(from: repository) == .trusted(8, 1, 1, 1))
        #expect(await client.offline() == .trusted(8, 1, 1, 1))
    }

    /// The search for the first root that meets the pin ends as well.
    @Test func noRootMeetsThePin() async throws {
        var client = client
        client.anchor = .keys([SimulatedKey.ed25519(15).computedID], threshold: 1)
        client.limits.rootRotations = 3
        for _ in 0..<7 { repository.publishRoot() }
        #expect(await client.refresh(from: repository) == .refused(.notPinned(required: 1, valid: 0)))
        #expect(repository.takeRequests() == ["1.root.json", "2.root.json", "3.root.json"])
    }

    // MARK: Timestamp

    @Test func timestampRollback() async throws {
        repository.timestamp.version = 5
        await client.refresh(from: repository)
        repository.timestamp.version = 4
        #expect(
            await client.refresh(from: repository) == .refused(.rollback(role: .timestamp, known: 5, offered: 4))
        )
        #expect(repository.takeRequests().last == "timestamp.json")
        try await expectKept(1, 5, 1, 1)
    }

    /// Same version, other content: the known file stays, and the snapshot that the other one names is not asked for.
    @Test func timestampOfTheSameVersion() async throws {
        await client.refresh(from: repository)
        let kept = await client.cache.load().timestamp
        _ = repository.takeRequests()
        repository.snapshot.version = 7
        repository.link()
        #expect(await client.refresh(from: repository) == .trusted(1, 1, 1, 1))
        #expect(repository.takeRequests() == ["2.root.json", "timestamp.json"])
        #expect(await client.cache.load().timestamp == kept)
    }

    @Test(arguments: [true, false])
    func snapshotRollbackInTheTimestamp(_ listsHashes: Bool) async throws {
        repository.listsHashes = listsHashes
        repository.publishSnapshot()
        await client.refresh(from: repository)
        _ = repository.takeRequests()
        repository.snapshot.version = 1
        repository.publishTimestamp()
        #expect(
            await client.refresh(from: repository) == .refused(.rollback(role: .snapshot, known: 2, offered: 1))
        )
        #expect(repository.takeRequests() == ["2.root.json", "timestamp.json"])
        try await expectKept(1, 2, 2, 1)
        repository.snapshot.version = 3
        repository.publishTimestamp()
        await expectRecovery(.trusted(1, 4, 3, 1))
    }

    @Test func expiredTimestamp() async throws {
        await client.refresh(from: repository)
        repository.publishTimestamp()
        client.clock.set(repository.timestamp.expires)
        #expect(
            await client.refresh(from: repository)
                == .refused(.expired(role: .timestamp, at: repository.timestamp.expires))
        )
        try await expectKept(1, 1, 1, 1)
        repository.timestamp.expires = client.clock.now().advanced(bySeconds: 1)
        repository.publishTimestamp()
        await expectRecovery(.trusted(1, 3, 1, 1))
    }

    /// An expired timestamp of earlier stops no update, and still says what must not come again.
    @Test func expiredTimestampOfEarlier() async throws {
        repository.timestamp.version = 5
        await client.refresh(from: repository)
        client.clock.set(repository.timestamp.expires)
        repository.timestamp.expires = client.clock.now().advanced(bySeconds: 1000)
        repository.timestamp.version = 4
        #expect(
            await client.refresh(from: repository) == .refused(.rollback(role: .timestamp, known: 5, offered: 4))
        )
        repository.timestamp.version = 6
        #expect(await client.refresh(from: repository) == .trusted(1, 6, 1, 1))
    }

    // MARK: Snapshot

    /// The kept snapshot speaks for what was seen also when the new timestamp's hashes are not its own.
    @Test(arguments: [true, false])
    func targetsRollbackInTheSnapshot(_ listsHashes: Bool) async throws {
        repository.listsHashes = listsHashes
        repository.publish()
        await client.refresh(from: repository)
        repository.targets.version = 1
        repository.publishSnapshot()
        #expect(
            await client.refresh(from: repository) == .refused(.rollback(role: .targets, known: 2, offered: 1))
        )
        try await expectKept(1, 3, 2, 2)
        repository.targets.version = 3
        repository.publishSnapshot()
        await expectRecovery(.trusted(1, 4, 4, 3))
    }

    @Test func roleRemoved() async throws {
        repository.snapshot.meta["other.json"] = ["version": 1]
        repository.publishSnapshot()
        await client.refresh(from: repository)
        repository.snapshot.meta["other.json"] = nil
        repository.publishSnapshot()
        #expect(await client.refresh(from: repository) == .refused(.roleRemoved(try RoleName("other"))))
        try await expectKept(1, 3, 2, 1)
    }

    /// A role that is not the top-level targets is guarded as well.
    @Test func rollbackOfADelegatedRole() async throws {
        repository.snapshot.meta["other.json"] = ["version": 2]
        repository.publishSnapshot()
        await client.refresh(from: repository)
        repository.snapshot.meta["other.json"] = ["version": 1]
        repository.publishSnapshot()
        let role = try RoleName("other")
        #expect(
            await client.refresh(from: repository) == .refused(.rollback(role: role, known: 2, offered: 1))
        )
    }

    @Test func targetsAreNotListed() async throws {
        repository.snapshot.meta = [:]
        repository.timestamp.snapshot = ["version": 1]
        #expect(await client.refresh(from: repository) == .refused(.roleNotListed(.targets)))
        try await expectKept(1, 1, 1, nil)
    }

    @Test func snapshotOfAnotherVersionInTheFile() async throws {
        repository.listsHashes = false
        repository.link()
        repository.snapshot.version = 3
        repository.faults["1.snapshot.json"] = .bytes(repository.file(.snapshot))
        #expect(
            await client.refresh(from: repository)
                == .refused(.versionMismatch(role: .snapshot, expected: 1, found: 3))
        )
        try await expectKept(1, 1, nil, nil)
    }

    @Test func targetsOfAnotherVersionInTheFile() async throws {
        repository.listsHashes = false
        repository.link()
        repository.targets.version = 3
        repository.faults["1.targets.json"] = .bytes(repository.file(.targets))
        #expect(
            await client.refresh(from: repository)
                == .refused(.versionMismatch(role: .targets, expected: 1, found: 3))
        )
        try await expectKept(1, 1, 1, nil)
    }

    @Test(arguments: [RoleName.snapshot, .targets])
    func expired(_ role: RoleName) async throws {
        await client.refresh(from: repository)
        let end = SimulatedClock.start
        if role == .snapshot { repository.snapshot.expires = end } else { repository.targets.expires = end }
        repository.publish()
        #expect(await client.refresh(from: repository) == .refused(.expired(role: role, at: end)))
        try await expectKept(1, 2, role == .snapshot ? 1 : 2, 1)
    }

    /// What is at hand expires too.
    @Test(arguments: [RoleName.snapshot, .targets])
    func keptFilesExpire(_ role: RoleName) async throws {
        let end = SimulatedClock.start.advanced(bySeconds: 60)
        if role == .snapshot { repository.snapshot.expires = end } else { repository.targets.expires = end }
        repository.link()
        #expect(await client.refresh(from: repository) == .trusted(1, 1, 1, 1))
        client.clock.set(end)
        #expect(await client.refresh(from: repository) == .refused(.expired(role: role, at: end)))
        #expect(await client.offline() == .refused(.expired(role: role, at: end)))
        client.clock.advance(bySeconds: -1)
        #expect(await client.offline() == .trusted(1, 1, 1, 1))
    }

    // MARK: Listed lengths and hashes

    @Test(arguments: [RoleName.snapshot, .targets])
    func wrongHashOrLength(_ role: RoleName) async throws {
        let file = repository.file(role)
        let other = Digest.compute(.sha256, over: [0 as UInt8].span)
        func setRecord(_ record: JSONObject) {
            if role == .snapshot {
                repository.timestamp.snapshot = record
            } else {
                repository.snapshot.meta["targets.json"] = .object(record)
                repository.timestamp.snapshot = ["version": 1]
            }
        }
        let sha512 = Digest.compute(.sha512, over: file.span).hex
        let good = Digest.compute(.sha256, over: file.span).hex
        let count = Int64(file.count)
        for (record, expected) in [
            (
                ["version": 1, "hashes": ["sha256": .string(other.hex)]],
                .refused(.hashMismatch(role: role, expected: other))
            ),
            (
                ["version": 1, "length": .integer(count + 1)],
                .refused(.lengthMismatch(role: role, expected: count + 1, found: count))
            ),
            (["version": 1, "length": .integer(count - 1)], .source(.tooLong(limit: Int(count - 1)))),
            (
                ["version": 1, "hashes": ["sha256": .string(other.hex), "sha512": .string(sha512)]],
                .refused(.hashMismatch(role: role, expected: other))
            ),
            (
                ["version": 1, "hashes": ["sha256": .string(good), "sha512": .string(sha512), "md5": "00"]],
                .trusted(1, 1, 1, 1)
            ),
        ] as [(JSONObject, UpdateOutcome)] {
            let client = SimulatedClient(pinning: repository)
            setRecord(record)
            #expect(await client.refresh(from: repository) == expected)
            let kept = try await client.kept()
            #expect(kept.timestamp == 1)
            if role == .targets { #expect(kept.snapshot == 1) }
        }
    }

    // MARK: Bytes

    /// What is kept is what was received, to the byte.
    @Test func exactBytes() async throws {
        repository.listsHashes = false
        repository.link()
        let timestamp = repository.file(.timestamp) + Array(" \n".utf8)
        let targets = try JSONValue(parsing: repository.file(.targets)).jsonBytes(pretty: true)
        let root = (repository.roots[1] ?? []) + [0x20]
        repository.faults = [
            "timestamp.json": .bytes(timestamp), "1.targets.json": .bytes(targets), "1.root.json": .bytes(root),
        ]
        #expect(await client.refresh(from: repository) == .trusted(1, 1, 1, 1))
        let kept = await client.cache.load()
        #expect(kept.timestamp == timestamp)
        #expect(kept.targets == targets)
        #expect(kept.roots[1] == root)
    }

    /// A source that does not keep to the limits.
    @Test(arguments: [
        ("1.root.json", RoleName.root, 512_000), ("2.root.json", .root, 512_000),
        ("timestamp.json", .timestamp, 16_384),
    ])
    func sourceWithoutLimits(_ file: String, _ role: RoleName, _ limit: Int) async throws {
        repository.faults[file] = .unlimitedBytes([UInt8](repeating: 0x20, count: limit + 1))
        #expect(await client.refresh(from: repository) == .refused(.lengthExceeded(role: role, limit: limit)))
    }

    @Test(arguments: [RoleName.snapshot, .targets])
    func sourceWithoutListedLimits(_ role: RoleName) async throws {
        let file = repository.file(role)
        repository.faults["1.\(role.string).json"] = .unlimitedBytes(file + [0x20])
        let count = Int64(file.count)
        #expect(
            await client.refresh(from: repository)
                == .refused(.lengthMismatch(role: role, expected: count, found: count + 1))
        )
    }
}
