import CanonicalJSON
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// A new root, from the proposal to what verifiers see.
@Suite struct RootCeremonyTests {
    typealias World = LocalStoreTests.World

    private static func propose(_ edit: RootEdit, in world: World) async throws -> RootProposal {
        try await world.publisher.proposeRoot(edit, of: world.subject, at: world.location)
    }

    private static func apply(_ proposal: RootProposal, in world: World) async throws -> PublishReport {
        try await world.publisher.applyRoot(proposal, of: world.subject, at: world.location)
    }

    /// Every role's key is replaced, one after the other; who has pinned the first root follows.
    @Test(arguments: [0, 4])
    func everyKeyCanBeReplaced(bins: Int) async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("a", "a")
            let made = try await world.initialize(bins: bins)
            try await world.sign("a")
            var version: Int64 = 1
            for role in RoleName.topLevel {
                let name = "registry.example.com/team/app"
                let new = try await world.signers.makeKey(
                    for: role,
                    repository: role == .root ? nil : name,
                    algorithm: .ed25519
                )
                var edit = RootEdit()
                edit.addedKeys[role] = [new]
                edit.removedKeys[role] = Set((made.keys[role] ?? []).map(\.computedID))
                var proposal = try await Self.propose(edit, in: world)
                let old = try #require(made.keys[role]?.first)
                #expect(proposal.changes.contains(.keyAdded(role, new)))
                #expect(proposal.changes.contains(.keyRemoved(role, old)))
                let refusal = await #expect(throws: Refusal.self) { try await Self.apply(proposal, in: world) }
                #expect(refusal?.reason == .keyUnavailable)
                proposal = try await world.publisher.sign(try RootProposal(parsing: proposal.bytes))
                let report = try await Self.apply(try RootProposal(parsing: proposal.bytes), in: world)
                version += 1
                #expect(report.versions[.root] == version)
                #expect(report.signedRoles.contains(.timestamp))
                #expect(report.signedRoles.first == .root && report.signedRoles.contains(role))
                #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
                // Applied twice it changes nothing.
                #expect(try await Self.apply(proposal, in: world).changed == false)
            }
            try await world.image("b", "b")
            try await world.sign("b")
            #expect(LocalStoreTests.reason(await world.verify("b")) == .trusted)
        }
    }

    /// Two of three people sign; then the threshold is taken back to one of two.
    @Test func thresholds() async throws {
        try await LocalStoreTests.with(plainFiles: false) { world in
            try await world.image("a", "a")
            _ = try await world.initialize()
            try await world.sign("a")
            var edit = RootEdit()
            edit.addedKeys[.root] = [
                try await world.signers.makeKey(for: .root, repository: nil, algorithm: .ecdsaP256),
                try await world.signers.makeKey(for: .root, repository: nil, algorithm: .ed25519),
            ]
            edit.thresholds[.root] = 2
            let proposal = try await Self.propose(edit, in: world)
            #expect(proposal.changes.contains(.threshold(.root, from: 1, to: 2)))
            _ = try await Self.apply(try await world.publisher.sign(proposal), in: world)
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)

            var wrong = RootEdit()
            wrong.thresholds[.root] = 4
            let refusal = await #expect(throws: Refusal.self) { try await Self.propose(wrong, in: world) }
            #expect(refusal?.reason == .usage)

            // One signature is not enough any more.
            var back = RootEdit()
            back.thresholds[.root] = 1
            var one = try await Self.propose(back, in: world)
            let key = try #require(edit.addedKeys[.root]?.first?.publicKey)
            for signer in try await world.signers.signers(for: .root, keys: [key], threshold: 1) {
                one = try await one.signed(by: signer)
            }
            #expect(try one.demands().map(\.isMet) == [false, true])
            let few = await #expect(throws: Refusal.self) { try await Self.apply(one, in: world) }
            #expect(few?.reason == .keyUnavailable)
            _ = try await Self.apply(try await world.publisher.sign(one), in: world)
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
        }
    }

    /// A proposal upon a root that is not the newest any more.
    @Test func anotherRootWasFaster() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            _ = try await world.initialize()
            let late = try await world.publisher.sign(try await Self.propose(RootEdit(), in: world))
            world.clock.advance(bySeconds: 60)
            let first = try await world.publisher.sign(try await Self.propose(RootEdit(), in: world))
            _ = try await Self.apply(first, in: world)
            let refusal = await #expect(throws: Refusal.self) { try await Self.apply(late, in: world) }
            #expect(refusal?.reason == .conflict)
        }
    }

    /// An expired root is replaced by one that is not.
    @Test func anExpiredRootIsRenewed() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            try await world.image("a", "a")
            _ = try await world.initialize()
            try await world.sign("a")
            world.clock.advance(bySeconds: 3651 * 86_400)
            #expect(LocalStoreTests.reason(await world.verify("a")) == .expired)
            _ = try await Self.apply(
                try await world.publisher.sign(try await Self.propose(RootEdit(), in: world)),
                in: world
            )
            _ = try await world.publisher.refresh(world.subject, at: world.location)
            #expect(LocalStoreTests.reason(await world.verify("a")) == .trusted)
        }
    }

    /// What a proposal changes besides keys and thresholds is told, too.
    @Test func nothingIsHidden() async throws {
        try await LocalStoreTests.with(plainFiles: true) { world in
            _ = try await world.initialize()
            let proposal = try await Self.propose(RootEdit(), in: world)
            var draft = RoleDraft(editing: proposal.previous, role: .root)
            draft.setVersion(2, expires: proposal.proposed.common.expires, issued: nil)
            draft.setField("consistent_snapshot", to: false)
            draft.setField("x-other", to: "y")
            var roles = try #require(draft.signed["roles"]?.object)
            var targets = try #require(roles["targets"]?.object)
            targets["x-role"] = 1
            let mirrors = targets
            roles["targets"] = .object(targets)
            roles["mirrors"] = .object(mirrors)
            draft.setField("roles", to: .object(roles))
            let changes = try RootProposal(draft, after: proposal.previous).changes
            #expect(changes.contains(.field("consistent_snapshot", from: "true", to: "false")))
            #expect(changes.contains(.field("roles.targets", from: "{}", to: #"{"x-role":1}"#)))
            #expect(changes.contains { if case .field("roles.mirrors", nil, _) = $0 { true } else { false } })
            #expect(changes.contains(.field("x-other", from: nil, to: "\"y\"")))
        }
    }
}
