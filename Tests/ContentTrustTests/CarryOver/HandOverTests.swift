import NotaryAPI
import OCI
import OCIRegistry
import TUF
import TUFClient
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// Whoever has pinned a Notary collection follows to what its root key holders made of it, and to nothing else.
@Suite struct HandOverTests {
    static let gun = "registry.example.com/team/app"
    static let other = "registry.example.com/team/other"

    /// A collection, the publisher who carries it over, and a consumer who has pinned it.
    struct World {
        let directory: TemporaryDirectory
        let clock = SimulatedClock()
        let signers = TestSigners()
        let publisher: Publisher
        let consumer: TrustSession
        var notary: NotarySimulator
        let subject: Subject
        let location: StoreLocation

        init() async throws {
            let directory = try TemporaryDirectory()
            self.directory = directory
            subject = .registry(try RepositoryName(parsing: HandOverTests.gun))
            let clock = clock
            func session(_ name: String) -> TrustSession {
                TrustSession(home: TrustHome(path: directory.file(name)), clock: clock) {
                    (_) throws(RegistryError) in throw .cancelled
                }
            }
            publisher = Publisher(session: session("publisher"), signers: signers)
            consumer = session("consumer")
            location = .directory(path: directory.file("trust-data"))
            notary = try NotarySimulator(gun: HandOverTests.gun, now: SimulatedClock.start)
            try await notary.publish()
        }

        /// Publishes trust data with a root that carries a statement.
        func begin(
            by key: PrivateKey,
            saying handOver: HandOver,
            of subject: Subject? = nil
        ) async throws {
            await signers.add(key, for: .root)
            _ = try await publisher.begin(
                subject ?? self.subject,
                at: location,
                rootKeys: [TUFKey(publicKey: key.publicKey, scheme: key.scheme)],
                threshold: 1,
                targetsKeys: [],
                tags: TagTable(),
                handOver: handOver
            )
        }

        /// The statement of the collection as it is.
        var handOver: HandOver {
            HandOver(gun: notary.gun, roots: notary.roots.sorted { $0.key < $1.key }.map(\.value))
        }

        var rootKey: PrivateKey {
            get throws { try #require(notary.keys[.root]) }
        }

        func pin(_ anchor: RootAnchor, for name: String = HandOverTests.gun) async throws {
            let pin = Pin(scope: .repository(name), dialect: .notary, anchor: anchor)
            _ = try await consumer.home.pins.add(pin, replacing: true)
        }

        mutating func pinCertificate() async throws {
            try await pin(.keys([try notary.listed(.root).computedID], threshold: 1))
        }

        func follow() async -> Result<FollowedHandOver, Refusal> {
            do throws(Refusal) {
                return .success(try await TrustVerifier(session: consumer).follow(subject, to: subject, at: location))
            } catch {
                return .failure(error)
            }
        }

        func verify() async throws(Refusal) {
            _ = try await TrustVerifier(session: consumer).trustData(of: subject, at: location)
        }

        mutating func rotateNotary() async throws {
            let former = try rootKey
            notary.keys[.root] = try PrivateKey.generate(.ecdsaP256)
            for role in notary.versions.keys { notary.versions[role, default: 0] += 1 }
            try await notary.publish(formerRootKey: former)
        }
    }

    static func reason(_ result: Result<FollowedHandOver, Refusal>) -> Reason? {
        if case .failure(let refusal) = result { refusal.reason } else { nil }
    }

    // MARK: Following

