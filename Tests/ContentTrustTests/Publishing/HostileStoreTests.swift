import ContentTrust
import Testing
import TrustTestSupport

/// A store that serves old sets to publishers, who must not sign them anew.
@Suite struct HostileStoreTests {
    typealias World = LocalStoreTests.World

    /// What the store holds, or what the publisher has seen, to be put back later.
    struct Saved {
        private let path: String
        private let copy: String

        init(_ path: String, in world: World, as name: String) throws {
            self.path = path
            copy = world.directory.file(name)
            try Files.copy(path, to: copy)
        }

        func putBack() throws {
            try Files.remove(path)
            try Files.copy(copy, to: path)
        }
    }

    static func store(_ world: World) -> String { world.directory.file("trust-data") }
    static func memory(_ world: World) -> String { "\(world.publisherSession.home.trust)/seen" }

    static func revoke(_ tag: String, in world: World) async throws {
        _ = try await world.publisher.revoke([tag], of: world.subject, at: world.location)
    }

    static func reason(_ tag: String, in world: World) async -> Reason {
        LocalStoreTests.reason(await world.verify(tag))
    }

    /// Older than any set that the newest one lists: nothing says that it went into that one.
    @Test(arguments: [3, Lineage.window + 3], [0, 4])
    func anOldSetIsNotBuiltUpon(publishings: Int, bins: Int) async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("t", "old")
            try await world.image("r", "revoked later")
            _ = try await world.initialize(bins: bins)
            try await world.sign("t", "r")
            let old = try Saved(Self.store(world), in: world, as: "old")
            let digest = try await world.image("t", "new")
            try await world.sign("t")
            try await Self.revoke("r", in: world)
            for index in 0..<publishings {
                try await world.image("\(index)", "\(index)")
                try await world.sign("\(index)")
            }
            #expect(try await world.verify("t").get().digest == digest)
            try old.putBack()
            #expect(await Self.reason("t", in: world) == .rollback)
            _ = try await world.publisher.refresh(world.subject, at: world.location)
            #expect(try await world.verify("t").get().digest == digest)
            #expect(await Self.reason("r", in: world) == .unsignedTag)
            #expect(await Self.reason("0", in: world) == .trusted)
        }
    }

    /// A set that was signed and overwritten before anybody merged it is in nobody's list, and stays good for ever.
    @Test(arguments: [0, 2])
    func anOverwrittenSetDoesNotWinOverWhatWasSeen(bins: Int) async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("t", "first")
            _ = try await world.initialize(bins: bins)
            let store = try Saved(Self.store(world), in: world, as: "store")
            let memory = try Saved(Self.memory(world), in: world, as: "memory")
            try await world.sign("t")
            let overwritten = try Saved(Self.store(world), in: world, as: "overwritten")
            try store.putBack()
            try memory.putBack()
            try await world.sign("t")
            let digest = try await world.image("t", "second")
            try await world.sign("t")
            try overwritten.putBack()
            try await world.image("u", "another")
            try await world.sign("u")
            #expect(try await world.verify("t").get().digest == digest)
            #expect(await Self.reason("u", in: world) == .trusted)
        }
    }

    /// A merge that changes no record still has to say, signed, that the revocations of both sides are in it.
    @Test(arguments: [0, 2])
    func aRevocationSurvivesMerges(bins: Int) async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            for tag in ["t", "w", "z"] { try await world.image(tag, tag) }
            _ = try await world.initialize(bins: bins)
            try await world.sign("t", "w")
            let store = try Saved(Self.store(world), in: world, as: "store")
            let memory = try Saved(Self.memory(world), in: world, as: "memory")
            // Another publisher revokes one tag,
            try await Self.revoke("t", in: world)
            let otherStore = try Saved(Self.store(world), in: world, as: "other-store")
            let otherMemory = try Saved(Self.memory(world), in: world, as: "other-memory")
            try store.putBack()
            try memory.putBack()
            // this one both, and then it meets the other's set,
            try await Self.revoke("t", in: world)
            try await Self.revoke("w", in: world)
            try otherStore.putBack()
            _ = try await world.publisher.refresh(world.subject, at: world.location)
            #expect(await Self.reason("w", in: world) == .unsignedTag)
            let merged = try Saved(Self.memory(world), in: world, as: "merged-memory")
            // from which the other publisher went on in the meantime.
            try otherStore.putBack()
            try otherMemory.putBack()
            try await world.sign("z")
            try merged.putBack()
            _ = try await world.publisher.refresh(world.subject, at: world.location)
            #expect(await Self.reason("z", in: world) == .trusted)
            #expect(await Self.reason("w", in: world) == .unsignedTag)
            #expect(await Self.reason("t", in: world) == .unsignedTag)
        }
    }
}
