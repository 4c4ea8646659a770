import TUF
import TUFClient
import Testing
import TrustTestSupport

/// Searches through delegations: what is asked for, and what is kept.
@Suite struct SearchTests {
    private let repository = RepositorySimulator()
    private let client: SimulatedClient<MemoryTrustCache>

    init() throws {
        for (parent, child, key) in [("targets", "A", 4), ("A", "B", 5), ("targets", "C", 6)] {
            repository.delegate(to: try RoleName(child), from: try RoleName(parent), keys: [.ed25519(key)])
        }
        repository.delegated[try RoleName("B")]?.setTarget("b", to: "b")
        repository.delegated[try RoleName("C")]?.setTarget("c", to: "c")
        repository.publish()
        client = SimulatedClient(pinning: repository)
    }

    private func find(_ path: String) async throws -> String? {
        let set = try await client.trustedSet(from: repository)
        _ = repository.takeRequests()
        return try await client.updater.find(TargetPath(path), in: set, from: repository)?.role.string
    }

    @Test func onlyWhatTheSearchNeeds() async throws {
        #expect(try await find("1.0") == "targets")
        #expect(repository.takeRequests() == [])
        #expect(try await find("b") == "B")
        #expect(repository.takeRequests() == ["1.A.json", "1.B.json"])
        #expect(try await find("c") == "C")
        #expect(repository.takeRequests() == ["1.C.json"])
        #expect(try await find("nothing") == nil)
        #expect(repository.takeRequests() == [])
    }

    @Test(arguments: [true, false])
    func newVersionsAreAskedFor(listsHashes: Bool) async throws {
        repository.listsHashes = listsHashes
        repository.publish()
        #expect(try await find("b") == "B")
        repository.delegated[try RoleName("B")]?.version = 2
        repository.publishSnapshot()
        #expect(try await find("b") == "B")
        #expect(repository.takeRequests() == ["2.B.json"])
        #expect(try await find("b") == "B")
        #expect(repository.takeRequests() == [])
    }

    /// What cannot be had hides what comes after it.
    @Test func aMissingFileEndsTheSearch() async throws {
        for (fault, outcome) in [
            (.missing, .missing("1.A.json")), (.cutConnection, .source(.cutConnection)),
            (.bytes([]), .refused(.lengthMismatch(role: try RoleName("A"), expected: 0, found: 0))),
        ] as [(SimulatorFault, UpdateOutcome)] {
            repository.faults = ["1.A.json": fault]
            let set = try await client.trustedSet(from: repository)
            let ended = await UpdateOutcome { () async throws(UpdateError<SimulatorFailure>) in
                _ = try await client.updater.find(path("c"), in: set, from: repository)
                return set
            }
            if case (.refused(.lengthMismatch), .refused(.lengthMismatch)) = (ended, outcome) { continue }
            #expect(ended == outcome)
        }
        repository.faults = [:]
        #expect(try await find("c") == "C")
    }

    private func path(_ string: String) -> TargetPath {
        do { return try TargetPath(string) } catch { preconditionFailure("\(error)") }
    }

    @Test func offline() async throws {
        _ = try await find("b")
        let seen = try #require(try await client.updater.offline(now: client.clock.now()))
        var roles = DelegatedRoles(of: seen.set)
        #expect(try await client.updater.findOffline(TargetPath("b"), in: &roles)?.role.string == "B")
        let missing = await #expect(throws: UpdateError<Never>.self) {
            var roles = DelegatedRoles(of: seen.set)
            _ = try await client.updater.findOffline(TargetPath("c"), in: &roles)
        }
        guard case .missing(let file) = missing else {
            Issue.record("\(String(describing: missing))")
            return
        }
        #expect(file.name == "1.C.json")
    }

    /// Also with names that no file system takes.
    @Test func directoriesKeepDelegatedRoles() async throws {
        let directory = try TemporaryDirectory()
        let cache = DirectoryTrustCache(directory: directory.file("cache"))
        for name in ["A", "../a/b", "état", String(repeating: "/", count: 512)] {
            let role = try RoleName(name)
            #expect(try await cache.delegated(role) == nil)
            try await cache.keep([1], ofDelegated: role)
            try await cache.keep([1, 2], ofDelegated: role)
            #expect(try await cache.delegated(role) == [1, 2])
        }
    }
}
