import CanonicalJSON
import TUF
import Testing
import TrustTestSupport

/// "Rollback": the client is made to accept files older than those it has seen.
@Suite struct RollbackTests {
    /// The whole repository as it was.
    @Test(arguments: [0, 1])
    func wholeRepository(_ age: Int) async {
        let scene = await Scene()
        scene.attacker.serveOnly(scene.history[age])
        await scene.expect(.refused(.rollback(role: .timestamp, known: 3, offered: Int64(age + 1))))
    }

    /// What is newest is nothing old.
    @Test func newestOfHistory() async {
        let scene = await Scene()
        scene.attacker.serveOnly(scene.history[2])
        await scene.expect(Scene.good)
    }

    /// The attacker has the keys of some roles, and rolls back what lies under them: what was seen speaks against it.
    @Test(arguments: [true, false])
    func withKeys(_ listsHashes: Bool) async throws {
        struct Case {
            let role: RoleName
            let refusal: TUFError
            let offline: UpdateOutcome
            let attack: @Sendable (RepositorySimulator) -> Void
        }
        for attack in [
            Case(
                role: .timestamp,
                refusal: .rollback(role: .timestamp, known: 3, offered: 2),
                offline: Scene.good,
                attack: { $0.timestamp.version = 2 }
            ),
            Case(
                role: .snapshot,
                refusal: .rollback(role: .snapshot, known: 3, offered: 2),
                offline: Scene.good,
                attack: { attacker in
                    attacker.snapshot.version = 2
                    attacker.publishTimestamp()
                }
            ),
            Case(
                role: .targets,
                refusal: .rollback(role: .targets, known: 3, offered: 2),
                offline: .nothingSeen,
                attack: { attacker in
                    attacker.targets.version = 2
                    attacker.publishSnapshot()
                }
            ),
        ] {
            let scene = await Scene(listsHashes: listsHashes)
            attack.attack(scene.attacker)
            // The owner goes on above everything.
            scene.honest.timestamp.version = 5
            scene.honest.snapshot.version = 5
            scene.honest.targets.version = 5
            scene.honest.link()
            await scene.expect(.refused(attack.refusal), offline: attack.offline, afterwards: .trusted(1, 5, 5, 5))
        }
    }

    /// A snapshot that does not list the targets any more would let them come again with any version.
    @Test func vanishingRole() async throws {
        let role = try RoleName("releases")
        let scene = await Scene { $0.snapshot.meta["releases.json"] = ["version": 4] }
        scene.attacker.snapshot.meta["releases.json"] = nil
        scene.attacker.publishSnapshot()
        #expect(await scene.client.refresh(from: scene.attacker) == .refused(.roleRemoved(role)))
        scene.attacker.snapshot.meta["releases.json"] = ["version": 1]
        scene.attacker.publishSnapshot()
        #expect(
            await scene.client.refresh(from: scene.attacker)
                == .refused(.rollback(role: role, known: 4, offered: 1))
        )
        // Linking would list the targets again.
        scene.attacker.snapshot.meta = ["releases.json": ["version": 5]]
        scene.attacker.snapshot.version += 1
        scene.attacker.publishTimestamp()
        #expect(await scene.client.refresh(from: scene.attacker) == .refused(.roleRemoved(.targets)))
    }

    /// An older root, with keys that are no longer the owner's. It is not even asked for.
    @Test func root() async {
        let scene = await Scene()
        let stolen = SimulatedKey.of(.timestamp)
        scene.honest.root.roles[.timestamp] = SimulatedRoleKeys([.ed25519(8)])
        scene.honest.publishRoot()
        scene.honest.publishTimestamp()
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(2, 4, 3, 3))
        // The attacker hides the second root and signs with the key that it took away.
        scene.attacker.signers[.timestamp] = [stolen]
        scene.attacker.timestamp.version = 9
        await scene.expect(
            .refused(.thresholdNotMet(role: .timestamp, required: 1, valid: 0)),
            offline: .trusted(2, 4, 3, 3),
            afterwards: .trusted(2, 4, 3, 3)
        )
    }

    /// What is known is kept through failed updates, so that an attack cannot be made in two steps.
    @Test func inSteps() async {
        let scene = await Scene()
        // First the newest timestamp alone, as a mirror that is being cut off would leave it.
        scene.honest.publish()
        let cut = scene.honest.copy()
        cut.faults = ["4.snapshot.json": .missing]
        #expect(await scene.client.refresh(from: cut) == .missing("4.snapshot.json"))
        scene.attacker.serveOnly(scene.history[2])
        #expect(
            await scene.client.refresh(from: scene.attacker)
                == .refused(.rollback(role: .timestamp, known: 4, offered: 3))
        )
        // Then the snapshot as well.
        cut.faults = ["4.targets.json": .cutConnection]
        #expect(await scene.client.refresh(from: cut) == .source(.cutConnection))
        #expect(
            await scene.client.refresh(from: scene.attacker)
                == .refused(.rollback(role: .timestamp, known: 4, offered: 3))
        )
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(1, 4, 4, 4))
    }

    /// Another store of the same trust data cannot roll back either: what was seen is not kept by store.
    @Test func anotherStore() async {
        let scene = await Scene()
        let store = RepositorySimulator()
        store.serveOnly(scene.history[0])
        #expect(
            await scene.client.refresh(from: store) == .refused(.rollback(role: .timestamp, known: 3, offered: 1))
        )
    }

    /// A newcomer cannot know what others have seen: until it expires, the old set is good for him. That is the freeze
    /// attack, and bounded by the timestamp's expiry.
    @Test func newcomer() async {
        let scene = await Scene()
        scene.attacker.serveOnly(scene.history[0])
        let newcomer = scene.newcomer()
        #expect(await newcomer.refresh(from: scene.attacker) == .trusted(1, 1, 1, 1))
        newcomer.clock.set(scene.honest.timestamp.expires)
        #expect(
            await newcomer.refresh(from: scene.attacker)
                == .refused(.expired(role: .timestamp, at: scene.honest.timestamp.expires))
        )
    }
}
