import CanonicalJSON
import TUF
import Testing
import TrustTestSupport

/// "Extraneous dependencies": the client is made to fetch something beside what it asked for. A tag's record is the digest
/// of its manifest or index, which covers every layer and every child by digest: there are no dependencies that somebody
/// else could add. What is left is to slip further entries into the metadata, and they are of no account.
@Suite struct ExtraneousDependencyTests {
    /// Entries that were added without the key are under no signature.
    @Test(arguments: RoleName.topLevel)
    func addedUnderTheSignature(_ role: RoleName) async {
        let scene = await Scene(listsHashes: false)
        var signed = scene.attacker.signed(role)
        if role == .root { signed["version"] = 2 }
        let entry = SimulatedKey.of(role).signatureEntry(over: RepositorySimulator.canonical(.object(signed)))
        switch role {
        case .root: signed["x-dependencies"] = ["malware"]
        case .timestamp: signed["meta"] = ["snapshot.json": ["version": 3], "malware.json": ["version": 1]]
        case .snapshot: signed["meta"] = ["targets.json": ["version": 3], "malware.json": ["version": 1]]
        default: signed["targets"] = ["malware": ["length": 1, "hashes": ["sha256": "00"]]]
        }
        let file = JSONValue.object(["signatures": [entry], "signed": .object(signed)])
        scene.attacker.replace(role, with: file.jsonBytes(pretty: false))
        #expect(
            await scene.newcomer().refresh(from: scene.attacker)
                == .refused(.thresholdNotMet(role: role, required: 1, valid: 0))
        )
    }

    /// Entries beside `signed` are nothing that anybody reads.
    @Test(arguments: RoleName.topLevel)
    func addedBesideWhatIsSigned(_ role: RoleName) async throws {
        let scene = await Scene(listsHashes: false)
        scene.attacker.publishRoot()
        var file = try #require(JSONValue(parsing: scene.attacker.file(role)).object)
        file["targets"] = ["malware": ["length": 1, "hashes": ["sha256": "00"]]]
        file["dependencies"] = ["malware"]
        if role == .root {
            scene.attacker.roots[2] = JSONValue.object(file).jsonBytes(pretty: false)
        } else {
            scene.attacker.replace(role, with: JSONValue.object(file).jsonBytes(pretty: false))
        }
        let newcomer = scene.newcomer()
        let set = try await newcomer.trustedSet(from: scene.attacker)
        #expect(try set.record(for: TargetPath("malware")) == nil)
        #expect(set.targets.payload.count == 3)
    }

    /// Signed entries that nobody asked for lead to no request, and change no answer.
    @Test func signedAndNotAskedFor() async throws {
        let scene = await Scene()
        scene.attacker.setTarget("malware", to: "malware")
        scene.attacker.targets.fields["delegations"] = [
            "keys": [:],
            "roles": [["name": "x", "keyids": [], "threshold": 1, "paths": ["*"], "terminating": true]],
        ]
        scene.attacker.snapshot.meta["x.json"] = ["version": 1]
        scene.attacker.publish()
        let set = try await scene.client.trustedSet(from: scene.attacker)
        #expect(
            scene.attacker.takeRequests() == ["2.root.json", "timestamp.json", "4.snapshot.json", "4.targets.json"]
        )
        let before = scene.honest.targets.targets["1.0"]
        #expect(try set.record(for: TargetPath("1.0"))?.json == before)
    }
}
