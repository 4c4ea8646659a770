import CanonicalJSON
import TUF
import TUFClient
import Testing
import TrustTestSupport

/// What went wrong in go-tuf.
@Suite struct GoTUFAdvisoryTests {
    private let repository = RepositorySimulator()

    /// CVE-2022-29173: only the root was protected against going back.
    @Test(arguments: [RoleName.timestamp, .snapshot, .targets])
    func noRoleGoesBack(role: RoleName) async {
        repository.publish()
        let client = SimulatedClient(pinning: repository)
        #expect(await client.refresh(from: repository) == .trusted(1, 2, 2, 2))
        switch role {
        case .timestamp: repository.timestamp.version = 1
        case .snapshot:
            repository.snapshot.version = 1
            repository.timestamp.version = 3
        default:
            repository.targets.version = 1
            repository.snapshot.version = 3
            repository.timestamp.version = 3
        }
        repository.link()
        #expect(
            await client.refresh(from: repository) == .refused(.rollback(role: role, known: 2, offered: 1))
        )
    }

    /// CVE-2024-47534: delegations were searched in the wrong order, so that a role of lower priority decided.
    @Test func theFirstDelegationDecides() async throws {
        for name in ["A", "B", "C"] {
            let role = try RoleName(name)
            repository.delegate(to: role, keys: [.ed25519(4)])
            repository.delegated[role]?.setTarget("x", to: name)
        }
        repository.publish()
        let client = SimulatedClient(pinning: repository)
        let set = try await client.trustedSet(from: repository)
        #expect(try await client.updater.find(TargetPath("x"), in: set, from: repository)?.role.string == "A")
    }

    /// CVE-2026-23991 and #749: metadata whose parts are missing or null ended the program.
    @Test(arguments: ["null", "{}", "[]", #"{"signed":null,"signatures":[]}"#, #"{"signed":{},"signatures":null}"#])
    func malformedMetadataIsRefused(json: String) async {
        for file in ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"] {
            let other = repository.copy()
            other.listsHashes = false
            other.link()
            other.faults[file] = .bytes(Array(json.utf8))
            guard case .refused = await SimulatedClient(pinning: other).refresh(from: other) else {
                Issue.record("\(file) is refused")
                return
            }
        }
    }

    /// CVE-2026-23992: a threshold of 0, or less, in a delegation switched the signatures off.
    @Test(arguments: [0, -1] as [Int64])
    func thresholdsAreAtLeastOne(threshold: Int64) async throws {
        repository.delegate(to: try RoleName("A"), keys: [], threshold: threshold)
        repository.publish()
        let malformed = TUFError.malformed(role: .targets, field: "signed.delegations.roles[0].threshold")
        #expect(await SimulatedClient(pinning: repository).refresh(from: repository) == .refused(malformed))
    }

    /// #733: one key under two ids counted twice.
    @Test func oneKeyUnderTwoIDs() async {
        let key = SimulatedKey.of(.snapshot)
        repository.root.roles[.snapshot] = SimulatedRoleKeys([key, key.named("another-id")], threshold: 2)
        repository.publishRoot()
        repository.link()
        #expect(
            await SimulatedClient(pinning: repository).refresh(from: repository)
                == .refused(.thresholdNotMet(role: .snapshot, required: 2, valid: 1))
        )
    }

    /// #721: an empty list of hashes counted as "nothing to compare", for target files and for metadata.
    @Test func emptyHashesAreRefused() async {
        let other = repository.copy()
        other.timestamp.snapshot["hashes"] = [:]
        #expect(
            await SimulatedClient(pinning: other).refresh(from: other)
                == .refused(.malformed(role: .timestamp, field: "signed.meta.snapshot.json.hashes"))
        )
        repository.targets.targets["1.0"] = ["length": 1, "hashes": [:]]
        repository.publish()
        #expect(
            await SimulatedClient(pinning: repository).refresh(from: repository)
                == .refused(.malformed(role: .targets, field: "signed.targets.1.0"))
        )
    }

    /// #739: an Ed25519 key of another length ended the program.
    @Test(arguments: ["", "00", String(repeating: "ab", count: 31), String(repeating: "ab", count: 33)])
    func keysOfAnotherLength(hex: String) async {
        let key = SimulatedKey.ed25519(5).with("keyval", ["public": .string(hex)])
        repository.root.roles[.timestamp] = SimulatedRoleKeys([key])
        repository.publishRoot()
        #expect(
            await SimulatedClient(pinning: repository).refresh(from: repository)
                == .refused(.thresholdNotMet(role: .timestamp, required: 1, valid: 0))
        )
    }
}
