import CanonicalJSON
import TUF
import TUFClient
import Testing
import TrustTestSupport

/// "Fast-forward": who had the keys for a moment raises versions so far that the owner's next ones look like a rollback.
/// Rotating the keys in a new root ends it (TUF 1.0.34 §5.3.11).
@Suite struct FastForwardTests {
    private static let far = Int64.max - 1

    private func rotate(_ scene: Scene, _ roles: RoleName...) {
        for (number, role) in roles.enumerated() {
            scene.honest.root.roles[role] = SimulatedRoleKeys([.ed25519(8 + number)])
        }
        scene.honest.publishRoot()
        scene.honest.publish()
    }

    @Test func timestamp() async {
        let scene = await Scene()
        scene.attacker.timestamp.version = Self.far
        #expect(await scene.client.refresh(from: scene.attacker) == .trusted(1, Self.far, 3, 3))
        scene.honest.publish()
        #expect(
            await scene.client.refresh(from: scene.honest)
                == .refused(.rollback(role: .timestamp, known: Self.far, offered: 4))
        )
        rotate(scene, .timestamp)
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(2, 5, 5, 5))
        // And the stolen key is worth nothing.
        scene.attacker.roots = scene.honest.roots
        scene.attacker.signers[.timestamp] = [.of(.timestamp)]
        await scene.expect(
            .refused(.thresholdNotMet(role: .timestamp, required: 1, valid: 0)),
            offline: .trusted(2, 5, 5, 5),
            afterwards: .trusted(2, 5, 5, 5)
        )
    }

    /// With the timestamp key alone: it names a snapshot that does not exist. The client asks, and stays where it is until
    /// the key is rotated.
    @Test func timestampThatNamesAFarSnapshot() async throws {
        let scene = await Scene()
        scene.attacker.timestamp.version = 4
        scene.attacker.timestamp.snapshot = ["version": .integer(Self.far)]
        #expect(await scene.client.refresh(from: scene.attacker) == .missing("\(Self.far).snapshot.json"))
        #expect(try await scene.client.kept() == KeptVersions(root: 1, timestamp: 4, snapshot: 3, targets: 3))
        scene.honest.publish()
        scene.honest.publish()
        #expect(
            await scene.client.refresh(from: scene.honest)
                == .refused(.rollback(role: .snapshot, known: Self.far, offered: 5))
        )
        rotate(scene, .timestamp)
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(2, 6, 6, 6))
    }

    @Test func snapshot() async {
        let scene = await Scene()
        scene.attacker.snapshot.version = Self.far
        scene.attacker.link()
        scene.attacker.timestamp.version = 4
        #expect(await scene.client.refresh(from: scene.attacker) == .trusted(1, 4, Self.far, 3))
        scene.honest.publish()
        scene.honest.publish()
        #expect(
            await scene.client.refresh(from: scene.honest)
                == .refused(.rollback(role: .snapshot, known: Self.far, offered: 5))
        )
        rotate(scene, .timestamp, .snapshot)
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(2, 6, 6, 6))
        #expect(await scene.client.offline() == .trusted(2, 6, 6, 6))
    }

    /// The snapshot lists targets of a far version, with or without such a file.
    @Test(arguments: [true, false])
    func targets(_ hasFile: Bool) async {
        let scene = await Scene()
        if hasFile {
            scene.attacker.targets.version = Self.far
            scene.attacker.publishSnapshot()
            #expect(await scene.client.refresh(from: scene.attacker) == .trusted(1, 4, 4, Self.far))
        } else {
            scene.attacker.snapshot.meta["targets.json"] = ["version": .integer(Self.far)]
            scene.attacker.snapshot.version = 4
            scene.attacker.publishTimestamp()
            #expect(await scene.client.refresh(from: scene.attacker) == .missing("\(Self.far).targets.json"))
        }
        scene.honest.publish()
        scene.honest.publish()
        #expect(
            await scene.client.refresh(from: scene.honest)
                == .refused(.rollback(role: .targets, known: Self.far, offered: 5))
        )
        // The snapshot is what remembers it: rotating the targets key alone does not help, the snapshot key's rotation
        // does.
        rotate(scene, .targets)
        #expect(
            await scene.client.refresh(from: scene.honest)
                == .refused(.rollback(role: .targets, known: Self.far, offered: 6))
        )
        rotate(scene, .snapshot, .timestamp, .targets)
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(3, 7, 7, 7))
    }

    /// A role of the snapshot that the owner does not even have is gone with the snapshot key.
    @Test func inventedRole() async throws {
        let scene = await Scene()
        scene.attacker.snapshot.meta["invented.json"] = ["version": .integer(Self.far)]
        scene.attacker.publishSnapshot()
        #expect(await scene.client.refresh(from: scene.attacker) == .trusted(1, 4, 4, 3))
        scene.honest.publish()
        scene.honest.publish()
        #expect(await scene.client.refresh(from: scene.honest) == .refused(.roleRemoved(try RoleName("invented"))))
        rotate(scene, .snapshot)
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(2, 6, 6, 6))
    }

    /// The conformance suite's case: only the snapshot key changes, targets go back and a role goes, the timestamp rises.
    @Test func recoveryByTheSnapshotKeyAlone() async throws {
        let scene = await Scene { $0.snapshot.meta["other.json"] = ["version": 1] }
        scene.honest.targets.version = 100
        scene.honest.publishSnapshot()
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(1, 4, 4, 100))
        scene.honest.targets.version = 1
        scene.honest.snapshot.meta["other.json"] = nil
        scene.honest.root.roles[.snapshot] = SimulatedRoleKeys([.ed25519(8)])
        scene.honest.publishRoot()
        scene.honest.publishSnapshot()
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(2, 5, 5, 1))
    }

    /// The root itself goes on by one and no further, so that it cannot be fast-forwarded; not even with its key.
    @Test func root() async {
        let scene = await Scene()
        scene.attacker.root.version = Self.far - 1
        scene.attacker.publishRoot()
        scene.attacker.roots[2] = scene.attacker.roots[Self.far]
        scene.attacker.root.version = 1
        await scene.expect(.refused(.versionMismatch(role: .root, expected: 2, found: Self.far)))
    }

    /// The very last version is refused by its form: nothing could ever follow it.
    @Test(arguments: [RoleName.timestamp, .snapshot, .targets])
    func lastVersion(_ role: RoleName) async {
        let scene = await Scene(listsHashes: false)
        switch role {
        case .timestamp: scene.attacker.timestamp.version = .max
        case .snapshot: scene.attacker.snapshot.version = .max
        default: scene.attacker.targets.version = .max
        }
        let outcome: UpdateOutcome
        switch role {
        case .timestamp: outcome = .refused(.malformed(role: .timestamp, field: "signed.version"))
        case .snapshot:
            scene.attacker.publishTimestamp()
            outcome = .refused(.malformed(role: .timestamp, field: "signed.meta.snapshot.json.version"))
        default:
            scene.attacker.publishSnapshot()
            outcome = .refused(.malformed(role: .snapshot, field: "signed.meta.targets.json.version"))
        }
        let honest = scene.honest
        honest.publish()
        honest.publish()
        await scene.expect(
            outcome,
            offline: role == .targets ? .nothingSeen : Scene.good,
            afterwards: .trusted(1, 5, 5, 5)
        )
    }

    /// A rotation that leaves the stolen key in its place does not end the attack: the owner has to take it out.
    @Test func keyThatStays() async {
        let scene = await Scene()
        scene.attacker.timestamp.version = Self.far
        await scene.client.refresh(from: scene.attacker)
        scene.honest.root.roles[.timestamp] = SimulatedRoleKeys([.of(.timestamp), .ed25519(8)])
        scene.honest.publishRoot()
        scene.honest.publish()
        #expect(
            await scene.client.refresh(from: scene.honest)
                == .refused(.rollback(role: .timestamp, known: Self.far, offered: 4))
        )
        scene.honest.root.roles[.timestamp]?.threshold = 2
        scene.honest.publishRoot()
        #expect(await scene.client.refresh(from: scene.honest) == .trusted(3, 4, 4, 4))
    }
}
