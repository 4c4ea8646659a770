import CanonicalJSON
import TUF
import TUFClient
import Testing
import TrustTestSupport

/// What audits found in notary, and what went wrong in notation, cosign and portieris, as far as it can go wrong here.
@Suite struct NotaryAdvisoryTests {
    private let repository = RepositorySimulator()

    /// NCC 2015, notary: the signature named its algorithm, so that a key verified under another one than its own.
    @Test func schemesBelongToKeys() async {
        let keys = [SimulatedKey.rsa, .rsaPKCS1v15]
        for (listed, signing) in [(keys[0], keys[1]), (keys[1], keys[0])] {
            let other = repository.copy()
            other.root.roles[.timestamp] = SimulatedRoleKeys([listed])
            other.publishRoot()
            other.signers[.timestamp] = [signing.named(listed.id)]
            #expect(
                await SimulatedClient(pinning: other).refresh(from: other)
                    == .refused(.thresholdNotMet(role: .timestamp, required: 1, valid: 0))
            )
            other.signers[.timestamp] = [listed]
            #expect(await SimulatedClient(pinning: other).refresh(from: other) == .trusted(2, 1, 1, 1))
        }
    }

    /// NCC 2015, notary: nobody looked whether the root was expired.
    @Test func expiredRoots() async {
        repository.root.expires = SimulatedClock.start
        repository.publishRoot()
        #expect(
            await SimulatedClient(pinning: repository).refresh(from: repository)
                == .refused(.expired(role: .root, at: SimulatedClock.start))
        )
    }

    /// NCC 2015, notary: whoever had the timestamp key for a moment could lock clients out for ever. New keys end that.
    @Test func fastForwardEndsWithTheKey() async {
        let client = SimulatedClient(pinning: repository)
        let thief = repository.copy()
        thief.timestamp.version = CommonFields.maximumVersion
        #expect(await client.refresh(from: thief) == .trusted(1, CommonFields.maximumVersion, 1, 1))
        repository.root.roles[.timestamp] = SimulatedRoleKeys([.ed25519(5)])
        repository.publishRoot()
        repository.publishTimestamp()
        #expect(await client.refresh(from: repository) == .trusted(2, 2, 1, 1))
    }

    /// Cure53 2018, notary: one bad upload broke a collection for good. What is refused is not kept, and the next good file
    /// is taken.
    @Test(arguments: ["timestamp.json", "2.snapshot.json", "2.targets.json", "2.root.json"])
    func badFilesDoNoLastingHarm(file: String) async {
        let client = SimulatedClient(pinning: repository)
        #expect(await client.refresh(from: repository) == .trusted(1, 1, 1, 1))
        repository.publish()
        repository.faults[file] = .bytes(Array(#"{"signed":{},"signatures":[]}"#.utf8))
        guard case .refused = await client.refresh(from: repository) else {
            Issue.record("\(file) is refused")
            return
        }
        repository.faults = [:]
        #expect(await client.refresh(from: repository) == .trusted(1, 2, 2, 2))
    }

    /// notation CVE-2023-25656 and CVE-2023-33957: a file without end, or with signatures without end, took memory and time.
    @Test func endlessFiles() async {
        for (file, role, limit) in [
            ("2.root.json", RoleName.root, 512_000), ("timestamp.json", .timestamp, 16_384),
        ] {
            let other = repository.copy()
            other.faults[file] = .unlimitedBytes([UInt8](repeating: 0x5b, count: 8 << 20))
            #expect(
                await SimulatedClient(pinning: other).refresh(from: other)
                    == .refused(.lengthExceeded(role: role, limit: limit))
            )
        }
        let entries = (0..<1025).map { JSONValue.object(["keyid": .string("\($0)"), "sig": ""]) }
        let file = JSONValue.object(["signatures": .array(entries), "signed": .object(repository.signed(.root))])
        repository.faults["2.root.json"] = .bytes(file.jsonBytes(pretty: false))
        #expect(
            await SimulatedClient(pinning: repository).refresh(from: repository)
                == .refused(.malformed(role: .root, field: "signatures"))
        )
    }

    /// notation CVE-2024-56138: the revocation of the timestamp authority's certificate was not looked at. Here a root revokes
    /// the timestamp key, and also what that key signed before counts no more.
    @Test func revokedTimestampKeys() async {
        let old = repository.file(.timestamp)
        repository.root.roles[.timestamp] = SimulatedRoleKeys([.ed25519(5)])
        repository.publishRoot()
        repository.faults["timestamp.json"] = .bytes(old)
        #expect(
            await SimulatedClient(pinning: repository).refresh(from: repository)
                == .refused(.thresholdNotMet(role: .timestamp, required: 1, valid: 0))
        )
    }

    /// cosign GHSA-whqx-f9j3-ch6m: a proof of something else was taken for a proof. Good signatures by the right key, of
    /// another version or another role, prove nothing about this file.
    @Test func proofsOfSomethingElse() async throws {
        repository.listsHashes = false
        let key = SimulatedKey.of(.targets)
        let old = repository.signed(.targets)
        repository.setTarget("1.0", to: "malware")
        repository.publish()
        for other in [old, repository.signed(.snapshot)] {
            let entry = key.signatureEntry(over: RepositorySimulator.canonical(.object(other)))
            let file = JSONValue.object(["signatures": [entry], "signed": .object(repository.signed(.targets))])
            repository.faults["2.targets.json"] = .bytes(file.jsonBytes(pretty: false))
            #expect(
                await SimulatedClient(pinning: repository).refresh(from: repository)
                    == .refused(.thresholdNotMet(role: .targets, required: 1, valid: 0))
            )
        }
    }

    /// portieris d305814, containerd, Apple's containerization: that nobody could look was read as that there is nothing, and
    /// let through. A source that fails ends the update, whichever file it is, and a search as well.
    @Test(arguments: ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"])
    func couldNotLook(file: String) async {
        repository.publish()
        repository.faults[file] = .cutConnection
        #expect(await SimulatedClient(pinning: repository).refresh(from: repository) == .source(.cutConnection))
    }

    @Test func couldNotLookForATarget() async throws {
        repository.delegate(to: try RoleName("A"), keys: [.ed25519(4)])
        repository.publish()
        let client = SimulatedClient(pinning: repository)
        let set = try await client.trustedSet(from: repository)
        repository.faults["1.A.json"] = .cutConnection
        await #expect(throws: (any Error).self) {
            try await client.updater.find(TargetPath("x"), in: set, from: repository)
        }
        repository.faults = [:]
        #expect(try await client.updater.find(TargetPath("x"), in: set, from: repository) == nil)
    }
}
