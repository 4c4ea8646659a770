import CanonicalJSON
package import TUF

/// The signed tags of one set, with the targets version at which each was last changed or taken out.
///
/// That is enough to merge two sets that parted at a known version, without the set from which they parted.
package struct TagTable: Sendable {
    /// The signed fields in which a record and the targets role carry these versions.
    package static let changedField = "x-trustctl-changed"
    package static let revokedField = "x-trustctl-revoked"

    /// What is signed, by tag.
    package private(set) var records: [TargetPath: TargetRecord]
    /// The version at which each listed tag was last changed; 0 for tags that other tools signed.
    private var changed: [TargetPath: Int64]
    /// Tags that were taken out lately, and at which version.
    package private(set) var revoked: [TargetPath: Int64]

    /// An empty table.
    package init() {
        records = [:]
        changed = [:]
        revoked = [:]
    }

    /// The table of verified targets.
    package init(_ targets: Verified<Targets>, role: RoleName = .targets) throws(TUFError) {
        try self.init(targets.payload, revoked: targets.field(Self.revokedField), role: role)
    }

    /// The table of a change that waits.
    init(_ proposal: TargetsProposal, role: RoleName) throws(TUFError) {
        try self.init(proposal.proposed, revoked: proposal.field(Self.revokedField), role: role)
    }

    init(_ targets: Targets, revoked value: JSONValue?, role: RoleName) throws(TUFError) {
        self.init()
        var records: [TargetPath: TargetRecord] = [:]
        var changed: [TargetPath: Int64] = [:]
        records.reserveCapacity(targets.count)
        changed.reserveCapacity(targets.count)
        try targets.forEach { (path, record) throws(TUFError) in
            records[path] = record
            changed[path] = record.custom?[Self.changedField]?.integer ?? 0
        }
        self.records = records
        self.changed = changed
        guard let value else { return }
        guard let object = value.object else {
            throw .malformed(role: role, field: "signed.\(Self.revokedField)")
        }
        for (name, version) in object {
            guard let version = version.integer, version >= 1 else {
                throw .malformed(role: role, field: "signed.\(Self.revokedField)")
            }
            revoked[try TargetPath(name)] = version
        }
    }

    /// The version at which the table last touched a tag, 0 for never.
    package func touched(_ path: TargetPath) -> Int64 {
        max(changed[path] ?? 0, revoked[path] ?? 0)
    }

    /// Lists a tag, or replaces its record.
    ///
    /// - Parameters:
    ///   - record: The record; its `custom` gets the version.
    ///   - path: The tag.
    ///   - version: The targets version in which this happens.
    package mutating func set(_ record: TargetRecord, for path: TargetPath, version: Int64) {
        var custom = record.custom ?? [:]
        custom[Self.changedField] = .integer(version)
        records[path] = TargetRecord(length: record.length, hashes: record.hashes, custom: custom)
        changed[path] = version
        revoked[path] = nil
    }

    /// Takes a tag out.
    ///
    /// - Parameters:
    ///   - path: The tag.
    ///   - version: The targets version in which this happens.
    package mutating func revoke(_ path: TargetPath, version: Int64) {
        records[path] = nil
        changed[path] = nil
        revoked[path] = version
    }

    /// Takes in what another table changed since the two parted. What both changed stays as it is here.
    ///
    /// - Parameters:
    ///   - other: The other table.
    ///   - fork: The targets version at which they parted.
    ///   - version: The targets version in which this happens.
    /// - Returns: Tags that both changed, differently.
    package mutating func merge(_ other: TagTable, since fork: Int64, version: Int64) -> [TargetPath] {
        var conflicts: [TargetPath] = []
        for (path, theirs) in other.records where other.touched(path) > fork {
            if let mine = records[path], mine.means(theirs) { continue }
            if touched(path) > fork {
                conflicts.append(path)
            } else {
                set(theirs, for: path, version: version)
            }
        }
        for (path, revokedAt) in other.revoked where revokedAt > fork && other.records[path] == nil {
            guard records[path] != nil else { continue }
            if touched(path) > fork {
                conflicts.append(path)
            } else {
                revoke(path, version: version)
            }
        }
        // What this side changed since the two parted is new to the other side's descendants as well: stamped like the
        // rest, or a later merge, which knows one of the two as the fork, would not see it.
        for (path, record) in records where touched(path) > fork && touched(path) < version {
            set(record, for: path, version: version)
        }
        for (path, revokedAt) in revoked where revokedAt > fork && revokedAt < version {
            revoked[path] = version
        }
        return conflicts.sorted()
    }

    /// Gives each tag to the table of the role that lists it under a layout.
    func spread(as layout: TagLayout, into tables: inout [RoleName: TagTable]) {
        for (path, record) in records {
            let role = layout.role(of: path)
            tables[role, default: TagTable()].records[path] = record
            tables[role, default: TagTable()].changed[path] = changed[path]
        }
        for (path, version) in revoked {
            tables[layout.role(of: path), default: TagTable()].revoked[path] = version
        }
    }

    /// What turns `older` into this table, for writing: a record for each tag that is new or other, nil for each that is
    /// gone.
    package func changes(from older: TagTable) -> [TargetPath: TargetRecord?] {
        var changes: [TargetPath: TargetRecord?] = [:]
        for (path, record) in records where older.records[path] != record { changes[path] = .some(record) }
        for path in older.records.keys where records[path] == nil { changes[path] = .some(nil) }
        return changes
    }

    /// Whether what this table says of any tag is other than what `older` says, for merging included.
    package func differs(from older: TagTable) -> Bool {
        revoked != older.revoked || records != older.records
    }

    /// The signed form of ``revoked``, without what is older than any set that could still be merged.
    func revokedJSON(after oldest: Int64) -> JSONValue? {
        let recent = revoked.filter { $0.value > oldest }
        guard !recent.isEmpty else { return nil }
        var object: JSONObject = [:]
        for (path, version) in recent.sorted(by: { $0.key < $1.key }) { object[path.string] = .integer(version) }
        return .object(object)
    }
}

extension TargetRecord {
    /// Whether both name the same document, whenever each was signed.
    package func means(_ other: TargetRecord) -> Bool {
        var mine = custom ?? [:]
        var theirs = other.custom ?? [:]
        mine[TagTable.changedField] = nil
        theirs[TagTable.changedField] = nil
        return length == other.length && hashes == other.hashes && mine == theirs
    }
}
