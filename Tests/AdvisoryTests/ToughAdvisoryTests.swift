import CanonicalJSON
import TUF
import TUFClient
import Testing
import TrustTestSupport

/// What went wrong in tough.
@Suite struct ToughAdvisoryTests {
    private let repository = RepositorySimulator()

    private func find(_ path: String, limits: TUFLimits = TUFLimits()) async throws -> UpdateOutcome {
        var client = SimulatedClient(pinning: repository)
        client.limits = limits
        let set = try await client.trustedSet(from: repository)
        let path = try TargetPath(path)
        let updater = client.updater
        return await UpdateOutcome { () async throws(UpdateError<SimulatorFailure>) in
            guard try await updater.find(path, in: set, from: repository) != nil else { throw .missing(.timestamp) }
            return set
        }
    }

    private static let found = UpdateOutcome.trusted(1, 2, 2, 2)
    private static let notFound = UpdateOutcome.missing("timestamp.json")

    /// CVE-2020-15093 and CVE-2026-6966: one key met a threshold of two with two signatures, in delegated roles too. Nor do
    /// two ids of one key make two keys.
    @Test func oneKeyIsNotTwo() async throws {
        let role = try RoleName("A")
        let key = SimulatedKey.ed25519(4)
        repository.delegate(to: role, keys: [key, key.named("another-id")], threshold: 2)
        repository.delegated[role]?.setTarget("x", to: "x")
        repository.publish()
        #expect(try await find("x") == .refused(.thresholdNotMet(role: role, required: 2, valid: 1)))
        repository.signers[role] = [key, key]
        repository.publish()
        #expect(try await find("x") == .refused(.duplicateSignature(role: role, key.computedID)))
    }

    /// CVE-2025-2885: a root of another version than the next one was accepted.
    @Test(arguments: [1, 3, 4] as [Int64])
    func theNextRootHasTheNextVersion(version: Int64) async {
        let client = SimulatedClient(pinning: repository)
        await client.refresh(from: repository)
        repository.root.version = version - 1
        repository.publishRoot()
        repository.roots = [1: repository.roots[1] ?? [], 2: repository.roots[version] ?? []]
        #expect(
            await client.refresh(from: repository)
                == .refused(.versionMismatch(role: .root, expected: 2, found: version))
        )
    }

    /// CVE-2025-2886: the search went on after a terminating delegation.
    @Test func terminatingDelegationsEndTheSearch() async throws {
        for (name, isTerminating) in [("A", true), ("B", false)] {
            repository.delegate(to: try RoleName(name), keys: [.ed25519(4)], isTerminating: isTerminating)
        }
        repository.delegated[try RoleName("B")]?.setTarget("x", to: "x")
        repository.publish()
        #expect(try await find("x") == Self.notFound)
    }

    /// CVE-2025-2887: a delegated role could go back to an older version.
    @Test func delegatedRolesDoNotGoBack() async throws {
        let role = try RoleName("A")
        repository.delegate(to: role, keys: [.ed25519(4)])
        repository.delegated[role]?.version = 5
        repository.publish()
        let client = SimulatedClient(pinning: repository)
        #expect(await client.refresh(from: repository) == Self.found)
        repository.delegated[role]?.version = 4
        repository.publishSnapshot()
        #expect(
            await client.refresh(from: repository) == .refused(.rollback(role: role, known: 5, offered: 4))
        )
    }

    /// CVE-2025-2888: a timestamp that was refused, since its snapshot goes back, was kept, and stopped all updates after it.
    @Test func aRefusedTimestampIsNotKept() async {
        repository.publish()
        let client = SimulatedClient(pinning: repository)
        #expect(await client.refresh(from: repository) == Self.found)
        let attacker = repository.copy()
        attacker.timestamp.version = 100
        attacker.timestamp.snapshot = ["version": 1]
        #expect(
            await client.refresh(from: attacker) == .refused(.rollback(role: .snapshot, known: 2, offered: 1))
        )
        repository.publishTimestamp()
        #expect(await client.refresh(from: repository) == .trusted(1, 3, 2, 2))
    }

    /// CVE-2026-6967: expiry, hashes and lengths of delegated roles were not looked at.
    @Test func delegatedRolesAreChecked() async throws {
        let role = try RoleName("A")
        repository.delegate(to: role, keys: [.ed25519(4)])
        repository.delegated[role]?.setTarget("x", to: "x")
        repository.publish()
        #expect(try await find("x") == Self.found)
        let good = repository.file(role)
        repository.faults["1.A.json"] = .unlimitedBytes(good + [0x20])
        #expect(
            try await find("x")
                == .refused(
                    .lengthMismatch(role: role, expected: Int64(good.count), found: Int64(good.count + 1))
                )
        )
        var other = good
        other[other.count - 1] = 0x20
        repository.faults["1.A.json"] = .bytes(other)
        guard case .refused(.hashMismatch(role, _)) = try await find("x") else {
            Issue.record("another file is refused")
            return
        }
        repository.faults = [:]
        repository.delegated[role]?.expires = SimulatedClock.start
        repository.publishSnapshot()
        #expect(try await find("x") == .refused(.expired(role: role, at: SimulatedClock.start)))
    }
}
