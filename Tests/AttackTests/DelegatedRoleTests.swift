import CanonicalJSON
import TUF
import TUFClient
import Testing
import TrustTestSupport

/// Attacks by way of delegated roles: what each key and each file of theirs can do, and what it cannot.
@Suite struct DelegatedRoleTests {
    /// A repository that delegates `team/*` to `team`, and the rest to `last`.
    private let repository = RepositorySimulator()
    private let client: SimulatedClient<MemoryTrustCache>
    private let team: RoleName
    private let last: RoleName

    init() throws {
        team = try RoleName("team")
        last = try RoleName("last")
        repository.delegate(to: team, keys: [.ed25519(4)], isTerminating: true, scope: ["paths": ["team/*"]])
        repository.delegate(to: last, keys: [.ed25519(5)], scope: ["paths": ["*", "*/*"]])
        repository.delegated[team]?.setTarget("team/app", to: "good")
        repository.delegated[last]?.setTarget("other", to: "good")
        repository.publish()
        client = SimulatedClient(pinning: repository)
    }

    private enum Answer: Equatable {
        case found(role: RoleName, length: Int64)
        case notFound
        case ended(UpdateOutcome)
    }

    private func search(_ path: String, from source: RepositorySimulator? = nil) async throws -> Answer {
        let source = source ?? repository
        let set: TrustedSet
        do {
            set = try await client.updater.refresh(from: source, now: client.clock.now())
        } catch {
            return .ended(await client.refresh(from: source))
        }
        let path = try TargetPath(path)
        do {
            guard let found = try await client.updater.find(path, in: set, from: source) else { return .notFound }
            return .found(role: found.role, length: found.record.length)
        } catch {
            let failure = error
            return .ended(await UpdateOutcome { () async throws(UpdateError<SimulatorFailure>) in throw failure })
        }
    }

    @Test func good() async throws {
        #expect(try await search("team/app") == .found(role: team, length: 4))
        #expect(try await search("other") == .found(role: last, length: 4))
        #expect(try await search("team/none") == .notFound)
    }

    /// Whoever has a delegated key can say nothing of what lies outside its patterns.
    @Test func aDelegatedKeyReachesItsPatternsOnly() async throws {
        for path in ["other", "1.0", "team/sub/app"] {
            repository.delegated[team]?.setTarget(path, to: "malware")
        }
        repository.publishSnapshot()
        #expect(try await search("other") == .found(role: last, length: 4))
        #expect(try await search("1.0") == .found(role: .targets, length: 15))
        #expect(try await search("team/sub/app") == .notFound)
    }

    /// A role of lower priority cannot take over what a terminating delegation gave away, also not when that is empty.
    @Test func lowerPriorityDoesNotTakeOver() async throws {
        repository.delegated[last]?.setTarget("team/app", to: "malware")
        repository.publishSnapshot()
        #expect(try await search("team/app") == .found(role: team, length: 4))
        repository.delegated[team]?.targets = [:]
        repository.delegated[team]?.version += 1
        repository.publishSnapshot()
        #expect(try await search("team/app") == .notFound)
    }

    /// A delegated role cannot delegate more than it has.
    @Test func delegatedRolesDelegateWithinTheirPatterns() async throws {
        let child = try RoleName("child")
        repository.delegate(to: child, from: team, keys: [.ed25519(6)], scope: ["paths": ["*", "*/*"]])
        for path in ["other", "team/new"] { repository.delegated[child]?.setTarget(path, to: "from child") }
        repository.delegated[team]?.version += 1
        repository.publishSnapshot()
        #expect(try await search("team/new") == .found(role: child, length: 10))
        #expect(try await search("other") == .found(role: last, length: 4))
    }

