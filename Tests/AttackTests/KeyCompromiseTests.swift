import CanonicalJSON
import TUF
import Testing
import TrustTestSupport

/// Stolen keys: below the threshold they are worth nothing, and at it no more than the role may say.
@Suite struct KeyCompromiseTests {
    private static let keys = (4..<7).map { SimulatedKey.ed25519($0) }

    /// Two of three keys have to sign; the thief has one, in every way to make it look like two. For each role.
    @Test(arguments: RoleName.topLevel)
    func belowThreshold(_ role: RoleName) async {
        let stolen = Self.keys[0]
        let evil = Scene.evilKey(role)
        let forgeries: [[SimulatedKey]] = [
            [stolen], [stolen, evil], [stolen, evil.named(Self.keys[1].id)], [stolen, stolen.named(Self.keys[1].id)],
            [stolen, stolen.named("another")], [stolen] + RoleName.topLevel.map { SimulatedKey.of($0) },
        ]
        for (number, signers) in forgeries.enumerated() {
            let scene = await Scene(listsHashes: false) { honest in
                honest.root.roles[role] = SimulatedRoleKeys(Self.keys, threshold: 2)
                honest.roots[1] = RepositorySimulator.envelope(
                    .object(honest.signed(.root)),
                    signedBy: role == .root ? Self.keys : [.of(.root)]
                )
            }
            scene.honest.publish()
            let attacker = scene.honest.copy()
            attacker.setTarget("1.0", to: "malware")
            attacker.signers[role] = signers
            if role == .root { attacker.publishRoot(signedBy: signers) }
            let refusal = UpdateOutcome.refused(.thresholdNotMet(role: role, required: 2, valid: 1))
            #expect(await scene.client.refresh(from: attacker) == refusal, "\(role) \(number)")
            let isTop = role == .root || role == .timestamp
            #expect(await scene.client.offline() == (isTop ? Scene.good : .nothingSeen), "\(role) \(number)")
            #expect(await scene.client.refresh(from: scene.honest) == .trusted(1, 4, 4, 4), "\(role) \(number)")
        }
    }

    /// Every set of the on line keys, and of all others but one: what the thief can and cannot do with it. He always tries
    /// to sign another image for the tag, and needs the targets, the snapshot and the timestamp for that.
    @Test func everySetOfKeys() async {
        let roles: [RoleName] = [.timestamp, .snapshot, .targets]
        for mask in 0..<8 {
            let scene = await Scene()
            let stolen = Set(roles.indices.filter { mask & 1 << $0 != 0 }.map { roles[$0] })
            let attacker = scene.attacker
            attacker.setTarget("1.0", to: "malware")
            for role in roles where !stolen.contains(role) { attacker.signers[role] = [Scene.evilKey(role)] }
            attacker.publish()
            let first = roles.first { !stolen.contains($0) }
            let comment = Comment(rawValue: stolen.map(\.string).sorted().joined(separator: " "))
            let outcome = await scene.client.refresh(from: attacker)
            guard let first else {
                // All three: then the thief is the publisher, until the root takes the keys away.
                #expect(outcome == .trusted(1, 4, 4, 4))
                continue
            }
            #expect(outcome == .refused(.thresholdNotMet(role: first, required: 1, valid: 0)), comment)
            // The owner takes the keys away, and everybody goes on.
            for (number, role) in roles.enumerated() {
                scene.honest.root.roles[role] = SimulatedRoleKeys([.ed25519(8 + number)])
            }
            scene.honest.publishRoot()
            scene.honest.publish()
            #expect(await scene.client.refresh(from: scene.honest) == .trusted(2, 4, 4, 4), comment)
        }
    }

    /// The targets key alone: its file is not the one that the snapshot lists.
    @Test func targetsKeyAlone() async {
        let scene = await Scene()
        scene.honest.publish()
        let attacker = scene.honest.copy()
        attacker.setTarget("1.0", to: "malware image!!")
        let outcome = await scene.client.refresh(from: attacker)
        switch outcome {
        case .refused(.hashMismatch(role: .targets, _)), .refused(.lengthMismatch(role: .targets, _, _)),
            .source(.tooLong):
            break
        default: Issue.record("\(outcome)")
        }
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(1, 4, 4, 4))
    }

    /// All keys but the root's cannot change whose they are.
    @Test func everyKeyButTheRoots() async {
        let scene = await Scene()
        let others = RoleName.topLevel.dropFirst().map { SimulatedKey.of($0) }
        scene.attacker.root.roles[.root] = SimulatedRoleKeys(others)
        scene.attacker.publishRoot(signedBy: others)
        await scene.expect(.refused(.thresholdNotMet(role: .root, required: 1, valid: 0)))
    }

    /// A key that was taken away in a root signs nothing any more, under any of its names.
    @Test(arguments: RoleName.topLevel)
    func keyThatWasTakenAway(_ role: RoleName) async {
        let scene = await Scene(listsHashes: false)
        scene.honest.root.roles[role] = SimulatedRoleKeys([Self.keys[0]])
        scene.honest.publishRoot()
        scene.honest.publish()
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(2, 4, 4, 4))
        for stolen in [SimulatedKey.of(role), SimulatedKey.of(role).named(Self.keys[0].id)] {
            let attacker = scene.honest.copy()
            attacker.signers[role] = [stolen]
            attacker.publish()
            if role == .root { attacker.publishRoot(signedBy: [stolen]) }
            #expect(
                await scene.client.refresh(from: attacker)
                    == .refused(.thresholdNotMet(role: role, required: 1, valid: 0))
            )
        }
    }
}