    @Test(arguments: ["certificate", "key", "root file"])
    func pinsOfEveryForm(form: String) async throws {
        var world = try await World()
        switch form {
        case "certificate": try await world.pinCertificate()
        case "key": try await world.pin(.keys([try world.notary.listed(.root).notaryCanonicalID], threshold: 1))
        default: try await world.pin(.root(try #require(world.notary.roots[1])))
        }
        try await world.begin(by: world.rootKey, saying: world.handOver)
        await #expect(throws: Refusal.self) { try await world.verify() }
        let followed = try await world.follow().get()
        #expect(followed.isNew && followed.notaryRoot == 1)
        try await world.verify()
        #expect(try await world.follow().get().isNew == false)
    }

    /// The pin is older than a rotation of the collection's root; the key after it has handed over.
    @Test func afterARotation() async throws {
        var world = try await World()
        try await world.pinCertificate()
        try await world.rotateNotary()
        try await world.begin(by: world.rootKey, saying: world.handOver)
        #expect(try await world.follow().get().notaryRoot == 2)
        try await world.verify()
    }

    @Test func nothingIsPinned() async throws {
        let world = try await World()
        try await world.begin(by: world.rootKey, saying: world.handOver)
        #expect(Self.reason(await world.follow()) == .noPin)
    }

    @Test func thereIsNoTrustData() async throws {
        var world = try await World()
        try await world.pinCertificate()
        #expect(Self.reason(await world.follow()) == .unsignedRepository)
    }

    // MARK: What is no hand-over

    /// Somebody copies the statement and signs it with a key of their own.
    @Test func strangersCannotHandOver() async throws {
        var world = try await World()
        try await world.pinCertificate()
        try await world.begin(by: .generate(.ecdsaP256), saying: world.handOver)
        #expect(Self.reason(await world.follow()) == .wrongRoot)
        #expect(try world.consumer.home.pins.pin(for: Self.gun) == nil)
    }

    /// A key in the root whose certificate is for another collection does not count for Notary, nor does it hand over.
    @Test func aKeyWithACertificateForAnotherName() async throws {
        var world = try await World()
        let stranger = try PrivateKey.generate(.ecdsaP256)
        let root = try await world.notary.rootListing(stranger, certifiedFor: Self.other)
        try await world.pin(.root(root))
        try await world.begin(by: stranger, saying: HandOver(gun: Self.gun, roots: [root]))
        #expect(Self.reason(await world.follow()) == .wrongRoot)
    }

    /// Docker's root keys serve many collections: one is not another's continuation.
    @Test func anotherCollectionOfTheSameKey() async throws {
        var world = try await World()
        try await world.pinCertificate()
        let statement = HandOver(gun: Self.other, roots: world.handOver.roots)
        try await world.begin(by: world.rootKey, saying: statement)
        #expect(Self.reason(await world.follow()) == .wrongRepository)
    }

    /// The trust data of another repository, served under this one's name.
    @Test func anotherRepositorysTrustData() async throws {
        var world = try await World()
        try await world.pinCertificate()
        let other = Subject.registry(try RepositoryName(parsing: Self.other))
        try await world.begin(by: world.rootKey, saying: world.handOver, of: other)
        #expect(Self.reason(await world.follow()) == .wrongRepository)
    }

    /// The key was rotated away at Notary, and this machine has seen that: it can no longer hand over.
    @Test func aKeyThatWasReplaced() async throws {
        var world = try await World()
        try await world.pinCertificate()
        let old = try world.rootKey
        let statement = world.handOver
        try await world.rotateNotary()
        let pin = try #require(try world.consumer.home.pins.pin(for: Self.gun, dialect: .notary))
        let cache = world.consumer.cache(pin, repository: Self.gun)
        let empty = try await cache.load()
        var seen = empty
        seen.roots = world.notary.roots
        let isKept = try await cache.replace(empty, with: seen)
        #expect(isKept)
        try await world.begin(by: old, saying: statement)
        #expect(Self.reason(await world.follow()) == .rollback)
    }

    /// Trust data that was made without a collection says nothing of one.
    @Test func trustDataWithoutAStatement() async throws {
        var world = try await World()
        try await world.pinCertificate()
        await world.signers.add(try world.rootKey, for: .root)
        _ = try await world.publisher.initialize(world.subject, at: world.location)
        #expect(Self.reason(await world.follow()) == .wrongRepository)
    }

    @Test func anotherPinIsNotReplaced() async throws {
        var world = try await World()
        try await world.pinCertificate()
        try await world.begin(by: world.rootKey, saying: world.handOver)
        let id = KeyID(Digest.compute(over: [UInt8]().span))
        let pin = Pin(scope: .repository(Self.gun), anchor: .keys([id], threshold: 1))
        _ = try await world.consumer.home.pins.add(pin, replacing: false)
        #expect(Self.reason(await world.follow()) == .usage)
        #expect(try world.consumer.home.pins.pin(for: Self.gun) == pin)
    }
}
