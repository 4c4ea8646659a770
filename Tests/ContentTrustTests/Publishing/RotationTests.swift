import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// New keys, and what the old ones still count for.
@Suite struct RotationTests {
    typealias World = LocalStoreTests.World

    /// Whoever publishes a new root takes in what came up under the present one since it looked; others leave it alone.
    @Test(arguments: [true, false])
    func whatComesUpUnderThePresentRootIsTakenIn(replacesRoot: Bool) {
        var publishing = PublishingProtocol<String>(
            slotCount: 2,
            copies: 1,
            replacesRoot: replacesRoot,
            maximumRounds: 5,
            choose: { $0.first ?? 0 }
        )
        let present = LineageTests.lineage("present", version: 3)
        let mine = LineageTests.lineage("mine", version: 4, ancestors: [present.own], root: 2)
        let other = LineageTests.lineage("other", version: 4, ancestors: [present.own])
        #expect(publishing.next(.none) == .readSlot(0))
        #expect(publishing.next(.names(nil)) == .readSlot(1))
        #expect(publishing.next(.names(nil)) == .readPointer)
        #expect(publishing.next(.names("present")) == .examine(["present"]))
        #expect(
            publishing.next(.lineages(["present": present])) == .prepare(present: "present", announced: [])
        )
        #expect(publishing.next(.prepared("mine", mine)) == .confirmSlot(0))
        #expect(publishing.next(.names(nil)) == .announce(slot: 0, "mine"))
        #expect(publishing.next(.written) == .readSlot(0))
        #expect(publishing.next(.names("mine")) == .readSlot(1))
        #expect(publishing.next(.names("other")) == .readPointer)
        #expect(publishing.next(.names("present")) == .examine(["other"]))
        #expect(
            publishing.next(.lineages(["other": other]))
                == (replacesRoot ? .backOff(round: 2) : .movePointer("mine"))
        )
    }

    /// The rotation goes on with the key that it had made, and ends when it was published already.
    @Test(arguments: [0, 4])
    func goesOn(bins: Int) async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("a", "a")
            _ = try await world.initialize(bins: bins)
            try await world.sign("a")
            let rotation = KeyRotation(roles: [.targets, .root])
            // The old targets key must not be needed, the snapshot key is.
            await world.signers.withhold([.snapshot])
            let refusal = await #expect(throws: Refusal.self) {
                try await world.publisher.rotate(rotation, of: world.subject, at: world.location)
            }
            #expect(refusal?.reason == .keyUnavailable)
            await world.signers.withhold([])
            let made = try await world.signers.rootKeys()
            #expect(made.count == 2)
            let stopped = await #expect(throws: Refusal.self) {
                try await world.publisher.rotate(rotation, of: world.subject, at: world.location) {
                    (_) throws(Refusal) in throw Refusal(.storage, checked: "this", found: "the end")
                }
            }
            #expect(stopped?.reason == .storage)
            let report = try await world.publisher.rotate(rotation, of: world.subject, at: world.location)
            #expect(report.finishesEarlierRun && report.roles.map(\.role) == [.root, .targets])
            #expect(report.roles.first?.added == [made[1]] && report.roles.first?.replaced == [made[0]])
            #expect(report.published.versions[.root] == 2)
            #expect(try await world.signers.rootKeys() == made)
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
            let again = try await world.publisher.rotate(rotation, of: world.subject, at: world.location)
            #expect(!again.finishesEarlierRun && again.published.versions[.root] == 3)
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
        }
    }

    /// A key is in use where the newest root that was seen of another repository lists it.
    @Test func usesOfAKeyAreFound() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            let made = try await world.initialize()
            let id = try #require(made.keys[.root]?.first?.computedID)
            let home = world.publisherSession.home
            #expect(try home.repositories(using: id, except: "another") == [made.repository])
            #expect(try home.repositories(using: id, except: made.repository) == [])
            _ = try await world.publisher.rotate(
                KeyRotation(roles: [.root]),
                of: world.subject,
                at: world.location
            )
            #expect(try home.repositories(using: id, except: "another") == [])
            try await runSuccessfully(Command("mkdir", ["-p", "\(home.trust)/seen/other/anchor"]))
            try Files.write(Array("{".utf8), to: "\(home.trust)/seen/other/anchor/1.root.json")
            #expect(throws: Refusal.self) { try home.repositories(using: id, except: "another") }
        }
    }
}
