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

    /// Three root keys, of which two must sign. The first one is what the consumer has pinned.
    private static func threeRootKeys(_ world: World) async throws -> [TUFKey] {
        try await world.image("a", "a")
        let made = try await world.initialize()
        try await world.sign("a")
        var edit = RootEdit()
        edit.addedKeys[.root] = [
            try await world.signers.makeKey(for: .root, repository: nil, algorithm: .ecdsaP256),
            try await world.signers.makeKey(for: .root, repository: nil, algorithm: .ed25519),
        ]
        edit.thresholds[.root] = 2
        let proposal = try await world.publisher.proposeRoot(edit, of: world.subject, at: world.location)
        let signed = try await world.publisher.sign(proposal)
        _ = try await world.publisher.applyRoot(signed, of: world.subject, at: world.location)
        return (made.keys[.root] ?? []) + (edit.addedKeys[.root] ?? [])
    }

    private static func replacing(_ key: TUFKey) -> KeyRotation {
        var rotation = KeyRotation(roles: [.root])
        rotation.replaced = [key.computedID]
        return rotation
    }

    /// Whichever of three keys is lost, the two that are left replace it, and whoever has pinned the first root follows.
    @Test(arguments: 0..<3, [false, true])
    func oneOfThreeRootKeysIsLost(index: Int, consumerSawTheThree: Bool) async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            let keys = try await Self.threeRootKeys(world)
            if consumerSawTheThree { #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted) }
            await world.signers.lose(keys[index])
            let report = try await world.publisher.rotate(
                Self.replacing(keys[index]),
                of: world.subject,
                at: world.location
            )
            #expect(report.published.versions[.root] == 3)
            #expect(report.roles.first?.replaced == [keys[index]])
            guard case .keys(let pinned, let threshold) = report.pin.anchor else {
                Issue.record("no pin of keys: \(report.pin)")
                return
            }
            let left = Set(keys.map(\.computedID)).subtracting([keys[index].computedID])
            let added = try #require(report.roles.first?.added.first?.computedID)
            #expect(pinned == left.union([added]) && threshold == 2)
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
            // The new key counts like the others: with one of the old ones it replaces the last.
            let last = try #require(keys.first { left.contains($0.computedID) })
            await world.signers.lose(last)
            let again = try await world.publisher.rotate(Self.replacing(last), of: world.subject, at: world.location)
            #expect(again.published.versions[.root] == 4)
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
        }
    }

    /// With one key of two that must sign nothing is published, and it is said what those who have the others are to do.
    @Test func tooFewRootKeysAreLeft() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            let keys = try await Self.threeRootKeys(world)
            for key in keys.prefix(2) { await world.signers.lose(key) }
            for _ in 0..<2 {
                let refusal = await #expect(throws: Refusal.self) {
                    try await world.publisher.rotate(
                        Self.replacing(keys[0]),
                        of: world.subject,
                        at: world.location
                    )
                }
                #expect(refusal?.reason == .keyUnavailable)
                let added = try #require(try await world.signers.rootKeys().last?.computedID)
                for words in [
                    "--key-store DIR", "trustctl root propose", "--add-key root=\(added)",
                    "--remove-key root=\(keys[0].computedID)",
                ] {
                    #expect(refusal?.next?.contains(words) == true, "\(String(describing: refusal?.next))")
                }
                // The one that is left, and the one that was made: not another one each time.
                #expect(try await world.signers.rootKeys().count == 2)
            }
            #expect(!Files.exists(world.directory.file("trust-data/3.root.json")))
            // The tags go on being signed.
            try await world.image("b", "b")
            try await world.sign("b")
            #expect(LocalStoreTests.reason(await world.verify("b")) == .trusted)
        }
    }

    /// What must not happen before the new set was published and read back: deleting the old keys.
    @Test func theEndComesAfterThePublish() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("a", "a")
            _ = try await world.initialize()
            try await world.sign("a")
            let rotation = KeyRotation(roles: [.timestamp])
            func rotate(_ whenPublished: (RotationReport) async throws(Refusal) -> Void) async throws {
                _ = try await world.publisher.rotate(
                    rotation,
                    of: world.subject,
                    at: world.location,
                    whenPublished: whenPublished
                )
            }
            await world.signers.withhold([.root])
            await #expect(throws: Refusal.self) {
                try await rotate { (_) throws(Refusal) in Issue.record("nothing is published yet") }
            }
            await world.signers.withhold([])
            var calls = 0
            try await rotate { (report) async throws(Refusal) in
                calls += 1
                #expect(report.published.versions[.root] == 2)
                let image = await world.verify("a")
                #expect(LocalStoreTests.reason(image) == .trusted)
                if case .trusted(let image) = image { #expect(image.evidence.versions[.root] == 2) }
            }
            #expect(calls == 1)
        }
    }

    /// What was published and cannot be read back is no end: the old keys may be needed yet.
    @Test func theEndDoesNotComeWithoutReadingBack() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("a", "a")
            let made = try await world.initialize()
            try await world.sign("a")
            // This machine has seen newer targets listed, and cannot sign any.
            _ = try await StoreThief(world: world, keys: made.keys).publish(.noTargets, step: 5)
            await world.signers.withhold([.targets])
            let refusal = await #expect(throws: Refusal.self) {
                _ = try await world.publisher.rotate(
                    KeyRotation(roles: [.timestamp]),
                    of: world.subject,
                    at: world.location
                ) { (_) throws(Refusal) in Issue.record("it was not read back") }
            }
            #expect(refusal?.reason == .rollback)
            #expect(Files.exists("\(HostileStoreTests.store(world))/2.root.json"))
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
