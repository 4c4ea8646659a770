import OCI
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// An import that has images to carry over, and what a second one finds.
@Suite struct NotaryImportRunTests {
    private static func fates(_ plan: NotaryImportPlan) -> [String: NotaryImportPlan.Fate] {
        Dictionary(plan.tags.map { ($0.name, $0.fate) }) { first, _ in first }
    }

    /// Collections have many tags for few images.
    @Test func eachImageIsAskedForOnce() async throws {
        var world = try await ImportWorld()
        for number in 0..<40 { world.sign("1.\(number)", "image \(number % 2)") }
        try await world.publish()
        let plan = try await world.carrying().plan()
        #expect(plan.carried.count == 40)
        #expect(world.images.requests.values.sorted() == [1, 1])
    }

    /// `notary addhash --sha512` signs what nobody can look up by an image's digest.
    @Test func oneTagWithoutSHA256IsLeft() async throws {
        var world = try await ImportWorld()
        world.sign("1.0", "image")
        let digest = Digest.compute(.sha512, over: [1].span)
        world.notary.records[.targets, default: [:]]["odd"] = TargetRecord(length: 1, hashes: [digest])
        try await world.publish()
        let report = try await world.carrying().run()
        #expect(report.plan.carried.map(\.name) == ["1.0"])
        let odd = try #require(report.plan.tags.first { $0.name == "odd" })
        #expect(odd.digest == digest)
        guard case .left = odd.fate else {
            Issue.record("\(odd.fate)")
            return
        }
    }

    // MARK: Expiry

    /// The metadata is good for a year, and the certificates were for a day: verifiers refuse that.
    @Test func expiredCertificatesHaveToBeAccepted() async throws {
        var world = try await ImportWorld()
        world.sign("1.0", "image")
        _ = try world.notary.listed(.root, notAfter: SimulatedClock.start.advanced(bySeconds: 86_400))
        try await world.publish()
        world.clock.advance(bySeconds: 3 * 86_400)
        let carrying = try await world.carrying()
        let error = await #expect(throws: Refusal.self) { try await carrying.plan() }
        #expect(error?.reason == .certificateExpired)
        #expect(error?.next?.contains("--accept-expired") == true)
        let report = try await world.carrying(acceptsExpired: true).run()
        #expect(report.plan.hasExpiredCertificates && report.plan.expired.isEmpty)
        #expect(report.plan.carried.map(\.name) == ["1.0"])
    }

    /// Nothing is renewed in a copy.
    @Test func copiesAreNotToBeRefreshed() async throws {
        var world = try await ImportWorld()
        try await world.publish()
        world.clock.advance(bySeconds: 400 * 86_400)
        let carrying = try await world.carrying()
        let error = await #expect(throws: Refusal.self) { try await carrying.plan() }
        #expect(error?.reason == .expired)
        #expect(error?.next?.contains("trustctl") == false)
        #expect(error?.next?.contains("--accept-expired") == true)
        #expect(!(try await world.carrying(acceptsExpired: true).plan().expired.isEmpty))
    }

    // MARK: Keys

    /// Without them a run would end at once, and a plan must not read as if all were well.
    @Test func aPlanSaysWhichKeysAreMissing() async throws {
        var world = try await ImportWorld()
        world.sign("1.0", "image")
        try await world.publish()
        await world.signers.withhold([.root])
        let plan = try await world.carrying().plan()
        #expect(plan.missingKeys == [.root])
        let carrying = try await world.carrying()
        let error = await #expect(throws: Refusal.self) { try await carrying.run() }
        #expect(error?.reason == .keyUnavailable)

        await world.signers.withhold([])
        #expect(try await world.carrying().plan().missingKeys.isEmpty)
        _ = try await world.carrying().run()
        // The root key has done its work.
        await world.signers.withhold([.root])
        #expect(try await world.carrying().plan().missingKeys.isEmpty)
        await world.signers.withhold([.root, .targets, .timestamp])
        #expect(try await world.carrying().plan().missingKeys == [.timestamp])
        world.sign("2.0", "image")
        try await world.publish()
        #expect(try await world.carrying().plan().missingKeys == [.targets, .timestamp])
    }

    // MARK: A second import

