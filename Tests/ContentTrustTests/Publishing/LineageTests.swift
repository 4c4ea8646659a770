import CanonicalJSON
import TUF
import TUFClient
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// Which sets went into which, and which are left alone.
@Suite struct LineageTests {
    static func entry(_ name: String, version: Int64, targets: Int64? = nil) -> Lineage.Entry {
        Lineage.Entry(
            snapshot: Digest.compute(over: Array(name.utf8).span),
            snapshotVersion: version,
            targetsVersion: targets ?? version
        )
    }

    static func lineage(
        _ name: String,
        version: Int64 = 9,
        ancestors: [Lineage.Entry] = [entry("common", version: 2)],
        isForeign: Bool = false,
        root: Int64 = 1
    ) -> Lineage {
        Lineage(
            own: entry(name, version: version),
            ancestors: ancestors,
            isForeign: isForeign,
            timestampVersion: version,
            rootVersion: root
        )
    }

    @Test func setsUnderAnOlderRootAreNotMerged() {
        let new = Self.lineage("new", root: 2)
        #expect(new.isPast(Self.lineage("old")))
        #expect(!new.isPast(Self.lineage("other", root: 2)))
        #expect(!Self.lineage("old").isPast(new))
        // Until readers know the new root; and never from two roots ago.
        #expect(!new.isPast(Self.lineage("old"), rootIsUnpublished: true))
        #expect(Self.lineage("newer", root: 3).isPast(Self.lineage("old"), rootIsUnpublished: true))
    }

    @Test func setsWithoutACommonAncestorAreNotMerged() {
        let left = Self.lineage("left", ancestors: [Self.entry("a", version: 3)])
        let right = Self.lineage("right", ancestors: [Self.entry("b", version: 3)])
        #expect(left.forkTargetsVersion(with: right) == nil)
        #expect(left.isPast(right) && right.isPast(left))
        let related = Self.lineage("related", ancestors: [Self.entry("b", version: 3), Self.entry("a", version: 2)])
        #expect(right.forkTargetsVersion(with: related) == 3)
        #expect(!right.isPast(related))
    }

    @Test func whatIsOlderThanTheWindowIsOutrun() {
        let window = (0..<Int64(Lineage.window)).map { Self.entry("\($0)", version: 99 - $0) }
        let new = Self.lineage("new", version: 100, ancestors: window)
        let old = Self.lineage("old", version: 30)
        #expect(new.outran(old) && !old.outran(new))
        #expect(!new.outran(Self.lineage("recent", version: 40)))
        #expect(!new.outran(Self.lineage("old", version: 30, root: 2)))
        #expect(!Self.lineage("short", version: 100, ancestors: Array(window.dropLast())).outran(old))
    }

    /// Other tools do not say what went into their sets; readers follow their versions.
    @Test func anotherToolsSetContinuesOlderOnes() {
        let foreign = Self.lineage("foreign", version: 5, ancestors: [], isForeign: true)
        let ours = Self.lineage("ours", version: 4)
        #expect(foreign.contains(ours) && foreign.covers(ours) && !ours.contains(foreign))
        #expect(!foreign.contains(Self.lineage("same", version: 5)))
        #expect(!foreign.contains(Self.lineage("newer", version: 6)))
    }

    /// Whoever holds the snapshot's and the timestamp's key could otherwise have old targets signed anew.
    @Test(arguments: [(2, 1, true), (3, 1, false), (2, 2, false), (2, 9, false)] as [(Int64, Int64, Bool)])
    func ancestorsAreOlder(snapshot: Int64, targets: Int64, isGood: Bool) async throws {
        let repository = RepositorySimulator()
        repository.publishSnapshot()
        repository.publishSnapshot()
        repository.snapshot.fields[Lineage.field] = Lineage.json([
            Self.entry("ancestor", version: snapshot, targets: targets)
        ])
        repository.link()
        let client = SimulatedClient(pinning: repository)
        let set = try await client.trustedSet(from: repository)
        #expect(set.snapshot.payload.common.version == 3)
        do throws(TUFError) {
            #expect(try Lineage(set).ancestors.count == 1)
            #expect(isGood)
        } catch {
            #expect(error == .malformed(role: .snapshot, field: "signed.\(Lineage.field)"))
            #expect(!isGood)
        }
    }
}
