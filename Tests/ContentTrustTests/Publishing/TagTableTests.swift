import CanonicalJSON
import ContentTrust
import TUF
import Testing
import TrustCrypto

/// Merging tables of tags that parted at a known version.
@Suite struct TagTableTests {
    static func record(_ text: String) -> TargetRecord {
        TargetRecord(length: Int64(text.utf8.count), hashes: [Digest.compute(over: Array(text.utf8).span)])
    }

    static func table(_ tags: [(String, String, Int64)]) throws -> TagTable {
        var table = TagTable()
        for (tag, text, version) in tags { table.set(record(text), for: try TargetPath(tag), version: version) }
        return table
    }

    static func tags(_ table: TagTable) -> Set<String> { Set(table.records.keys.map(\.string)) }

    @Test func takesInWhatTheOtherChanged() throws {
        var mine = try Self.table([("old", "o", 1), ("mine", "m", 5)])
        let theirs = try Self.table([("old", "other", 5), ("theirs", "t", 5)])
        #expect(mine.merge(theirs, since: 4, version: 6).isEmpty)
        #expect(Self.tags(mine) == ["old", "mine", "theirs"])
        #expect(try mine.records[TargetPath("old")]?.means(Self.record("other")) == true)
    }

    @Test func revocationsAreChanges() throws {
        var mine = try Self.table([("a", "a", 1), ("b", "b", 1)])
        var theirs = mine
        theirs.revoke(try TargetPath("a"), version: 5)
        mine.revoke(try TargetPath("b"), version: 5)
        #expect(mine.merge(theirs, since: 4, version: 6).isEmpty)
        #expect(Self.tags(mine).isEmpty)
    }

    @Test func whatBothChangedStaysAsItIs() throws {
        var mine = try Self.table([("a", "mine", 5)])
        let theirs = try Self.table([("a", "theirs", 5)])
        #expect(mine.merge(theirs, since: 4, version: 6).map(\.string) == ["a"])
        #expect(try mine.records[TargetPath("a")]?.means(Self.record("mine")) == true)
    }

    @Test func mergingTwiceChangesNothing() throws {
        var mine = try Self.table([("mine", "m", 5)])
        let theirs = try Self.table([("theirs", "t", 5)])
        _ = mine.merge(theirs, since: 4, version: 6)
        var again = mine
        #expect(again.merge(theirs, since: 5, version: 7).isEmpty)
        #expect(Self.tags(again) == Self.tags(mine))
    }

    /// A and B part at 4; M merges them; C goes on from B alone. M and C parted at B, whose version is no lower than the
    /// stamps of what came from A.
    @Test(arguments: [false, true])
    func aMergeIsSeenByDescendantsOfEitherSide(ontoC: Bool) throws {
        let a = try Self.table([("a", "a", 5)])
        let b = try Self.table([("b", "b", 5)])
        var m = a
        _ = m.merge(b, since: 4, version: 6)
        var c = b
        c.set(Self.record("c"), for: try TargetPath("c"), version: 6)
        var result = ontoC ? c : m
        _ = result.merge(ontoC ? m : c, since: 5, version: 7)
        #expect(Self.tags(result) == ["a", "b", "c"])
    }
}
