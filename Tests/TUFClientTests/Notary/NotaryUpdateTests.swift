import Synchronization
import TUF
import TUFClient
import Testing
import TrustCrypto
import TrustTestSupport

/// What a client asks a Notary server for, in which order, and what it believes.
@Suite struct NotaryUpdateTests {
    static let gun = "registry.example.com/team/app"
    static let now = SimulatedClock.start
    static let digest = Digest.compute(over: Array("image".utf8).span)

    private let cache = MemoryTrustCache()

    private func repository() async throws -> NotarySimulator {
        var repository = try NotarySimulator(gun: Self.gun, now: Self.now)
        repository.tags[.targets] = ["1.0": Self.digest]
        try await repository.publish()
        return repository
    }

    private func updater(_ anchor: RootAnchor) -> Updater<MemoryTrustCache> {
        Updater(anchor: anchor, binding: .notary(gun: Self.gun), cache: cache)
    }

    private static func anchor(_ repository: inout NotarySimulator) throws -> RootAnchor {
        .keys([try repository.listed(.root).computedID], threshold: 1)
    }

    private func outcome(
        _ anchor: RootAnchor,
        _ server: NotaryServed,
        at now: Instant = Self.now
    ) async -> UpdateOutcome {
        await UpdateOutcome { () async throws(UpdateError<SimulatorFailure>) in
            try await updater(anchor).refresh(from: server, now: now)
        }
    }

    /// The next versions of all roles but the root.
    private static func publishAgain(_ repository: inout NotarySimulator) async throws {
        for role in repository.versions.keys where role != .root { repository.versions[role, default: 0] += 1 }
        try await repository.publish()
    }

    /// A root with another key, which the former one signs too, and other keys for the roles that are named.
    private static func rotate(_ repository: inout NotarySimulator, also roles: [RoleName] = []) async throws {
        let former = try #require(repository.keys[.root])
        for role in [.root] + roles { repository.keys[role] = try PrivateKey.generate(.ecdsaP256) }
        for role in repository.versions.keys { repository.versions[role, default: 0] += 1 }
        try await repository.publish(formerRootKey: former)
    }

    // MARK: Requests