    /// What the collection takes back is still signed in the registry; nobody may read that as success.
    @Test func aSecondImportNamesWhatWasRevokedAndMoved() async throws {
        var world = try await ImportWorld()
        for tag in ["kept", "moved", "revoked"] { world.sign(tag, "image") }
        try await world.publish()
        #expect(try await !world.carrying().run().plan.disagrees)
        world.notary.records[.targets]?["revoked"] = nil
        world.sign("moved", "another image")
        world.sign("new", "another image")
        try await world.publish()

        let report = try await world.carrying().run()
        #expect(report.plan.unlisted.map(\.tag) == ["revoked"])
        #expect(report.plan.disagrees)
        let fates = Self.fates(report.plan)
        #expect(fates["kept"] == .present && fates["new"] == .carried)
        guard case .differs = fates["moved"] else {
            Issue.record("\(fates)")
            return
        }
        #expect(try await world.signedTags() == ["kept", "moved", "new", "revoked"])

        world.notary.records[.targets]?["moved"] = nil
        try await world.publish()
        let pruned = try await world.carrying(prunes: true).run()
        #expect(pruned.plan.unlisted.map(\.tag) == ["moved", "revoked"])
        #expect(!pruned.plan.disagrees)
        #expect(try await world.signedTags() == ["kept", "new"])
        #expect(try await world.carrying().plan().unlisted.isEmpty)
    }

    /// Docker's readers do not see what only a signer's role lists, so that it is revoked for them.
    @Test func whatOnlyASignerListsIsRevoked() async throws {
        var world = try await ImportWorld()
        try world.notary.delegate(to: NotarySimulator.releases)
        try world.notary.delegate(to: NotaryHistory.alice)
        world.sign("1.0", "image", in: NotarySimulator.releases, NotaryHistory.alice)
        try await world.publish()
        _ = try await world.carrying().run()
        world.notary.records[NotarySimulator.releases] = [:]
        try await world.publish()
        let plan = try await world.carrying().plan()
        #expect(plan.unlisted.map(\.tag) == ["1.0"])
        #expect(plan.tags.isEmpty && plan.disagrees)
    }

    // MARK: Roots

    /// The trust data cannot hand over what came after it, and says so to whoever runs the import again.
    @Test func aRootAfterTheImportIsNotHandedOver() async throws {
        var world = try await ImportWorld()
        try await world.publish()
        let first = try await world.carrying().run().plan
        #expect(first.handedOverRoots == 1...1 && first.newestRoot == 1 && first.pin == nil)
        let former = try #require(world.notary.keys[.root])
        world.notary.keys[.root] = try PrivateKey.generate(.ecdsaP256)
        try await world.publish(formerRootKey: former)
        let second = try await world.carrying().plan()
        #expect(second.handedOverRoots == 1...1 && second.newestRoot == 2)
        let key = TUFKey(publicKey: former.publicKey, scheme: former.scheme).computedID
        #expect(second.pin?.anchor == .keys([key], threshold: 1))
    }

    // MARK: Signers

    /// What docker's signers have signed goes on being theirs, so that they can move it.
    @Test func tagsOfOneSignerAreThatSigners() async throws {
        var world = try await ImportWorld()
        let bob = NotaryHistory.role("targets/bob")
        try world.notary.delegate(to: NotarySimulator.releases)
        for role in [NotaryHistory.alice, bob] { try world.notary.delegate(to: role) }
        for role in [NotaryHistory.alice, bob] {
            await world.signers.add(try #require(world.notary.keys[role]), for: role)
        }
        let releases = NotarySimulator.releases
        world.sign("alices", "image", in: releases, NotaryHistory.alice)
        world.sign("both", "image", in: releases, NotaryHistory.alice, bob)
        world.sign("nobodys", "image", in: releases)
        world.sign("older", "image", in: bob)
        world.sign("older", "another image", in: releases)
        world.sign("targets", "image", in: .targets)
        try await world.publish()
        let report = try await world.carrying().run()
        #expect(report.signers == ["alice", "bob"])
        var roles = [
            "alices": "alice", "both": "targets", "nobodys": "targets", "older": "targets", "targets": "targets",
        ]
        #expect(try await world.signingRoles() == roles)

        // A later run puts what is new where it belongs, and takes out of there what is revoked.
        world.sign("bobs", "image", in: releases, bob)
        world.notary.records[releases]?["alices"] = nil
        try await world.publish()
        let plan = try await world.carrying(prunes: true).run().plan
        #expect(plan.carried.map(\.signer) == ["bob"])
        roles["bobs"] = "bob"
        roles["alices"] = nil
        #expect(try await world.signingRoles() == roles)
        #expect(plan.unlistedSigners.isEmpty && !plan.disagrees)

        // A signer whom the collection has removed goes on signing here, until somebody does the same.
        world.notary.delegations.removeAll { $0.role == bob }
        try await world.publish()
        let last = try await world.carrying(prunes: true).plan()
        #expect(last.unlistedSigners == ["bob"] && last.disagrees)
    }
}
