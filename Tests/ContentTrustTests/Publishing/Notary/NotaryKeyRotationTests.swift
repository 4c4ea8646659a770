import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// Which keys go and which stay when keys of a collection are replaced.
@Suite struct NotaryKeyRotationTests {
    private func expectUsage(_ found: String, _ body: () async throws -> Void) async {
        let refusal = await #expect(throws: Refusal.self) { try await body() }
        #expect(refusal?.reason == .usage, "\(String(describing: refusal))")
        #expect(refusal?.found.contains(found) == true, "\(String(describing: refusal))")
    }

    private func root(_ world: NotaryPublishingWorld) async throws -> Root { try await world.state().root }

    @Test func aKeyThatNobodyKnowsIsNotReplaced() async throws {
        let world = try await NotaryPublishingWorld(rootKeys: 2)
        let before = await world.server.store.named
        let stranger = TUFKey(notary: try PrivateKey.generate(.ecdsaP256).publicKey).computedID
        let targets = try #require(try await root(world).keys(of: .targets).first)
        for id in [stranger, targets.computedID] {
            await expectUsage("no key of the roles root") { try await world.rotate(.root) { $0.replaced = [id] } }
        }
        await expectUsage("2 of them") { try await world.rotate(.root) }
        #expect(await world.server.store.named == before)
    }

    /// What is named for one role says nothing of another, whose only key is replaced.
    @Test func whatIsNamedIsReplacedRoleByRole() async throws {
        let world = try await NotaryPublishingWorld(rootKeys: 2)
        try await world.sign("1.0")
        let before = try await root(world)
        let old = before.keys(of: .root)
        // By any of its ids.
        let report = try await world.rotate(.root, .targets) { $0.replaced = [old[0].notaryCanonicalID] }
        let after = try await root(world)
        #expect(after.keys(of: .root).count == 2 && after.roleKeys(.root)?.threshold == 2)
        #expect(after.keys(of: .root).contains(old[1]) && !after.keys(of: .root).contains(old[0]))
        #expect(Set(after.keys(of: .targets)).isDisjoint(with: before.keys(of: .targets)))
        #expect(report.roles.map(\.replaced) == [[old[0]], before.keys(of: .targets)])
        #expect(report.roles.map(\.added.count) == [1, 1])
        #expect(try await world.tags() == ["1.0"])
    }

    @Test func asManyKeysAreMadeAsAreReplaced() async throws {
        let world = try await NotaryPublishingWorld(rootKeys: 2)
        try await world.sign("1.0")
        let before = try await root(world)
        let ids = Set(before.keys(of: .root).map(\.computedID))
        let report = try await world.rotate(.root) { $0.replaced = ids }
        let after = try await root(world)
        #expect(report.roles.first?.added.count == 2)
        #expect(after.keys(of: .root).count == 2 && after.roleKeys(.root)?.threshold == 2)
        #expect(ids.isDisjoint(with: after.keys(of: .root).map(\.computedID)))
        #expect(report.pin.anchor == .keys(Set(after.keys(of: .root).map(\.computedID)), threshold: 2))
        // One given key cannot take the place of two.
        let key = try PrivateKey.generate(.ecdsaP256)
        await world.signers.add(key, for: .root)
        await expectUsage("2 of them") {
            try await world.rotate(.root) {
                $0.replaced = Set(after.keys(of: .root).map(\.computedID))
                $0.newKeys[.root] = TUFKey(publicKey: key.publicKey, scheme: key.scheme)
            }
        }
        #expect(try await world.tags() == ["1.0"])
    }

    /// The present key of a root gets a new certificate; that of any other role stays what it is.
    @Test func aKeyThatIsThereAlready() async throws {
        let world = try await NotaryPublishingWorld(rootKeys: 2)
        let before = try await root(world)
        let old = before.keys(of: .root)
        let targets = try #require(before.keys(of: .targets).first)
        await expectUsage("it is a targets key already") {
            try await world.rotate(.targets) { $0.newKeys[.targets] = targets }
        }
        await expectUsage("it is a root key already") {
            try await world.rotate(.root) {
                $0.replaced = [old[1].computedID]
                $0.newKeys[.root] = old[0]
            }
        }
        try await world.rotate(.root) { $0.newKeys[.root] = old[0] }
        let after = try await root(world).keys(of: .root)
        #expect(after.contains(old[1]) && !after.contains(old[0]))
        #expect(Set(after.map(\.publicKey)) == Set(old.map(\.publicKey)))
    }

    @Test func keysAreOfTheAlgorithmThatTheyReplace() async throws {
        let world = try await NotaryPublishingWorld()
        try await world.rotate(.targets) { $0.algorithm = .ecdsaP384 }
        try await world.rotate(.targets)
        #expect(try await root(world).keys(of: .targets).map(\.publicKey?.algorithm) == [.ecdsaP384])
        // A server's key says nothing of one that is made here.
        try await world.rotate(.snapshot) { $0.serverManaged = false }
        #expect(try await root(world).keys(of: .snapshot).map(\.publicKey?.algorithm) == [.ecdsaP256])
    }
}
