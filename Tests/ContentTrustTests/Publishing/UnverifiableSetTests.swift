import ContentTrust
import TUF
import Testing
import TrustTestSupport

/// What is in the store cannot be verified: who may put another set in its place, and who may not.
@Suite struct UnverifiableSetTests {
    typealias World = LocalStoreTests.World
    typealias Forgery = StoreThief.Forgery

    /// A world with one signed tag, which a consumer has verified, and a thief.
    private static func with(_ body: (World, StoreThief) async throws -> Void) async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("a", "a")
            let made = try await world.initialize()
            try await world.sign("a")
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
            try await body(world, StoreThief(world: world, keys: made.keys))
        }
    }

    private static func timestamp(_ world: World) throws -> [UInt8] {
        try Files.read("\(HostileStoreTests.store(world))/timestamp.json")
    }

    /// The publisher's machine remembers the good set. Consumers who saw the thief's timestamp take the next one only when
    /// it is newer still.
    @Test(arguments: Forgery.allCases, [false, true])
    func aRefreshPutsTheGoodSetBack(forgery: Forgery, consumerLooked: Bool) async throws {
        try await Self.with { world, thief in
            let stolen = try await thief.publish(forgery, step: 5)
            if consumerLooked { #expect(LocalStoreTests.reason(await world.verify("a")) == .badSignature) }
            let report = try await world.publisher.refresh(world.subject, at: world.location)
            #expect(report.changed)
            #expect(try #require(report.versions[.timestamp]) > stolen)
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
            try await world.image("b", "b")
            try await world.sign("b")
            #expect(LocalStoreTests.reason(await world.verify("b")) == .trusted)
        }
    }

    /// Whoever notices the theft has looked: the good set is still remembered then.
    @Test(arguments: Forgery.allCases)
    func aPublisherThatLookedStillPutsItBack(forgery: Forgery) async throws {
        try await Self.with { world, thief in
            _ = try await thief.publish(forgery, step: 1)
            let verifier = TrustVerifier(session: world.publisherSession, options: TrustVerifier.Options())
            let query = Query(subject: world.subject, tag: "a", location: world.location)
            #expect(LocalStoreTests.reason(await verifier.verify(query)) == .badSignature)
            _ = try await world.publisher.refresh(world.subject, at: world.location)
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
            #expect(LocalStoreTests.reason(await verifier.verify(query)) == .trusted)
        }
    }

    /// New keys end it for good, whatever versions the thief signs, and whoever has looked.
    @Test(arguments: Forgery.allCases, [5, CommonFields.maximumVersion / 2])
    func aRotationPutsTheGoodSetBack(forgery: Forgery, step: Int64) async throws {
        try await Self.with { world, thief in
            _ = try await thief.publish(forgery, step: step)
            #expect(LocalStoreTests.reason(await world.verify("a")) == .badSignature)
            _ = try await world.publisher.rotate(
                KeyRotation(roles: [.snapshot, .timestamp]),
                of: world.subject,
                at: world.location
            )
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
        }
    }

    /// Above the highest version there is nothing: only new keys help then, and the publisher is told so.
    @Test(arguments: Forgery.allCases)
    func nothingLiesAboveTheHighestVersion(forgery: Forgery) async throws {
        try await Self.with { world, thief in
            #expect(
                try await thief.publish(forgery, step: CommonFields.maximumVersion - 2) == CommonFields.maximumVersion
            )
            let refusal = await #expect(throws: Refusal.self) {
                try await world.publisher.refresh(world.subject, at: world.location)
            }
            #expect(refusal?.reason == .rollback && refusal?.next?.contains("trustctl key rotate") == true)
            _ = try await world.publisher.rotate(
                KeyRotation(roles: [.targets, .snapshot, .timestamp]),
                of: world.subject,
                at: world.location
            )
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
        }
    }

    /// With the timestamp key alone, as CI has it, those are served who have not seen the thief's set.
    @Test(arguments: Forgery.allCases)
    func theTimestampKeyAloneDoesWhatItCan(forgery: Forgery) async throws {
        try await Self.with { world, thief in
            let stolen = try await thief.publish(forgery, step: 5)
            await world.signers.withhold([.root, .targets, .snapshot])
            let refusal = await #expect(throws: Refusal.self) {
                try await world.publisher.refresh(world.subject, at: world.location)
            }
            // This machine has seen it.
            #expect(refusal?.reason == .rollback)
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
            await world.signers.withhold([])
            let report = try await world.publisher.refresh(world.subject, at: world.location)
            #expect(try #require(report.versions[.timestamp]) > stolen)
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
        }
    }

    /// Whoever changes tags looks at what is there: that is not for a change of tags to overwrite.
    @Test(arguments: Forgery.allCases)
    func nobodyElseReplacesIt(forgery: Forgery) async throws {
        try await Self.with { world, thief in
            _ = try await thief.publish(forgery, step: 1)
            let before = try Self.timestamp(world)
            try await world.image("b", "b")
            let changes: [() async throws -> Void] = [
                { try await world.sign("b") },
                { _ = try await world.publisher.revoke(["a"], of: world.subject, at: world.location) },
                { _ = try await world.publisher.rebin(.count(4), of: world.subject, at: world.location) },
                {
                    _ = try await world.publisher.removeSigner(
                        try RoleName("bob"),
                        keepingTags: false,
                        of: world.subject,
                        at: world.location
                    )
                },
            ]
            for change in changes {
                let refusal = await #expect(throws: Refusal.self) { try await change() }
                #expect(refusal?.reason == .badSignature)
                #expect(try Self.timestamp(world) == before)
            }
        }
    }

    /// Another root is another's repository, or one that was begun anew.
    @Test func aSetUnderAnotherRootStays() async throws {
        try await Self.with { world, _ in
            try await LocalStoreTests.with(plainFiles: true) { other in
                try await other.image("a", "another")
                _ = try await other.initialize()
                try await other.sign("a")
                try Files.remove(HostileStoreTests.store(world))
                try Files.copy(HostileStoreTests.store(other), to: HostileStoreTests.store(world))
            }
            let before = try Self.timestamp(world)
            let changes: [() async throws -> Void] = [
                { _ = try await world.publisher.refresh(world.subject, at: world.location) },
                {
                    _ = try await world.publisher.rotate(
                        KeyRotation(roles: [.timestamp]),
                        of: world.subject,
                        at: world.location
                    )
                },
            ]
            for change in changes {
                let refusal = await #expect(throws: Refusal.self) { try await change() }
                #expect(refusal?.reason == .wrongRoot)
                #expect(try Self.timestamp(world) == before)
            }
        }
    }

    /// A machine that has seen nothing has nothing to put there.
    @Test func aMachineWithoutMemoryLeavesItAlone() async throws {
        try await Self.with { world, thief in
            _ = try await thief.publish(.noTargets, step: 1)
            let before = try Self.timestamp(world)
            try Files.remove(HostileStoreTests.memory(world))
            let refusal = await #expect(throws: Refusal.self) {
                try await world.publisher.refresh(world.subject, at: world.location)
            }
            #expect(refusal?.reason == .badSignature)
            #expect(try Self.timestamp(world) == before)
        }
    }
}