    @Test func fourRequestsTheFirstTimeAndOneAfterwards() async throws {
        var repository = try await repository()
        let anchor = try Self.anchor(&repository)
        let server = NotaryServed(repository)
        #expect(await outcome(anchor, server) == .trusted(1, 1, 1, 1))
        #expect(
            server.takeRequests() == ["root.json", "timestamp.json", "snapshot.DIGEST.json", "targets.DIGEST.json"]
        )
        #expect(await outcome(anchor, server) == .trusted(1, 1, 1, 1))
        #expect(server.takeRequests() == ["timestamp.json"])
        try await Self.publishAgain(&repository)
        server.serve(repository)
        #expect(await outcome(anchor, server) == .trusted(1, 2, 2, 2))
        #expect(server.takeRequests() == ["timestamp.json", "snapshot.DIGEST.json", "targets.DIGEST.json"])
    }

    @Test func aNewRootIsAskedForWhenTheSnapshotNamesAnother() async throws {
        var repository = try await repository()
        let anchor = try Self.anchor(&repository)
        let server = NotaryServed(repository)
        _ = await outcome(anchor, server)
        try await Self.rotate(&repository)
        server.serve(repository)
        _ = server.takeRequests()
        #expect(await outcome(anchor, server) == .trusted(2, 2, 2, 2))
        #expect(
            server.takeRequests() == [
                "timestamp.json", "snapshot.DIGEST.json", "2.root.json", "3.root.json", "timestamp.json",
                "snapshot.DIGEST.json", "targets.DIGEST.json",
            ]
        )
        #expect(await outcome(anchor, server) == .trusted(2, 2, 2, 2))
        #expect(server.takeRequests() == ["timestamp.json"])
    }

    @Test(arguments: [[RoleName.timestamp], [.snapshot], [.targets], [.timestamp, .snapshot, .targets]])
    func keysThatWereRotated(roles: [RoleName]) async throws {
        var repository = try await repository()
        let anchor = try Self.anchor(&repository)
        let server = NotaryServed(repository)
        _ = await outcome(anchor, server)
        try await Self.rotate(&repository, also: roles)
        server.serve(repository)
        #expect(await outcome(anchor, server) == .trusted(2, 2, 2, 2))
    }

    /// Whoever has pinned the first key follows all rotations; whoever pins the last one needs no history.
    @Test func pinsOfAnyAge() async throws {
        var repository = try await repository()
        let first = try Self.anchor(&repository)
        for _ in 0..<3 { try await Self.rotate(&repository) }
        let last = try Self.anchor(&repository)
        let server = NotaryServed(repository)
        #expect(await outcome(first, server) == .trusted(4, 4, 4, 4))
        #expect(
            server.takeRequests().filter { $0.hasSuffix("root.json") }.prefix(3) == [
                "root.json", "1.root.json", "2.root.json",
            ]
        )
        let newcomer = Updater(anchor: last, binding: .notary(gun: Self.gun), cache: MemoryTrustCache())
        let set = try await newcomer.refresh(from: server, now: Self.now)
        #expect(set.root.payload.common.version == 4)
        #expect(server.takeRequests().count == 4)
    }

    @Test func oldServersHaveNoHistory() async throws {
        var repository = try await repository()
        let first = try Self.anchor(&repository)
        for _ in 0..<2 { try await Self.rotate(&repository) }
        let server = NotaryServed(repository)
        server.forgetRoots()
        #expect(await outcome(first, server) == .refused(.notPinned(required: 1, valid: 0)))
    }

    // MARK: What a server may not do

    @Test func anOlderRootThanWasSeen() async throws {
        var repository = try await repository()
        let anchor = try Self.anchor(&repository)
        let old = repository
        try await Self.rotate(&repository, also: [.timestamp])
        let server = NotaryServed(repository)
        #expect(await outcome(anchor, server) == .trusted(2, 2, 2, 2))
        server.serve(old)
        // The root that was seen no longer has the old timestamp key.
        #expect(
            await outcome(anchor, server) == .refused(.thresholdNotMet(role: .timestamp, required: 1, valid: 0))
        )
    }

    /// A snapshot that names another root than the one that is served, with all keys as they are.
    @Test func aRootThatTheSnapshotDoesNotName() async throws {
        var repository = try await repository()
        let anchor = try Self.anchor(&repository)
        let server = NotaryServed(repository)
        var other = repository
        try await Self.rotate(&other)
        repository.replace(.root, with: other.files[.root])
        try await repository.publishSnapshot()
        repository.replace(.root, with: server.root)
        server.serve(repository)
        let found = await outcome(anchor, server)
        guard case .refused(let error) = found else {
            Issue.record("\(found)")
            return
        }
        switch error {
        case .lengthMismatch(role: .root, _, _), .hashMismatch(role: .root, _): break
        default: Issue.record("\(error)")
        }
    }

    @Test func olderMetadata() async throws {
        var repository = try await repository()
        let anchor = try Self.anchor(&repository)
        let old = repository
        try await Self.publishAgain(&repository)
        let server = NotaryServed(repository)
        _ = await outcome(anchor, server)
        server.serve(old)
        #expect(await outcome(anchor, server) == .refused(.rollback(role: .timestamp, known: 2, offered: 1)))
    }

    /// Whoever has the snapshot key cannot take the releases away, so that older tags of the targets would count.
    @Test func hiddenReleases() async throws {
        var repository = try NotarySimulator(gun: Self.gun, now: Self.now)
        try repository.delegate(to: NotarySimulator.releases)
        try await repository.publish()
        let anchor = try Self.anchor(&repository)
        let server = NotaryServed(repository)
        #expect(await outcome(anchor, server) == .trusted(1, 1, 1, 1))
        var hiding = repository
        hiding.versions[.snapshot] = 2
        hiding.versions[.timestamp] = 2
        hiding.replace(NotarySimulator.releases, with: nil)
        try await hiding.publishSnapshot()
        server.serve(hiding)
        // The refusal must not be what makes the next run forget them.
        for _ in 1...3 {
            #expect(await outcome(anchor, server) == .refused(.roleRemoved(NotarySimulator.releases)))
        }
        #expect(await cache.load().timestamp == hiding.files[.timestamp])
    }

    /// A snapshot by another key is compared with none, but what was read of the releases is at hand.
    @Test func releasesHiddenWithAnotherSnapshotKey() async throws {
        var repository = try NotarySimulator(gun: Self.gun, now: Self.now)
        try repository.delegate(to: NotarySimulator.releases)
        repository.tags[NotarySimulator.releases] = ["1.0": Self.digest]
        try await repository.publish()
        let anchor = try Self.anchor(&repository)
        let server = NotaryServed(repository)
        let set = try await updater(anchor).refresh(from: server, now: Self.now)
        _ = try await updater(anchor).find(TargetPath("1.0"), in: set, from: server)
        try await Self.rotate(&repository, also: [.snapshot])
        repository.replace(NotarySimulator.releases, with: nil)
        try await repository.publishSnapshot()
        server.serve(repository)
        for _ in 1...2 {
            #expect(await outcome(anchor, server) == .refused(.roleRemoved(NotarySimulator.releases)))
        }
        await #expect(throws: UpdateError<Never>.self) { try await updater(anchor).offline(now: Self.now) }
    }

    /// They go with their delegation, when the last signer does.
    @Test func releasesThatAreNoLongerDelegatedTo() async throws {
        var repository = try NotarySimulator(gun: Self.gun, now: Self.now)
        try repository.delegate(to: NotarySimulator.releases)
        try await repository.publish()
        let anchor = try Self.anchor(&repository)
        let server = NotaryServed(repository)
        _ = await outcome(anchor, server)
        repository.delegations = []
        repository.tags[NotarySimulator.releases] = nil
        repository.replace(NotarySimulator.releases, with: nil)
        try await Self.publishAgain(&repository)
        server.serve(repository)
        #expect(await outcome(anchor, server) == .trusted(1, 2, 2, 2))
    }

    @Test func anotherCollection() async throws {
        var repository = try await repository()
        let anchor = try Self.anchor(&repository)
        var other = try NotarySimulator(gun: "registry.example.com/other", now: Self.now)
        try await other.publish()
        #expect(
            await outcome(anchor, NotaryServed(other))
                == .refused(.wrongRepository(role: .root, expected: Self.gun, found: other.gun))
        )
    }

    // MARK: Authorities

    @Test func certificatesOfAnAuthority() async throws {
        let certified = try await CertifiedRoot(name: Self.gun)
        let now = SystemClock().now()
        var repository = try NotarySimulator(gun: Self.gun, now: now)
        repository.keys[.root] = certified.key
        repository.certify(certified.listed)
        try await repository.publish()
        let server = NotaryServed(repository)
        let anchor = RootAnchor.authorities(pem: certified.authority)
        #expect(await outcome(anchor, server, at: now) == .trusted(1, 1, 1, 1))
        #expect(await outcome(anchor, server, at: now) == .trusted(1, 1, 1, 1))
        #expect(server.takeRequests().count == 5)
        let late = SystemClock().now().advanced(bySeconds: 200 * 365 * 86_400)
        let fresh = Updater(anchor: anchor, binding: .notary(gun: Self.gun), cache: MemoryTrustCache())
        let expired = await #expect(throws: UpdateError<SimulatorFailure>.self) {
            try await fresh.refresh(from: server, now: late)
        }
        guard case .metadata(.certificatesExpired) = expired else {
            Issue.record("\(String(describing: expired))")
            return
        }
        let strangers = Updater(
            anchor: .authorities(pem: try await CertifiedRoot(name: Self.gun).authority),
            binding: .notary(gun: Self.gun),
            cache: MemoryTrustCache()
        )
        let refused = await UpdateOutcome { () async throws(UpdateError<SimulatorFailure>) in
            try await strangers.refresh(from: server, now: now)
        }
        #expect(refused == .refused(.notPinned(required: 1, valid: 0)))
    }

    /// Roots of TUF 1.0 have no certificates, so that no authority speaks for them.
    @Test func authoritiesSayNothingOfTUF() async throws {
        let repository = RepositorySimulator()
        let anchor = RootAnchor.authorities(pem: try await CertifiedRoot(name: Self.gun).authority)
        var client = SimulatedClient(pinning: repository)
        client.anchor = anchor
        #expect(await client.refresh(from: repository) == .refused(.notPinned(required: 1, valid: 0)))
    }
}