    /// Arbitrary software: another's keys, the top-level ones among them, make no delegated role.
    @Test func foreignKeys() async throws {
        for key in [SimulatedKey.ed25519(12), .of(.targets), .of(.snapshot), .of(.root), .ed25519(5)] {
            let attacker = repository.copy()
            attacker.listsHashes = false
            attacker.delegated[team]?.setTarget("team/app", to: "malware")
            attacker.signers[team] = [key.named(SimulatedKey.ed25519(4).id)]
            attacker.publishSnapshot()
            let newcomer = SimulatedClient(pinning: repository)
            let set = try await newcomer.trustedSet(from: attacker)
            let path = try TargetPath("team/app")
            let outcome = await UpdateOutcome { () async throws(UpdateError<SimulatorFailure>) in
                _ = try await newcomer.updater.find(path, in: set, from: attacker)
                return set
            }
            #expect(outcome == .refused(.thresholdNotMet(role: team, required: 1, valid: 0)))
        }
    }

    /// Mix and match: a file of the role's past, under the name of the present one.
    @Test(arguments: [true, false])
    func filesOfThePast(listsHashes: Bool) async throws {
        repository.listsHashes = listsHashes
        repository.publish()
        let old = repository.file(team)
        repository.delegated[team]?.version = 2
        repository.delegated[team]?.setTarget("team/app", to: "mended")
        repository.publishSnapshot()
        repository.faults["2.team.json"] = .bytes(old)
        guard case .ended(.refused(let error)) = try await search("team/app") else {
            Issue.record("the old file is refused")
            return
        }
        switch error {
        case .versionMismatch(team, expected: 2, found: 1): #expect(!listsHashes)
        case .lengthMismatch(team, _, _), .hashMismatch(team, _): #expect(listsHashes)
        default: Issue.record("\(error)")
        }
        repository.faults = [:]
        #expect(try await search("team/app") == .found(role: team, length: 6))
    }

    /// Freeze and denial: a file that does not come, never ends or is expired ends the search, and nothing of lower priority
    /// answers in its place.
    @Test func withheldFiles() async throws {
        repository.delegated[last]?.setTarget("team/app", to: "malware")
        repository.publishSnapshot()
        let limit = repository.file(team).count
        for (fault, outcome) in [
            (.missing, .missing("1.team.json")), (.cutConnection, .source(.cutConnection)),
            (.endless, .source(.tooLong(limit: limit))),
        ] as [(SimulatorFault, UpdateOutcome)] {
            repository.faults["1.team.json"] = fault
            #expect(try await search("team/app") == .ended(outcome))
        }
        repository.faults = [:]
        repository.delegated[team]?.expires = SimulatedClock.start
        repository.publishSnapshot()
        #expect(try await search("team/app") == .ended(.refused(.expired(role: team, at: SimulatedClock.start))))
    }

    /// A snapshot that lists the role no more takes nothing away from those who have seen it.
    @Test func rolesDoNotVanish() async throws {
        #expect(try await search("team/app") == .found(role: team, length: 4))
        repository.delegated[team] = nil
        repository.snapshot.meta["team.json"] = nil
        repository.publishSnapshot()
        #expect(try await search("team/app") == .ended(.refused(.roleRemoved(team))))
        let newcomer = SimulatedClient(pinning: repository)
        let set = try await newcomer.trustedSet(from: repository)
        let path = try TargetPath("team/app")
        let outcome = await UpdateOutcome { () async throws(UpdateError<SimulatorFailure>) in
            _ = try await newcomer.updater.find(path, in: set, from: repository)
            return set
        }
        #expect(outcome == .refused(.roleNotListed(team)))
    }

    /// Cycles and long chains end.
    @Test func endlessDelegations() async throws {
        repository.delegate(to: last, from: team, keys: [.ed25519(5)], scope: ["paths": ["*/*"]])
        repository.delegate(to: team, from: last, keys: [.ed25519(4)], scope: ["paths": ["*/*"]])
        repository.publishSnapshot()
        #expect(try await search("team/none") == .notFound)
        var parent = last
        for number in 0..<40 {
            let child = try RoleName("chain \(number)")
            repository.delegate(to: child, from: parent, keys: [.ed25519(6)])
            parent = child
        }
        repository.publishSnapshot()
        #expect(try await search("none") == .ended(.refused(.tooManyDelegations(limit: 32))))
    }
}
