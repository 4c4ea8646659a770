public import TUF
import TUFClient
import TrustCrypto

/// One change of one repository's trust data, from the set that is there to the one that is to be there.
///
/// A store calls it again with what another publisher published meanwhile, until nobody is in the way.
package actor Publication {
    /// What is to change.
    enum Intent: Sendable {
        /// Publishes the first set. Refused when there is one.
        case initialize(NewTrustData)
        /// Publishes a first set in the place of one whose root is lost.
        case replace(NewTrustData)
        /// Lists tags (a record) and takes tags out (nil).
        case tags([TargetPath: TargetRecord?])
        /// Lists tags in a signer's role, and takes tags out of it (nil).
        case signerTags(RoleName, [TargetPath: TargetRecord?])
        /// Changes who may sign.
        case signers(SignerChange)
        /// Signs anew what expires soon, and at least the timestamp; puts back what a store has lost.
        case refresh
        /// Spreads the tags over hash bins.
        case bins(BinChoice)
        /// Publishes a root that follows the present one, and signs with its keys what their keys change.
        case root(RootProposal)
    }

    let intent: Intent
    let reader: CandidateReader
    let signing: SetSigning
    let subject: Subject
    /// Where changes of signers wait.
    let waiting: WaitingFiles
    let binding: RepositoryBinding
    /// The records that this change began with, to notice when somebody else changes the same tags meanwhile.
    private var firstSeen: [TargetPath: TargetRecord?] = [:]
    /// The signer that is to be removed as this change found it, for the same.
    var firstSigner: DelegatedRole??
    /// Tags that two other publishers had changed differently, in all sets that were made.
    private var unmerged: [TargetPath] = []
    /// What signers had said of tags, and did not come into the sets that were made.
    private var dropped: [DroppedWord] = []
    /// Changes of signers that came into the sets that were made.
    private var accepted: [AcceptedChange] = []
    /// What became of the last set that was made.
    package private(set) var outcome: Outcome?

    /// What a set that was made holds, for reports.
    package struct Outcome: Sendable {
        /// Tags of the intent, and whether each was added, changed or as wished already.
        package let tags: [TargetPath: TagOutcome]
        /// Tags that two other publishers had changed differently; what the registry served stayed.
        package let unmerged: [TargetPath]
        /// What signers had said of tags, and nobody could take in.
        package let dropped: [DroppedWord]
        /// Roles that were signed anew.
        package let signedRoles: [RoleName]
        /// Roles whose files were taken as others had signed them.
        package let takenRoles: [RoleName]
        /// Changes of signers that had waited, or came with a request, and went in.
        package let accepted: [AcceptedChange]
        /// How many hash bins list the tags; 0 when the targets do.
        package let bins: Int
        /// Roles whose files were lost, and which list no tag now.
        package var lostRoles: [RoleName] = []
        /// Signers whose files are lost, and are not in the set.
        package var lostSigners: [RoleName] = []
    }

    /// Whether the first set is published.
    package nonisolated var creates: Bool {
        if case .initialize = intent { return true }
        return false
    }

    /// Whether a root is published that follows the present one.
    package nonisolated var replacesRoot: Bool { previousRoot != nil }

    /// The file of the root that is to be replaced.
    private nonisolated var previousRoot: [UInt8]? {
        if case .root(let proposal) = intent { return proposal.previous.bytes }
        return nil
    }

    /// Whether a store is asked about all that it should have: whoever signs tags wants to be done soon.
    package nonisolated var looksAtEverything: Bool { Self.looksAtEverything(intent) }

    private static func looksAtEverything(_ intent: Intent) -> Bool {
        switch intent {
        case .tags, .signerTags: false
        default: true
        }
    }

    init(
        intent: Intent,
        reader: CandidateReader,
        signing: SetSigning,
        subject: Subject,
        waiting: WaitingFiles,
        binding: RepositoryBinding
    ) {
        self.intent = intent
        var reader = reader
        reader.looksAtEverything = Self.looksAtEverything(intent)
        self.reader = reader
        self.signing = signing
        self.subject = subject
        self.waiting = waiting
        self.binding = binding
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
        if case .replace(let first) = intent {
            if let present, try await reader.timestamp(of: present) == first.timestampBytes { return nil }
            return try await checked(first)
        }
        var candidates: [Candidate] = []
        for data in announced { candidates.append(try await reader.candidate(data)) }
        // What this machine has published or seen counts as well: a registry that was restored, or lost the set, must not
        // take changes back.
        if let seen = try await reader.seen() { candidates.append(seen) }
        if let present {
            do { candidates.insert(try await reader.candidate(present), at: 0) } catch {
                guard !candidates.isEmpty, mayReplace(error) else { throw error }
            }
        }
        guard let plan = MergePlan(candidates, present: present?.identity, replacing: previousRoot) else {
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
        return try await next(try rooted(plan))
    }

    /// Whether a set may be published in the place of one that cannot be verified. A thief of the snapshot and timestamp
    /// keys can put one there that lists what does not exist, and whoever puts that right must not be kept from it. What
    /// lies under another root is left to its publisher.
    private func mayReplace(_ error: PublishError) -> Bool {
        guard case .refused(let refusal) = error, refusal.reason == .badSignature else { return false }
        return switch intent {
        case .refresh, .root: true
        case .initialize, .replace, .tags, .signerTags, .signers, .bins: false
        }
    }

    /// The plan with the root that is to be published.
    private func rooted(_ plan: MergePlan) throws(PublishError) -> MergePlan {
        guard case .root(let proposal) = intent, plan.root.bytes != proposal.root.bytes else { return plan }
        guard plan.root.bytes == proposal.previous.bytes else {
            throw .conflict(
                "the proposal follows root \(proposal.previous.payload.common.version), and there is root "
                    + "\(plan.root.payload.common.version) now, which is another: refresh, and propose anew"
            )
        }
        do { return MergePlan(plan, under: try plan.base.set.nextRoot(proposal.root.bytes)) } catch {
            throw .refused(Refusal.metadata(error, checked: "the proposed root of \(subject)", pin: nil))
        }
    }

    /// A first set. What cannot be verified by those who pull is not published.
    private func checked(_ first: NewTrustData) async throws(PublishError) -> NewTrustData {
        let candidate = try await reader.candidate(first.data)
        let layout = try reader.layout(of: candidate)
        try await reader.check(layout.binRoles, in: candidate)
        outcome = Outcome(
            tags: [:],
            unmerged: [],
            dropped: [],
            signedRoles: RoleName.topLevel + layout.binRoles,
            takenRoles: [],
            accepted: [],
            bins: layout.count
        )
        return first
    }

    private func initial(_ first: NewTrustData, present: (any TrustData)?) async throws(PublishError) -> NewTrustData? {
        guard let present else { return try await checked(first) }
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
        var edit = try await TagEdit(plan, reader: reader)
        try await edit.mergeOthers()
        try await changeSigners(&edit)
        var signerRoles = SignerRoles(edit, reader: reader, signing: signing)
        let tags = try await apply(to: &edit, &signerRoles)
        // What is lost is found by reading all.
        if reader.unsafeAcceptsLoss { try await edit.loadAll() }
        try await chooseBins(&edit)
        // Readers of another set that goes in here must not see older targets afterwards.
        let needsTargets = edit.isChanged || edit.hasNewerTargetsElsewhere
        if isRefresh || signsAsSigner, !plan.others.isEmpty {
            let role = needsTargets ? RoleName.targets : .snapshot
            guard try await signing.canSign(.snapshot, plan.root),
                try await signing.canSign(role, plan.root)
            else { throw .cannotMerge(needing: role) }
        }
        if isRefresh, !signerRoles.taken.isEmpty, plan.others.isEmpty {
            // With the timestamp key alone there is nothing that can be let in.
            if try await !signing.canSign(.snapshot, plan.root) {
                signerRoles = SignerRoles(edit, reader: reader, signing: signing)
            }
        }
        let made = try await signing.sign(edit, signerRoles, changed: needsTargets, refresh: isRefresh, reader: reader)
        // Made anew, a set goes on from the one that was made before, and finds nothing more to say of what went into that.
        if made != nil {
            unmerged += edit.unmerged.filter { !unmerged.contains($0) }
            dropped += signerRoles.dropped.filter { !dropped.contains($0) }
            accepted += signerRoles.accepted
        }
        outcome = Outcome(
            tags: tags,
            unmerged: made == nil ? [] : unmerged,
            dropped: made == nil ? [] : dropped,
            signedRoles: made?.signedRoles ?? [],
            takenRoles: made?.takenRoles ?? [],
            accepted: made == nil ? [] : accepted,
            bins: edit.layout.count,
            lostRoles: made == nil ? [] : edit.lostRoles.sorted(),
            lostSigners: made?.lostSigners ?? []
        )
        guard let made else { return nil }
        // What cannot be verified by those who pull is not published.
        let candidate = try await reader.candidate(made.data.data)
        let written = made.signedRoles + made.takenRoles
        let delegated = edit.changesDelegations ? edit.delegations.names : []
        try await reader.check(delegated.filter { !made.lostSigners.contains($0) } + written, in: candidate)
        return made.data
    }

    /// Spreads the tags over more or fewer bins when that is asked for, or chosen to happen by itself; signs the bins anew
    /// before they expire.
    private func chooseBins(_ edit: inout TagEdit) async throws(PublishError) {
        let present = edit.layout
        var choice = present.choice
        // Bins are signed with the targets keys.
        if present.bins?.namePrefix == TagLayout.namePrefix, edit.plan.root.bytes != edit.plan.base.set.root.bytes {
            let own = try signing.layout(count: present.count, choice: choice, edit.plan)
            if !own.isSpread(as: present) { return try await edit.spread(as: own) }
        }
        if case .bins(let wished) = intent {
            // A merge may have brought it already.
            if wished == choice, present.chosen > 0 || wished == .count(present.count) { return }
            choice = wished
            guard !present.hasListedRoles else {
                throw .refused(
                    Refusal(
                        .usage,
                        checked: "hash bins for \(subject)",
                        found: "its targets are delegated to roles one by one, and metadata cannot have both"
                    )
                )
            }
        } else if present.choice != .automatic || present.hasListedRoles || edit.largestRole <= BinChoice.comfortable
            || present.count == BinChoice.maximumCount
        {
            return try await renewBins(&edit)
        }
        try await edit.loadAll()
        let count = choice.count(forTags: edit.tagCount)
        try await edit.spread(as: try signing.layout(count: count, choice: choice, edit.plan))
    }

    private func renewBins(_ edit: inout TagEdit) async throws(PublishError) {
        guard let expiry = edit.layout.earliestExpiry, edit.layout.bins != nil,
            signing.expiresSoon(expiry, edit.plan.base.set.targets.payload.common),
            try await signing.canSign(.targets, edit.plan.root)
        else { return }
        try await edit.renewBins()
    }

    private var isRefresh: Bool {
        if case .refresh = intent { return true }
        return false
    }

    /// Whether a signer publishes, who need not have the targets key.
    private var signsAsSigner: Bool {
        if case .signerTags = intent { return true }
        return false
    }

    // MARK: Tags

    /// Applies the intent, unless somebody changed one of its tags since it was first looked at.
    private func apply(
        to edit: inout TagEdit,
        _ signers: inout SignerRoles
    ) async throws(PublishError) -> [TargetPath: TagOutcome] {
        let wished: [TargetPath: TargetRecord?]
        let signer: RoleName?
        switch intent {
        case .tags(let tags): (signer, wished) = (nil, tags)
        case .signerTags(let name, let tags): (signer, wished) = (name, tags)
        default: (signer, wished) = (nil, [:])
        }
        if let signer, signers.delegations.role(signer) == nil { throw noSigner(signer) }
        // Whose word counts depends on all who may sign a tag.
        var touched = Set(wished.keys.flatMap { signers.delegations.roles(for: $0).map(\.name) })
        if let signer { touched.insert(signer) }
        try await signers.settle(
            waiting: try await waiting(signers),
            first: try first(signers),
            touching: touched
        )
        try await edit.load(wished.keys)
        var outcomes: [TargetPath: TagOutcome] = [:]
        for (path, record) in wished.sorted(by: { $0.key < $1.key }) {
            let current = signer.map { signers.record(for: path, in: $0) } ?? edit.record(for: path)
            let first = firstSeen[path] ?? current
            firstSeen.updateValue(first, forKey: path)
            if let record, let current, current.means(record) {
                outcomes[path] = first.map { $0.means(record) } ?? false ? .unchanged : .set(before: first)
            } else if record == nil, current == nil {
                outcomes[path] = first == nil ? .absent : .revoked(before: first)
            } else {
                guard same(first, current) else {
                    throw .conflict(
                        "\(path): another publisher set it to \(digest(current)) while this one set it to "
                            + digest(record)
                    )
                }
                if let signer { signers.set(record, for: path, in: signer) } else { edit.set(record, for: path) }
                outcomes[path] = record == nil ? .revoked(before: first) : .set(before: first)
            }
            try checkThatItCounts(path, record, signer, edit, signers)
        }
        return outcomes
    }

    /// Whoever signs or revokes a tag means what verifiers see: a word that does not count is not given silently.
    private func checkThatItCounts(
        _ path: TargetPath,
        _ record: TargetRecord?,
        _ signer: RoleName?,
        _ edit: TagEdit,
        _ signers: SignerRoles
    ) throws(PublishError) {
        // What others say of it beside a signer who takes the own word back is theirs to say.
        if let signer {
            if let record { try Self.check(signer, mayDecide: path, as: record, edit, signers, subject) }
            return
        }
        let counting = edit.record(for: path) != nil ? RoleName.targets : signers.counting(for: path)
        guard record == nil, let counting else { return }
        throw Self.comesFirst(counting, path, subject)
    }

    /// Refuses what a signer signs for nothing: a tag that others may sign, or on which others have the last word.
    static func check(
        _ signer: RoleName,
        mayDecide path: TargetPath,
        as record: TargetRecord?,
        _ edit: TagEdit,
        _ signers: SignerRoles,
        _ subject: Subject
    ) throws(PublishError) {
        guard signers.delegations.mayList(signer, path.string) else {
            throw .refused(
                Refusal(
                    .usage,
                    checked: "whether \(signer) may sign \(subject.reference(tag: path.string))",
                    found:
                        "the tag is not among those that are delegated to it, or another signer ends the search for it",
                    next: "trustctl signer list \(subject.argument)"
                )
            )
        }
        guard let first = signers.precedence(over: signer, for: path, edit) else { return }
        // Who says the same gives no other word: policies ask for several signers.
        let said = first == .targets ? edit.record(for: path) : signers.record(for: path, in: first)
        guard let record, let said, said.means(record) else { throw comesFirst(first, path, subject) }
    }

    private static func comesFirst(_ role: RoleName, _ path: TargetPath, _ subject: Subject) -> PublishError {
        let reference = subject.reference(tag: path.string)
        let option = role == .targets ? "" : " --signer \(ShellWord.quoted(role.string))"
        return .refused(
            Refusal(
                .conflict,
                checked: "whose word counts for \(reference)",
                found: "\(role) lists the tag, and comes first",
                next: "trustctl revoke \(ShellWord.quoted(reference))\(option)"
            )
        )
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
