import CanonicalJSON
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

/// "Arbitrary software": somebody without the keys makes the client accept what he made himself.
@Suite struct ArbitrarySoftwareTests {
    /// What the attacker puts in a role's place: the next version, with another image under the tag.
    private func forged(_ scene: Scene, _ role: RoleName) -> JSONObject {
        let attacker = scene.attacker
        attacker.setTarget("1.0", to: "malware")
        attacker.timestamp.version += 1
        attacker.snapshot.version += 1
        attacker.targets.version += 1
        attacker.link()
        var signed = attacker.signed(role)
        if role == .root { signed["version"] = 2 }
        return signed
    }

    /// The owner's own parents list the version that the forged child has, so that its signatures are what is judged.
    private func scene(_ role: RoleName) async -> (Scene, JSONObject) {
        let scene = await Scene(listsHashes: false)
        let signed = forged(scene, role)
        return (scene, signed)
    }

    private func notMet(_ role: RoleName) -> UpdateOutcome {
        .refused(.thresholdNotMet(role: role, required: 1, valid: 0))
    }

    /// After a forged child, the owner's parents of the next version are known, and he publishes the child.
    private func expectRefusal(_ scene: Scene, _ role: RoleName, _ outcome: UpdateOutcome) async {
        scene.honest.publish()
        let isTop = role == .root || role == .timestamp
        await scene.expect(
            outcome,
            offline: isTop ? Scene.good : .nothingSeen,
            afterwards: .trusted(1, 4, 4, 4)
        )
    }

    @Test(arguments: RoleName.topLevel)
    func strangersKeys(_ role: RoleName) async {
        let (scene, signed) = await scene(role)
        let evil = Scene.evilKey(role)
        scene.attacker.replace(role, with: RepositorySimulator.envelope(.object(signed), signedBy: [evil]))
        await expectRefusal(scene, role, notMet(role))
    }

    /// The stranger calls his key by the owner's id.
    @Test(arguments: RoleName.topLevel)
    func strangersKeysUnderTheOwnersIDs(_ role: RoleName) async {
        let (scene, signed) = await scene(role)
        let evil = Scene.evilKey(role).named(SimulatedKey.of(role).id)
        scene.attacker.replace(role, with: RepositorySimulator.envelope(.object(signed), signedBy: [evil]))
        await expectRefusal(scene, role, notMet(role))
    }

    @Test(arguments: RoleName.topLevel)
    func noSignature(_ role: RoleName) async {
        let (scene, signed) = await scene(role)
        scene.attacker.replace(role, with: RepositorySimulator.envelope(.object(signed), signedBy: []))
        await expectRefusal(scene, role, notMet(role))
    }

    /// The owner's signature over the file before it.
    @Test(arguments: RoleName.topLevel)
    func oldSignature(_ role: RoleName) async {
        let (scene, signed) = await scene(role)
        let old = RepositorySimulator.canonical(.object(scene.honest.signed(role)))
        let entry = SimulatedKey.of(role).signatureEntry(over: old)
        let file = JSONValue.object(["signatures": [entry], "signed": .object(signed)])
        scene.attacker.replace(role, with: file.jsonBytes(pretty: false))
        await expectRefusal(scene, role, notMet(role))
    }

    /// All keys of the owner but the role's own: on line keys must not sign what the off line ones are for.
    @Test(arguments: RoleName.topLevel)
    func otherRolesKeys(_ role: RoleName) async {
        let (scene, signed) = await scene(role)
        let others = RoleName.topLevel.filter { $0 != role }.map { SimulatedKey.of($0) }
        scene.attacker.replace(role, with: RepositorySimulator.envelope(.object(signed), signedBy: others))
        await expectRefusal(scene, role, notMet(role))
        let claimed = others.map { $0.named(SimulatedKey.of(role).id) }
        for key in claimed {
            scene.attacker.replace(role, with: RepositorySimulator.envelope(.object(signed), signedBy: [key]))
            #expect(await scene.newcomer().refresh(from: scene.attacker) == notMet(role))
        }
    }

