import CanonicalJSON
import TUF
import Testing
import TrustTestSupport

/// "Indefinite freeze": the client is shown the same old files for ever. Signed expiries end it.
@Suite struct IndefiniteFreezeTests {
    /// A mirror that never goes on is believed for as long as the role that expires first, and not a second longer, on
    /// line and off line.
    @Test(arguments: RoleName.topLevel)
    func frozenMirror(_ role: RoleName) async {
        let end = SimulatedClock.start.advanced(bySeconds: 1000)
        let scene = await Scene { honest in
            switch role {
            case .root: honest.root.expires = end
            case .timestamp: honest.timestamp.expires = end
            case .snapshot: honest.snapshot.expires = end
            default: honest.targets.expires = end
            }
            honest.roots[1] = RepositorySimulator.envelope(.object(honest.signed(.root)), signedBy: [.of(.root)])
        }
        scene.attacker.serveOnly(scene.history[2])
        scene.client.clock.set(end.advanced(bySeconds: -1))
        #expect(await scene.client.refresh(from: scene.attacker) == Scene.good)
        let expired = UpdateOutcome.refused(.expired(role: role, at: end))
        for later in [0, 1, 1_000_000] as [Int64] {
            scene.client.clock.set(end.advanced(bySeconds: later))
            #expect(await scene.client.refresh(from: scene.attacker) == expired)
            #expect(await scene.client.offline() == expired)
        }
        // The owner had gone on all the while.
        scene.client.clock.set(end)
        let later = end.advanced(bySeconds: 1000)
        scene.honest.root.expires = later
        scene.honest.timestamp.expires = later
        scene.honest.snapshot.expires = later
        scene.honest.targets.expires = later
        scene.honest.publishRoot()
        scene.honest.publish()
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(2, 4, 4, 4))
    }

    /// Turning the machine's clock back does not make the old set good again.
    @Test func clock() async {
        let scene = await Scene()
        scene.client.clock.set(scene.honest.timestamp.expires.advanced(bySeconds: 10_000))
        scene.honest.timestamp.expires = scene.client.clock.now().advanced(bySeconds: 1000)
        scene.honest.publishTimestamp()
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(1, 4, 3, 3))
        scene.client.clock.set(SimulatedClock.start)
        scene.attacker.serveOnly(scene.history[2])
        #expect(await scene.client.refresh(from: scene.attacker) == .clockWentBack)
        #expect(await scene.client.offline() == .clockWentBack)
    }

    /// A newer timestamp of the attacker's own does not prolong anything.
    @Test func prolonged() async {
        let scene = await Scene()
        scene.attacker.timestamp.expires = scene.attacker.timestamp.expires.advanced(bySeconds: 1_000_000)
        scene.attacker.timestamp.version += 1
        scene.attacker.signers[.timestamp] = [Scene.evilKey(.timestamp)]
        await scene.expect(.refused(.thresholdNotMet(role: .timestamp, required: 1, valid: 0)))
    }

    /// Whoever has the timestamp key freezes the set until the snapshot or the targets expire.
    @Test func withTheTimestampKey() async {
        let end = SimulatedClock.start.advanced(bySeconds: 1000)
        let scene = await Scene { $0.targets.expires = end }
        scene.attacker.timestamp.expires = end.advanced(bySeconds: 1_000_000)
        scene.attacker.publishTimestamp()
        #expect(await scene.client.refresh(from: scene.attacker) == .trusted(1, 4, 3, 3))
        scene.client.clock.set(end)
        #expect(
            await scene.client.refresh(from: scene.attacker) == .refused(.expired(role: .targets, at: end))
        )
    }

    /// Slower than freezing: one file is cut off each time. It never looks like an answer.
    @Test(arguments: ["2.root.json", "timestamp.json", "4.snapshot.json", "4.targets.json"])
    func cutConnections(_ file: String) async {
        let scene = await Scene()
        scene.honest.publish()
        let mirror = scene.honest.copy()
        mirror.faults[file] = .cutConnection
        for _ in 0..<3 {
            #expect(await scene.client.refresh(from: mirror) == .source(.cutConnection))
        }
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(1, 4, 4, 4))
    }
}
