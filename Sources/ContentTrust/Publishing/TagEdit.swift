import TUF
import TUFClient
import TrustCrypto

/// The tags of the set that is being made: those of the base, with what others and this publisher change. Only the roles
/// that this concerns are read.
struct TagEdit: Sendable {
    /// A role as it was and as it is to be.
    struct Role: Sendable {
        /// Its file in the base; nil for a role that is new.
        let base: Verified<Targets>?
        let before: TagTable
        var after: TagTable

        var isChanged: Bool { base == nil || after.differs(from: before) }
    }

    let plan: MergePlan
    /// The set whose targets the new ones follow: the base's, or those of another set which alone has changed them.
    let holder: Candidate
    private let reader: CandidateReader
    private let baseLayout: TagLayout
    /// Which roles list the tags of the new set.
    private(set) var layout: TagLayout
    /// The roles that were read or made.
    private(set) var roles: [RoleName: Role] = [:]
    /// To whom tags are delegated one by one.
    var delegations: SignerDelegations
    private let formerDelegations: SignerDelegations
    /// Tags that two other publishers had changed differently; what the base says stayed.
    private(set) var unmerged: [TargetPath] = []
    /// Roles whose files were lost everywhere, and which begin anew without a tag.
    private(set) var lostRoles: [RoleName] = []
    /// Whether the roles of the base that are not in the new layout are gone.
    var isRespread: Bool { !layout.isSpread(as: baseLayout) }

    private static let width = 8

    init(_ plan: MergePlan, reader: CandidateReader) async throws(PublishError) {
        self.plan = plan
        self.reader = reader
        holder = try Self.holder(plan, reader)
        baseLayout = try reader.layout(of: holder)
        layout = baseLayout
        formerDelegations = try reader.delegations(of: holder)
        delegations = formerDelegations
        try await load([.targets])
    }

    /// Where only one other set has changed the targets since they parted, its file is taken as it is: nobody who signs
    /// something else needs the targets key for that. Bins are merged one by one instead.
    private static func holder(_ plan: MergePlan, _ reader: CandidateReader) throws(PublishError) -> Candidate {
        var holder = plan.base
        guard try reader.layout(of: holder).bins == nil else { return holder }
        for other in plan.others where try reader.layout(of: other).bins == nil {
            let fork = holder.lineage.forkTargetsVersion(with: other.lineage)
            let present = holder.lineage.own.targetsVersion
            if present == fork, other.lineage.own.targetsVersion > present { holder = other }
        }
        return holder
    }

    /// The other sets that have gone on from the targets of ``holder``, or changed them too.
    private var others: [Candidate] {
        ([plan.base] + plan.others).filter { $0.lineage.own != holder.lineage.own }
    }

    /// Whether targets that readers may have seen in another set are newer than those of ``holder``.
    var hasNewerTargetsElsewhere: Bool {
        others.contains { $0.lineage.own.targetsVersion > holder.lineage.own.targetsVersion }
    }

    /// The roles whose files have to be written anew.
    var changedRoles: [RoleName] { roles.filter { $0.value.isChanged }.keys.sorted() }

    /// Whether the top-level targets have to be signed for what happened here.
    var isChanged: Bool {
        !changedRoles.isEmpty || layout.chosen != baseLayout.chosen || isRespread || changesDelegations
    }

    /// Whether other signers, or others' keys, are delegated to than before.
    var changesDelegations: Bool { delegations != formerDelegations }

    /// Signers who are delegated to no more.
    var formerSigners: Set<RoleName> { Set(formerDelegations.names).subtracting(delegations.names) }

    // MARK: Tags

    /// Reads the roles that list some tags.
    mutating func load(_ paths: some Sequence<TargetPath>) async throws(PublishError) {
        try await load(Set(paths.map { layout.role(of: $0) }))
    }

    /// What is said of a tag whose role was read.
    func record(for path: TargetPath) -> TargetRecord? {
        roles[.targets]?.after.records[path] ?? roles[layout.role(of: path)]?.after.records[path]
    }

    /// Lists a tag, or takes it out (nil). Its role was read.
    mutating func set(_ record: TargetRecord?, for path: TargetPath) {
        let role = layout.role(of: path)
        let version = plan.targetsVersion
        // In the targets it would go before the bins.
        if role != .targets, roles[.targets]?.after.records[path] != nil {
            roles[.targets]?.after.revoke(path, version: version)
        }
        if let record {
            roles[role]?.after.set(record, for: path, version: version)
        } else {
            roles[role]?.after.revoke(path, version: version)
        }
    }

    // MARK: Others

    /// Takes in what other publishers changed.
    mutating func mergeOthers() async throws(PublishError) {
        for other in others {
            // Related in another way than by a listed set: the base continues what another tool wrote.
            let fork = holder.lineage.forkTargetsVersion(with: other.lineage) ?? other.lineage.own.targetsVersion
            // Every change of tags or signers is one of the targets.
            guard other.lineage.own.targetsVersion > fork else { continue }
            try mergeDelegations(of: other, since: fork)
            let theirs = try reader.layout(of: other)
            if theirs.isSpread(as: baseLayout), theirs.isSpread(as: layout) {
                try await merge(other, roles: [.targets] + theirs.binRoles, since: fork)
            } else {
                try await merge(other, spreadAs: theirs, since: fork)
            }
            if theirs.chosen > fork, layout.chosen <= fork { try await spread(as: theirs) }
        }
    }

