import CanonicalJSON
import TUF
import TUFClient
import Testing
import TrustTestSupport

/// What went wrong in python-tuf.
@Suite struct PythonTUFAdvisoryTests {
    private let repository = RepositorySimulator()

    /// CVE-2020-6173: a file with very many signatures kept clients busy. Signatures by unknown keys are not looked at, and
    /// a file with more entries than any repository has is refused.
    @Test func manyJunkSignatures() async throws {
        repository.listsHashes = false
        repository.link()
        let client = SimulatedClient(pinning: repository)
        let signed = JSONValue.object(repository.signed(.snapshot))
        for (count, isRefused) in [(1_000, false), (100_000, true)] {
            let good = try JSONValue(parsing: repository.file(.snapshot))
            let junk = (0..<count).map { JSONValue.object(["keyid": .string("junk\($0)"), "sig": "00"]) }
            let file = JSONValue.object([
                "signatures": .array((good["signatures"]?.array ?? []) + junk), "signed": signed,
            ])
            repository.faults["1.snapshot.json"] = .bytes(file.jsonBytes(pretty: false))
            let outcome = await client.refresh(from: repository)
            let refusals: [UpdateOutcome] = [
                .refused(.malformed(role: .snapshot, field: "signatures")), .source(.tooLong(limit: 2_000_000)),
            ]
            #expect(isRefused ? refusals.contains(outcome) : outcome == .trusted(1, 1, 1, 1))
            _ = await client.cache.replace(client.cache.load(), with: CachedMetadata())
        }
    }

    /// CVE-2020-6174: several signatures by one key met the threshold.
    @Test func severalSignaturesByOneKey() async {
        let key = SimulatedKey.of(.targets)
        repository.root.roles[.targets] = SimulatedRoleKeys([key, .ed25519(5)], threshold: 2)
        repository.publishRoot()
        repository.signers[.targets] = [key, key]
        repository.listsHashes = false
        repository.link()
        #expect(
            await SimulatedClient(pinning: repository).refresh(from: repository)
                == .refused(.duplicateSignature(role: .targets, key.computedID))
        )
    }

    /// CVE-2020-15163: a root whose signatures failed was kept and trusted by the next update.
    @Test func aRefusedRootIsNotTrustedLater() async {
        let client = SimulatedClient(pinning: repository)
        await client.refresh(from: repository)
        let attacker = repository.copy()
        for role in RoleName.topLevel { attacker.root.roles[role] = SimulatedRoleKeys([.ed25519(12)]) }
        attacker.publishRoot(signedBy: [.ed25519(12)])
        let refused = UpdateOutcome.refused(.thresholdNotMet(role: .root, required: 1, valid: 0))
        for _ in 0..<2 { #expect(await client.refresh(from: attacker) == refused) }
        #expect(await client.refresh(from: repository) == .trusted(1, 1, 1, 1))
    }

    /// CVE-2021-41131: the name of a delegated role led out of the metadata directory.
    @Test(arguments: ["../../escaped", "/absolute", "..", "a/../../b"])
    func roleNamesAreNoPaths(name: String) async throws {
        let directory = try TemporaryDirectory()
        let role = try RoleName(name)
        repository.delegate(to: role, keys: [.ed25519(5)], scope: ["paths": ["x"]])
        repository.delegated[role]?.setTarget("x", to: "x")
        repository.publish()
        for cache in [directory.file("inside/cache"), directory.file("inside/plain")] {
            let client = SimulatedClient(pinning: repository, cache: DirectoryTrustCache(directory: cache))
            let set = try await client.trustedSet(from: repository)
            #expect(try await client.updater.find(TargetPath("x"), in: set, from: repository)?.role == role)
        }
        let metadata = MetadataDirectory(path: directory.file("inside/metadata"))
        #expect(try await metadata.initialize(root: repository.roots[1] ?? []))
        try await metadata.keep([1], ofDelegated: role)
        #expect(try Files.names(in: directory.path) == ["inside"])
        #expect(try Files.names(in: directory.file("inside")).sorted() == ["cache", "metadata", "plain"])
        #expect(repository.requests.allSatisfy { !$0.file.contains("/") })
    }

    /// #2977: a role that two others delegate to was verified with the keys of the first one, and then believed for both.
    @Test func aRoleWithTwoDelegators() async throws {
        for (parent, pattern, key) in [("A", "a*", 5), ("B", "b*", 6)] {
            let name = try RoleName(parent)
            repository.delegate(to: name, keys: [.ed25519(4)], scope: ["paths": [.string(pattern)]])
            repository.delegate(to: try RoleName("C"), from: name, keys: [.ed25519(key)])
        }
        let shared = try RoleName("C")
        repository.delegated[shared]?.setTarget("ax", to: "x")
        repository.delegated[shared]?.setTarget("bx", to: "x")
        repository.publish()
        let client = SimulatedClient(pinning: repository)
        let set = try await client.trustedSet(from: repository)
        #expect(try await client.updater.find(TargetPath("ax"), in: set, from: repository)?.role == shared)
        let path = try TargetPath("bx")
        let outcome = await UpdateOutcome { () async throws(UpdateError<SimulatorFailure>) in
            _ = try await client.updater.find(path, in: set, from: repository)
            return set
        }
        #expect(outcome == .refused(.thresholdNotMet(role: shared, required: 1, valid: 0)))
    }
}