/// What a Notary server serves: the newest files, all roots, and what was asked.
private final class NotaryServed: MetadataSource {
    private struct State {
        var files: [String: [UInt8]] = [:]
        var requests: [String] = []
    }

    private let state = Mutex(State())

    init(_ repository: NotarySimulator) { serve(repository) }

    var root: [UInt8]? { state.withLock { $0.files["root.json"] } }

    /// Goes over to another state of the repository, or to another one.
    func serve(_ repository: NotarySimulator) {
        state.withLock { state in
            state.files = [:]
            for (version, bytes) in repository.roots { state.files[MetadataFile.root(version).name] = bytes }
            for (role, bytes) in repository.files {
                let digest = Digest.compute(.sha256, over: bytes.span)
                state.files[MetadataFile(role: role, version: nil).name] = bytes
                state.files[MetadataFile(role: role, version: nil, digest: digest).name] = bytes
            }
        }
    }

    func forgetRoots() {
        state.withLock { state in state.files = state.files.filter { $0.key.first?.isNumber != true } }
    }

    /// What was asked for since the last time; digests are not told.
    func takeRequests() -> [String] {
        state.withLock { state in
            defer { state.requests = [] }
            return state.requests
        }
    }

    func bytes(of file: MetadataFile, maximumLength: Int) async throws(SimulatorFailure) -> [UInt8]? {
        state.withLock { state in
            state.requests.append(file.digest == nil ? file.name : "\(file.role).DIGEST.json")
            return state.files[file.name]
        }
    }
}

