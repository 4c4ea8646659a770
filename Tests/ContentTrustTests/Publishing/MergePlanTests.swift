import TUF
import TUFClient
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// What a new set is built upon, and when roles are signed anew.
@Suite struct MergePlanTests {
    private func set() async throws -> TrustedSet {
        let repository = RepositorySimulator()
        repository.issued = SimulatedClock.start
        repository.publish()
        return try await SimulatedClient(pinning: repository, cache: MemoryTrustCache()).trustedSet(from: repository)
    }

    private func candidate(_ set: TrustedSet, _ lineage: Lineage, identity: String? = nil) -> Candidate {
        Candidate(
            set: set,
            lineage: lineage,
            files: CachedMetadata(),
            data: identity.map { EmptyData(identity: Self.identity($0)) }
        )
    }

    private struct EmptyData: TrustData {
        let identity: Digest

        func rootFileNames() async throws(TrustStoreError) -> [String] { [] }

        func file(named fileName: String) async throws(TrustStoreError) -> StoredFile? { nil }

        func bytes(ofFile fileName: String, maximumLength: Int) async throws(TrustStoreError) -> [UInt8]? { nil }
    }

    private static func identity(_ name: String) -> Digest { Digest.compute(over: Array(name.utf8).span) }

    @Test func nothingIsBuiltUponNothing() {
        #expect(MergePlan([], present: nil) == nil)
    }

    /// What another set covers is left out; versions rise above all that is known all the same.
    @Test func coveredSetsAreNotMerged() async throws {
        let set = try await set()
        let old = LineageTests.lineage("old", version: 4)
        let new = LineageTests.lineage("new", version: 5, ancestors: [old.own])
        let plan = try #require(
            MergePlan(
                [candidate(set, old, identity: "old"), candidate(set, new, identity: "new")],
                present: Self.identity("old")
            )
        )
        #expect(plan.base.identity == Self.identity("new"))
        #expect(plan.others.isEmpty && !plan.baseIsPresent)
        #expect(plan.snapshotVersion == 6 && plan.targetsVersion == 6 && plan.timestampVersion == 6)
    }

    /// Of sets that do not know each other, that of the newest root is the base, then what readers see.
    @Test(arguments: [Int64(1), 2])
    func theBaseOfAMerge(root: Int64) async throws {
        let set = try await set()
        let present = candidate(set, LineageTests.lineage("present", version: 5), identity: "present")
        let other = candidate(set, LineageTests.lineage("other", version: 9, root: root), identity: "other")
        let plan = try #require(MergePlan([present, other], present: present.identity))
        #expect(plan.base.identity == (root == 1 ? present : other).identity)
        #expect(plan.baseIsPresent == (root == 1))
        // A set under an older root is not merged.
        #expect(plan.others.count == (root == 1 ? 1 : 0))
    }

    /// Whoever can move a tag cannot choose what is signed anew.
    @Test func whatWasSeenCountsBeforeWhatReadersSee() async throws {
        let set = try await set()
        let present = candidate(set, LineageTests.lineage("present", version: 5), identity: "present")
        let seen = candidate(set, LineageTests.lineage("seen", version: 4))
        let plan = try #require(MergePlan([present, seen], present: present.identity))
        #expect(plan.base.identity == nil && !plan.baseIsPresent)
        #expect(plan.others.map(\.identity) == [present.identity])
    }

    @Test func theSameSetTwiceIsOne() async throws {
        let set = try await set()
        let lineage = LineageTests.lineage("one")
        let plan = try #require(
            MergePlan(
                [candidate(set, lineage, identity: "one"), candidate(set, lineage)],
                present: Self.identity("one")
            )
        )
        #expect(plan.others.isEmpty && plan.baseIsPresent)
    }

    /// A third of the lifetime before the end, and at once when a lifetime was chosen.
    @Test func rolesAreSignedAnewBeforeTheyExpire() async throws {
        let set = try await set()
        let common = set.timestamp.payload.common
        let issued = try #require(common.issued)
        let lifetime = common.expires.seconds(since: issued)
        func soon(_ now: Instant, _ chosen: [RoleName: Int64] = [:]) -> Bool {
            SetSigning(
                signers: TestSigners(),
                lifetimes: LifetimeChoices(chosen),
                subject: .layout(path: "x"),
                now: now
            )
            .expiresSoon(common, role: .timestamp)
        }
        let third = common.expires.advanced(bySeconds: -(lifetime / 3))
        #expect(!soon(third.advanced(bySeconds: -1)))
        #expect(soon(third))
        #expect(soon(common.expires.advanced(bySeconds: 1)))
        #expect(soon(issued, [.timestamp: 3600]))
        #expect(!soon(issued, [.snapshot: 3600]))
    }
}