    /// The file brings its own keys along: only the parent says whose count.
    @Test(arguments: [RoleName.timestamp, .snapshot, .targets])
    func keysInTheFileItself(_ role: RoleName) async {
        var (scene, signed) = await scene(role)
        let evil = Scene.evilKey(role)
        signed["keys"] = .object([evil.id: evil.json])
        signed["roles"] = .object([role.string: ["keyids": [.string(evil.id)], "threshold": 1]])
        signed["delegations"] = ["keys": .object([evil.id: evil.json]), "roles": []]
        scene.attacker.replace(role, with: RepositorySimulator.envelope(.object(signed), signedBy: [evil]))
        await expectRefusal(scene, role, notMet(role))
    }

    /// The stranger makes himself a root: with his keys for everything, signed by himself, or also by himself under the
    /// owner's id.
    @Test func strangersRoot() async {
        let scene = await Scene()
        let attacker = scene.attacker
        for role in RoleName.topLevel { attacker.root.roles[role] = SimulatedRoleKeys([Scene.evilKey(role)]) }
        let evil = Scene.evilKey(.root)
        for signers in [[evil], [evil, evil.named(SimulatedKey.of(.root).id)], []] {
            attacker.root.version = 1
            attacker.publishRoot(signedBy: signers)
            await scene.expect(notMet(.root))
            // Served as the first root, to somebody new.
            attacker.roots[1] = attacker.roots[2]
            #expect(
                await scene.newcomer().refresh(from: attacker) == .refused(.notPinned(required: 1, valid: 0))
            )
        }
    }

    /// The stranger's set is good in itself, under his own root: a pin is what tells it from the owner's.
    @Test func strangersRepository() async {
        let scene = await Scene()
        let stranger = RepositorySimulator(keys: Scene.evil)
        for _ in 0..<5 { stranger.publish() }
        #expect(await SimulatedClient(pinning: stranger).refresh(from: stranger) == .trusted(1, 6, 6, 6))
        #expect(await scene.newcomer().refresh(from: stranger) == .refused(.notPinned(required: 1, valid: 0)))
        // Who has seen the owner's root does not even look at the stranger's.
        #expect(await scene.client.refresh(from: stranger) == notMet(.timestamp))
        #expect(await scene.client.offline() == Scene.good)
    }

    /// With hashes listed, a changed file is refused before its signatures are looked at.
    @Test(arguments: [RoleName.snapshot, .targets])
    func changedFileWithListedHashes(_ role: RoleName) async {
        let scene = await Scene()
        scene.honest.publish()
        let attacker = scene.honest.copy()
        var changed = attacker.file(role)
        changed[changed.count / 2] ^= 1
        attacker.replace(role, with: changed)
        let good = attacker.file(role)
        let digest = Digest.compute(.sha256, over: good.span)
        #expect(
            await scene.client.refresh(from: attacker) == .refused(.hashMismatch(role: role, expected: digest))
        )
        attacker.replace(role, with: good + [0x20])
        #expect(await scene.client.refresh(from: attacker) == .source(.tooLong(limit: good.count)))
        attacker.replace(role, with: Array(good.dropLast()))
        let count = Int64(good.count)
        #expect(
            await scene.client.refresh(from: attacker)
                == .refused(.lengthMismatch(role: role, expected: count, found: count - 1))
        )
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(1, 4, 4, 4))
    }

    /// Any bit of any file: refused, and nothing crashes. Bits outside what is signed may be turned in ways that change
    /// nothing; then the very same content is trusted.
    @Test(arguments: RoleName.topLevel)
    func anyBit(_ role: RoleName) async throws {
        let honest = RepositorySimulator()
        honest.listsHashes = false
        honest.link()
        honest.publishRoot()
        let name = role == .root ? "2.root.json" : role == .timestamp ? "timestamp.json" : "1.\(role.string).json"
        let good = honest.file(role)
        let signed = try JSONValue(parsing: good)["signed"]
        var trusted = 0
        for index in good.indices {
            for bit in [1, 2, 4, 16, 128] as [UInt8] where (index + Int(bit)) % 7 == 0 {
                var changed = good
                changed[index] ^= bit
                honest.faults[name] = .bytes(changed)
                let outcome = await SimulatedClient(pinning: honest).refresh(from: honest)
                if case .trusted = outcome {
                    trusted += 1
                    #expect(try JSONValue(parsing: changed)["signed"] == signed)
                } else if case .refused = outcome {
                    continue
                } else {
                    Issue.record("\(index) \(bit): \(outcome)")
                }
            }
        }
        // No more than what turns a digit of the signature into its other case, or a space into nothing.
        #expect(trusted < 70)
    }
}