    private mutating func mergeDelegations(of other: Candidate, since fork: Int64) throws(PublishError) {
        let theirs = try reader.delegations(of: other)
        // Both sides' publishers are still at work where both have changed them, and the one whose change is missing makes
        // it again.
        if theirs.changed > fork, delegations.changed <= fork {
            delegations = theirs
            delegations.changed = plan.targetsVersion
        } else if delegations.changed > fork {
            // New to the other side's descendants as well: see ``TagTable/merge(_:since:version:)``.
            delegations.changed = plan.targetsVersion
        }
    }

    private mutating func merge(
        _ other: Candidate,
        roles names: [RoleName],
        since fork: Int64
    ) async throws(PublishError) {
        var differing: [RoleName] = []
        for name in names {
            if name == .targets {
                differing.append(name)
            } else if try await reader.mayDiffer(name, holder, other) {
                differing.append(name)
            }
        }
        try await load(Set(differing))
        let tables = try await tables(differing, in: other)
        let version = plan.targetsVersion
        for (name, (_, table)) in zip(differing, tables) {
            unmerged += roles[name]?.after.merge(table, since: fork, version: version) ?? []
        }
    }

    /// Takes in a set whose tags lie in other roles: all of both are read.
    private mutating func merge(
        _ other: Candidate,
        spreadAs theirs: TagLayout,
        since fork: Int64
    ) async throws(PublishError) {
        try await loadAll()
        var tables: [RoleName: TagTable] = [:]
        for (_, table) in try await self.tables([.targets] + theirs.binRoles, in: other) {
            table.spread(as: layout, into: &tables)
        }
        let version = plan.targetsVersion
        for name in roles.keys.sorted() {
            let table = tables[name] ?? TagTable()
            unmerged += roles[name]?.after.merge(table, since: fork, version: version) ?? []
        }
    }

    // MARK: Bins

    /// How many tags the largest of the roles that were read lists, and how many all list, once all were read.
    var largestRole: Int { roles.values.map(\.after.records.count).max() ?? 0 }
    var tagCount: Int { roles.values.map(\.after.records.count).reduce(0, +) }

    /// Reads all roles that list tags.
    mutating func loadAll() async throws(PublishError) {
        try await load(Set(layout.binRoles))
    }

    /// Spreads the tags over other roles.
    mutating func spread(as new: TagLayout) async throws(PublishError) {
        guard !new.isSpread(as: layout) else {
            let expiry = layout.earliestExpiry
            layout = new
            layout.earliestExpiry = expiry
            return
        }
        try await loadAll()
        var tables: [RoleName: TagTable] = [:]
        for role in roles.values { role.after.spread(as: new, into: &tables) }
        let targets = roles[.targets]
        var spread: [RoleName: Role] = [:]
        for name in [.targets] + new.binRoles {
            let table = tables[name] ?? TagTable()
            // Also a role that goes on under its name is written anew: other tags are in it, or others' keys sign it.
            spread[name] = Role(
                base: name == .targets ? targets?.base : nil,
                before: name == .targets ? targets?.before ?? TagTable() : TagTable(),
                after: table
            )
        }
        roles = spread
        layout = new
        layout.earliestExpiry = nil
    }

    /// The roles that listed tags in the base.
    var formerRoles: [RoleName] { baseLayout.binRoles }

    /// Signs all bins anew, for they expire.
    mutating func renewBins() async throws(PublishError) {
        try await loadAll()
        for name in layout.binRoles {
            guard let role = roles[name] else { continue }
            roles[name] = Role(base: nil, before: role.before, after: role.after)
        }
        layout.earliestExpiry = nil
    }

    /// Notes when bins that were signed expire.
    mutating func noteExpiry(_ expiry: Instant) {
        layout.earliestExpiry = layout.earliestExpiry.map { min($0, expiry) } ?? expiry
    }

    // MARK: Reading

    private mutating func load(_ names: Set<RoleName>) async throws(PublishError) {
        let new = names.filter { roles[$0] == nil }.sorted()
        guard !new.isEmpty else { return }
        for (name, (targets, table)) in zip(new, try await tables(new, in: holder)) {
            roles[name] = Role(base: targets, before: table, after: table)
            if targets == nil { lostRoles.append(name) }
        }
    }

    private func tables(
        _ names: [RoleName],
        in candidate: Candidate
    ) async throws(PublishError) -> [(targets: Verified<Targets>?, table: TagTable)] {
        let reader = reader
        let plan = plan
        return try await Concurrently.map(names, width: Self.width) { (name) throws(PublishError) in
            let targets: Verified<Targets>
            if name == .targets {
                targets = candidate.set.targets
            } else if reader.unsafeAcceptsLoss {
                guard let found = try await reader.targetsIfAny(of: name, in: candidate, plan) else {
                    return (nil, TagTable())
                }
                targets = found
            } else {
                targets = try await reader.targets(of: name, in: candidate, plan)
            }
            do throws(TUFError) { return (targets, try TagTable(targets, role: name)) } catch {
                throw .refused(Refusal.metadata(error, checked: "trust data of \(reader.subject)", pin: nil))
            }
        }
    }
}