/// A root key whose certificate an authority has issued, by the `openssl` command.
private struct CertifiedRoot {
    let key: PrivateKey
    let listed: TUFKey
    /// The authority's certificate, in PEM.
    let authority: [UInt8]

    init(name: String) async throws {
        let directory = try TemporaryDirectory()
        let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        let ca = ["-keyout", directory.file("ca.key"), "-out", directory.file("ca.pem")]
        let leaf = ["-keyout", directory.file("leaf.key"), "-out", directory.file("leaf.pem")]
        let issuer = ["-CA", directory.file("ca.pem"), "-CAkey", directory.file("ca.key")]
        let subject = name.replacing("/", with: "\\/")
        try await runSuccessfully(
            Command(
                "openssl",
                ["req", "-x509"] + curve + ca + [
                    "-subj", "/CN=authority", "-addext", "basicConstraints=critical,CA:TRUE",
                    "-addext", "keyUsage=critical,keyCertSign",
                ]
            )
        )
        try await runSuccessfully(
            Command(
                "openssl",
                ["req", "-x509"] + curve + leaf + issuer + [
                    "-subj", "/CN=\(subject)", "-addext", "basicConstraints=critical,CA:FALSE",
                ]
            )
        )
        func read(_ file: String) throws -> [UInt8] {
            try #require(try DurableFile.read(directory.file(file), limit: 1 << 16))
        }
        authority = try read("ca.pem")
        listed = try #require(TUFKey(notaryCertificate: CertificateBundle(pem: try read("leaf.pem"))))
        let file = try read("leaf.key")
        key = try PrivateKeyFile.decode(file.span)
    }
}
