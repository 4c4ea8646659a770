import CanonicalJSON
import TUF
import TUFClient
package import TrustCrypto

/// Where a set of trust data stands among the others of its repository.
///
/// Registries cannot swap a tag conditionally, so two publishers can each make a set from the same one. A set therefore
/// says, signed in its snapshot, which sets went into it.
package struct Lineage: Sendable, Hashable {
    /// One set, by its snapshot.
    package struct Entry: Sendable, Hashable {
        /// SHA-256 of the snapshot file.
        package let snapshot: Digest
        /// The version of the snapshot.
        package let snapshotVersion: Int64
        /// The version of the targets that it lists.
        package let targetsVersion: Int64

        /// An entry.
        package init(snapshot: Digest, snapshotVersion: Int64, targetsVersion: Int64) {
            self.snapshot = snapshot
            self.snapshotVersion = snapshotVersion
            self.targetsVersion = targetsVersion
        }
    }

    /// The set itself.
    package let own: Entry
    /// The newest sets that went into it, newest first.
    package let ancestors: [Entry]
    /// Whether another tool wrote the snapshot, which does not say what went into it. Its versions then have to do.
    package let isForeign: Bool
    /// The version of its timestamp.
    package let timestampVersion: Int64
    /// The version of its newest root.
    package let rootVersion: Int64

    /// The signed field of a snapshot.
    package static let field = "x-trustctl-ancestors"
    /// How many ancestors a snapshot lists.
    package static let window = 64

    /// The lineage of a set whose parts are known.
    package init(
        own: Entry,
        ancestors: [Entry],
        isForeign: Bool = false,
        timestampVersion: Int64,
        rootVersion: Int64
    ) {
        self.own = own
        self.ancestors = ancestors
        self.isForeign = isForeign
        self.timestampVersion = timestampVersion
        self.rootVersion = rootVersion
    }

    /// The lineage of a verified set.
    init(_ set: TrustedSet) throws(TUFError) {
        try self.init(root: set.root, timestamp: set.timestamp, snapshot: set.snapshot)
    }

    /// The lineage of a set whose targets were not read.
    init(_ outline: SetOutline) throws(TUFError) {
        try self.init(root: outline.root, timestamp: outline.timestamp, snapshot: outline.snapshot)
    }

    private init(
        root: Verified<Root>,
        timestamp: Verified<Timestamp>,
        snapshot: Verified<Snapshot>
    ) throws(TUFError) {
        guard let targets = snapshot.payload.roles[.targets] else { throw .roleNotListed(.targets) }
        let own = Entry(
            snapshot: Digest.compute(.sha256, over: snapshot.bytes.span),
            snapshotVersion: snapshot.payload.common.version,
            targetsVersion: targets.version
        )
        let ancestors = try Self.entries(snapshot.field(Self.field))
        // Whoever holds the snapshot key alone could otherwise declare newer targets to be part of older ones.
        guard
            ancestors.allSatisfy({
                $0.snapshotVersion < own.snapshotVersion && $0.targetsVersion <= own.targetsVersion
            })
        else { throw .malformed(role: .snapshot, field: "signed.\(Self.field)") }
        self.own = own
        self.ancestors = ancestors
        isForeign = snapshot.field(Self.field) == nil
        timestampVersion = timestamp.payload.common.version
        rootVersion = root.payload.common.version
    }

    /// Whether everything in `other` went into this set: it is this one, or an ancestor, with a root that is no newer.
    package func contains(_ other: Lineage) -> Bool {
        guard other.rootVersion <= rootVersion else { return false }
        if other.own == own || ancestors.contains(other.own) { return true }
        return isForeign && other.own.snapshotVersion < own.snapshotVersion
            && other.own.targetsVersion <= own.targetsVersion
    }

    /// Whether this set makes `other` superfluous: it contains it, and where both have the same snapshot its timestamp is
    /// no older.
    package func covers(_ other: Lineage) -> Bool {
        contains(other) && (own != other.own || timestampVersion >= other.timestampVersion)
    }

    /// Whether an entry is older than the oldest ancestor that is listed, so that nothing can be said of it.
    func isBeyondWindow(_ entry: Entry) -> Bool {
        guard ancestors.count >= Self.window, let oldest = ancestors.last else { return false }
        return entry.snapshotVersion <= oldest.snapshotVersion
    }

    /// Whether this set lists newer ones than `other` and not `other`: that was merged, or given up, long ago.
    func outran(_ other: Lineage) -> Bool {
        !contains(other) && other.rootVersion <= rootVersion && isBeyondWindow(other.own)
    }

    /// Whether `other` is to be left alone, because it cannot be merged into this set. It is older than anything that is
    /// listed here. Or it lies under an older root: the keys that signed it may have been taken away since, and what they
    /// sign must not be signed anew. Or no set is known that went into both, so that nobody can tell what either changed.
    /// Its publisher, if there still is one, tries again.
    ///
    /// - Parameters:
    ///   - other: The other set.
    ///   - rootIsUnpublished: Whether this set's root is one that readers do not know yet: what the root before it allowed
    ///     still counts then.
    /// - Returns: Whether it is.
    package func isPast(_ other: Lineage, rootIsUnpublished: Bool = false) -> Bool {
        guard !contains(other), !other.contains(self) else { return false }
        let isTooOld = rootIsUnpublished ? other.rootVersion + 1 < rootVersion : other.rootVersion < rootVersion
        return isBeyondWindow(other.own) || isTooOld || forkTargetsVersion(with: other) == nil
    }

    /// The targets version at which this set and `other` parted: that of the newest set that went into both; nil when none
    /// is known.
    package func forkTargetsVersion(with other: Lineage) -> Int64? {
        let theirs = Set([other.own] + other.ancestors)
        return ([own] + ancestors).filter(theirs.contains).map(\.targetsVersion).max()
    }

    /// What a set made of this one and `others` lists as its ancestors.
    package func ancestors(mergedWith others: [Lineage]) -> [Entry] {
        var all = Set([own] + ancestors)
        for other in others { all.formUnion([other.own] + other.ancestors) }
        let newestFirst = all.sorted {
            ($0.snapshotVersion, $0.snapshot.hex) > ($1.snapshotVersion, $1.snapshot.hex)
        }
        return Array(newestFirst.prefix(Self.window))
    }

    /// The signed form of ancestors.
    static func json(_ entries: [Entry]) -> JSONValue {
        .array(
            entries.map {
                .object([
                    "sha256": .string($0.snapshot.hex), "version": .integer($0.snapshotVersion),
                    "targets": .integer($0.targetsVersion),
                ])
            }
        )
    }

    private static func entries(_ value: JSONValue?) throws(TUFError) -> [Entry] {
        let malformed = TUFError.malformed(role: .snapshot, field: "signed.\(field)")
        guard let value else { return [] }
        guard let array = value.array, array.count <= window else { throw malformed }
        var entries: [Entry] = []
        for item in array {
            guard let hex = item["sha256"]?.string, let digest = try? Digest(algorithm: .sha256, hex: hex),
                let version = item["version"]?.integer, version >= 1,
                let targets = item["targets"]?.integer, targets >= 1
            else { throw malformed }
            entries.append(Entry(snapshot: digest, snapshotVersion: version, targetsVersion: targets))
        }
        return entries
    }
}
