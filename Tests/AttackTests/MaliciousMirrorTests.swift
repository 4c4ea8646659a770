import CanonicalJSON
import TUF
import TUFClient
import Testing
import TrustTestSupport

/// A registry or mirror that is hostile altogether: it withholds, answers wrongly, or serves another repository's trust
/// data, which is good in itself and has the same root keys.
@Suite struct MaliciousMirrorTests {
    private static let ours = "registry.example.com/team/app"
    private static let theirs = "registry.example.com/team/b"

    /// Another repository of the same publisher: the same root key, and keys of its own for the rest, or the same ones.
    private func neighbour(named name: String? = theirs, sharingAllKeys: Bool) -> RepositorySimulator {
        var keys: [RoleName: SimulatedKey] = [:]
        if !sharingAllKeys {
            for (number, role) in RoleName.topLevel.dropFirst().enumerated() { keys[role] = .ed25519(8 + number) }
        }
        let neighbour = RepositorySimulator(repository: name, keys: keys)
        neighbour.setTarget("1.0", to: "the neighbour's image")
        for _ in 0..<4 { neighbour.publish() }
        return neighbour
    }

    private func wrong(_ role: RoleName, found: String? = theirs) -> UpdateOutcome {
        .refused(.wrongRepository(role: role, expected: Self.ours, found: found))
    }

    /// The whole of it, to somebody new: the pin is met, and the name is not.
    @Test(arguments: [true, false])
    func anotherRepository(_ sharingAllKeys: Bool) async {
        let scene = await Scene()
        let neighbour = neighbour(sharingAllKeys: sharingAllKeys)
        #expect(await scene.newcomer().refresh(from: neighbour) == wrong(.root))
        // Under its own name it is good.
        #expect(await SimulatedClient(pinning: neighbour).refresh(from: neighbour) == .trusted(1, 5, 5, 5))
    }

    /// Trust data without a name is accepted only where the pin says so, and a wrong name never is.
    @Test func unnamed() async {
        let scene = await Scene()
        let unnamed = neighbour(named: nil, sharingAllKeys: true)
        var newcomer = scene.newcomer()
        #expect(await newcomer.refresh(from: unnamed) == wrong(.root, found: nil))
        newcomer.binding = .repositoryOrUnnamed(Self.ours)
        #expect(await newcomer.refresh(from: unnamed) == .trusted(1, 5, 5, 5))
        var other = scene.newcomer()
        other.binding = .repositoryOrUnnamed(Self.ours)
        #expect(await other.refresh(from: neighbour(sharingAllKeys: true)) == wrong(.root))
    }

    /// One role of the neighbour's in ours, where the publisher used one set of keys for both: only the name tells.
    @Test(arguments: [RoleName.timestamp, .snapshot, .targets])
    func oneRoleWithSharedKeys(_ role: RoleName) async {
        let scene = await Scene(listsHashes: false)
        scene.honest.publish()
        let neighbour = neighbour(sharingAllKeys: true)
        neighbour.timestamp.version = 4
        neighbour.snapshot.version = 4
        neighbour.targets.version = 4
        let mirror = scene.honest.copy()
        mirror.replace(role, with: neighbour.file(role))
        #expect(await scene.client.refresh(from: mirror) == wrong(role))
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(1, 4, 4, 4))
    }

    /// With keys of their own, as `init` makes them, the signature tells as well.
    @Test(arguments: [RoleName.timestamp, .snapshot, .targets])
    func oneRoleWithOwnKeys(_ role: RoleName) async {
        let scene = await Scene(listsHashes: false)
        scene.honest.publish()
        let neighbour = neighbour(sharingAllKeys: false)
        let mirror = scene.honest.copy()
        mirror.replace(role, with: neighbour.file(role))
        #expect(
            await scene.client.refresh(from: mirror)
                == .refused(.thresholdNotMet(role: role, required: 1, valid: 0))
        )
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(1, 4, 4, 4))
    }

    /// The neighbour's second root after our first: signed by the root key that both have.
    @Test func neighboursNextRoot() async {
        let scene = await Scene()
        let neighbour = neighbour(sharingAllKeys: false)
        neighbour.publishRoot()
        scene.attacker.roots[2] = neighbour.roots[2]
        await scene.expect(wrong(.root))
        // And where nobody asks for a name, a root that has one keeps it.
        var unbound = scene.newcomer()
        unbound.binding = .unbound
        #expect(await unbound.refresh(from: scene.attacker) == wrong(.root))
    }

    /// Any one file withheld, or the source failing at it: never an answer, and never "there is nothing".
    @Test(arguments: ["2.root.json", "timestamp.json", "4.snapshot.json", "4.targets.json"])
    func withheld(_ file: String) async {
        let scene = await Scene()
        scene.honest.publish()
        scene.honest.publishRoot()
        let mirror = scene.honest.copy()
        mirror.faults[file] = .missing
        // A withheld root is what nobody can notice before the one at hand expires; the rest is good.
        let outcome: UpdateOutcome = file == "2.root.json" ? .trusted(1, 4, 4, 4) : .missing(file)
        #expect(await scene.client.refresh(from: mirror) == outcome)
        mirror.faults[file] = .cutConnection
        #expect(await scene.client.refresh(from: mirror) == .source(.cutConnection))
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(2, 4, 4, 4))
    }

    /// A page of a proxy in a file's place.
    @Test(arguments: RoleName.topLevel)
    func otherDocuments(_ role: RoleName) async {
        let scene = await Scene(listsHashes: false)
        for (text, refusal) in [
            ("<html>please log in</html>", .notJSON(role: role, .syntax(offset: 0))),
            ("", .notJSON(role: role, .syntax(offset: 0))),
            ("{}", .malformed(role: role, field: "signed")),
            ("null", .malformed(role: role, field: "envelope")),
        ] as [(String, TUFError)] {
            scene.attacker.replace(role, with: Array(text.utf8))
            #expect(await scene.newcomer().refresh(from: scene.attacker) == .refused(refusal))
        }
    }
}
