public import TUF
import TUFClient
import TrustCrypto

/// One change of one repository's trust data, from the set that is there to the one that is to be there.
///
/// A store calls it again with what another publisher published meanwhile, until nobody is in the way.
package actor Publication {
    /// What is to change.
    package enum Intent: Sendable {
        /// Publishes the first set. Refused when there is one.
        case initialize(NewTrustData)
        /// Lists tags (a record) and takes tags out (nil).
        case tags([TargetPath: TargetRecord?])
        /// Signs anew what expires soon, and at least the timestamp; puts back what a store has lost.
        case refresh
    }

    private let intent: Intent
    private let reader: CandidateReader
    private let signing: SetSigning
    private let subject: Subject
    /// The records that this change began with, to notice when somebody else changes the same tags meanwhile.
    private var firstSeen: [TargetPath: TargetRecord?] = [:]
    /// What became of the last set that was made.
    package private(set) var outcome: Outcome?

    /// What a set that was made holds, for reports.
    package struct Outcome: Sendable {
        /// Tags of the intent, and whether each was added, changed or as wished already.
        package let tags: [TargetPath: TagOutcome]
        /// Tags that two other publishers had changed differently; what the registry served stayed.
        package let unmerged: [TargetPath]
        /// Roles that were signed anew.
        package let signedRoles: [RoleName]
    }

    /// Whether the first set is published.
    package nonisolated var creates: Bool {
        if case .initialize = intent { return true }
        return false
    }

    init(intent: Intent, reader: CandidateReader, signing: SetSigning, subject: Subject) {
        self.intent = intent
        self.reader = reader
        self.signing = signing
        self.subject = subject
    }

    /// The lineage of a set that a store found, after verifying it.
    ///
    /// - Parameter data: The set.
    /// - Returns: Its lineage.
    /// - Throws: ``PublishError`` when the set cannot be verified: then it must not be merged.
    package func lineage(of data: any TrustData) async throws(PublishError) -> Lineage {
        try await reader.lineage(of: data)
    }

    /// The set to publish after what is there.
    ///
    /// - Parameters:
    ///   - present: What readers see now; nil when there is no trust data.
    ///   - announced: Other publishers' sets that are not part of it.
    /// - Returns: The new set; nil when what is there is as wished already.
    /// - Throws: ``PublishError``.
    package func next(
        after present: (any TrustData)?,
        merging announced: [any TrustData] = []
    ) async throws(PublishError) -> NewTrustData? {
        if case .initialize(let first) = intent { return try await initial(first, present: present) }
        var candidates: [Candidate] = []
        if let present { candidates.append(try await reader.candidate(present)) }
        for data in announced { candidates.append(try await reader.candidate(data)) }
        // What this machine has published or seen counts as well: a registry that was restored, or lost the set, must not
        // take changes back.
        if let seen = try await reader.seen() { candidates.append(seen) }
        guard let plan = MergePlan(candidates, present: present?.identity) else {
            throw .refused(
                // It is pinned, so there was some.
                Refusal(
                    .trustDataMissing,
                    checked: "trust data of \(subject)",
                    found: "none, and this machine has not seen any",
                    next: "on a machine that has published it: trustctl refresh \(subject.argument)"
                )
            )
        }
        return try await next(plan)
    }

    private func initial(_ first: NewTrustData, present: (any TrustData)?) async throws(PublishError) -> NewTrustData? {
        guard let present else {
            // What cannot be verified by those who pull is not published.
            _ = try await reader.candidate(first.data)
            outcome = Outcome(tags: [:], unmerged: [], signedRoles: RoleName.topLevel)
            return first
        }
        // A first attempt may have succeeded without anybody learning of it.
        if try await reader.timestamp(of: present) == first.timestampBytes { return nil }
        throw .refused(
            Refusal(
                .usage,
                checked: "trust data of \(subject)",
                found: "there is trust data already",
                next: "trustctl inspect \(subject.argument)"
            )
        )
    }

    private func next(_ plan: MergePlan) async throws(PublishError) -> NewTrustData? {
        var table: TagTable
        var unmerged: [TargetPath] = []
        let before: TagTable
        do {
            before = try TagTable(plan.base.set.targets)
            table = before
            for other in plan.others {
                // Related in another way than by a listed set: the base continues what another tool wrote.
                let fork =
                    plan.base.lineage.forkTargetsVersion(with: other.lineage) ?? other.lineage.own.targetsVersion
                unmerged += table.merge(try TagTable(other.set.targets), since: fork, version: plan.targetsVersion)
            }
        } catch {
            throw .refused(Refusal.metadata(error, checked: "trust data of \(subject)", pin: nil))
        }
        let tags = try apply(to: &table, version: plan.targetsVersion)
        // Readers of another set that goes in here must not see older targets afterwards.
        let needsTargets =
            table.differs(from: before)
            || plan.others.contains { $0.lineage.own.targetsVersion > plan.base.lineage.own.targetsVersion }
        if isRefresh, !plan.others.isEmpty {
            let role = needsTargets ? RoleName.targets : .snapshot
            guard try await signing.canSign(.snapshot, plan.base.set.root),
                try await signing.canSign(role, plan.base.set.root)
            else { throw .cannotMerge }
        }
        let changes = needsTargets ? table.changes(from: before) : nil
        let made = try await signing.sign(plan, table: table, changes: changes, refresh: isRefresh)
        guard let made else {
            outcome = Outcome(tags: tags, unmerged: unmerged, signedRoles: [])
            return nil
        }
        // What cannot be verified by those who pull is not published.
        _ = try await reader.candidate(made.data.data)
        outcome = Outcome(tags: tags, unmerged: unmerged, signedRoles: made.signedRoles)
        return made.data
    }

    private var isRefresh: Bool {
        if case .refresh = intent { return true }
        return false
    }

    /// Applies the intent, unless somebody changed one of its tags since it was first looked at.
    private func apply(to table: inout TagTable, version: Int64) throws(PublishError) -> [TargetPath: TagOutcome] {
        guard case .tags(let wished) = intent else { return [:] }
        var outcomes: [TargetPath: TagOutcome] = [:]
        for (path, record) in wished.sorted(by: { $0.key < $1.key }) {
            let current = table.records[path]
            let first = firstSeen[path] ?? current
            firstSeen.updateValue(first, forKey: path)
            if let record, let current, current.means(record) {
                outcomes[path] = first.map { $0.means(record) } ?? false ? .unchanged : .set(before: first)
                continue
            }
            if record == nil, current == nil {
                outcomes[path] = first == nil ? .absent : .revoked(before: first)
                continue
            }
            guard same(first, current) else {
                throw .conflict(
                    "\(path): another publisher set it to \(digest(current)) while this one set it to \(digest(record))"
                )
            }
            if let record {
                table.set(record, for: path, version: version)
                outcomes[path] = .set(before: first)
            } else {
                table.revoke(path, version: version)
                outcomes[path] = .revoked(before: first)
            }
        }
        return outcomes
    }

    private func same(_ left: TargetRecord?, _ right: TargetRecord?) -> Bool {
        switch (left, right) {
        case (nil, nil): true
        case (let left?, let right?): left.means(right)
        default: false
        }
    }

    private func digest(_ record: TargetRecord?) -> String {
        record?.digest(.sha256)?.description ?? "unsigned"
    }
}

/// What became of one tag.
public enum TagOutcome: Sendable, Hashable {
    /// It was signed the same way already.
    case unchanged
    /// It is signed now; before, as the record says, or not.
    case set(before: TargetRecord?)
    /// It is taken out now.
    case revoked(before: TargetRecord?)
    /// It was not signed, and is not.
    case absent
}
