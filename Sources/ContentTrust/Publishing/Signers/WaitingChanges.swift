import TUF
import TUFClient
import TrustCrypto

/// The changes of signers that wait beside a set, for those who sign them and cannot publish.
struct WaitingChanges: Sendable {
    let candidate: Candidate
    let delegations: SignerDelegations
    let pin: Pin
    let repository: String
    private let reader: CandidateReader
    private let signing: SetSigning
    private let subject: Subject
    private let store: any TrustStore
    private let files: WaitingFiles
    let roles: WaitingRoles

    var now: Instant { signing.now }

    /// The newest listed version of each signer's role, 0 for one that has no file.
    var versions: [RoleName: Int64] { roles.versions }

    init(
        _ located: LocatedTrustData,
        pin: Pin,
        reader: CandidateReader,
        signing: SetSigning
    ) async throws(Refusal) {
        self.reader = reader
        self.signing = signing
        self.pin = pin
        subject = located.subject
        store = located.store
        repository = located.repository
        files = WaitingFiles(places: located.store.waitingPlaces)
        guard let data = located.data else {
            throw Refusal(
                .trustDataMissing,
                checked: "trust data of \(located.subject) in \(located.store.name)",
                found: "none",
                next: "ask the publisher to run: trustctl refresh \(located.subject.argument)"
            )
        }
        (candidate, delegations) = try await Self.work(subject, store) { () async throws(PublishError) in
            let candidate = try await reader.candidate(data)
            return (candidate, try reader.delegations(of: candidate))
        }
        let listed = candidate.set.snapshot.payload.roles
        roles = WaitingRoles(
            delegations: delegations,
            versions: Dictionary(uniqueKeysWithValues: delegations.names.map { ($0, listed[$0]?.version ?? 0) }),
            binding: pin.binding(for: located.repository)
        )
    }

    func authority(of name: RoleName) throws(Refusal) -> RoleAuthority {
        guard let authority = delegations.authority(of: name) else {
            throw Refusal(
                .usage,
                checked: "the signer \(name) of \(subject)",
                found: "there is no such signer",
                next: "trustctl signer list \(subject.argument)"
            )
        }
        return authority
    }

    /// Whether a change of a signer can be published with the keys at hand.
    func publishes(with authority: RoleAuthority) async throws(Refusal) -> Bool {
        guard try await canPublish() else { return false }
        return try await work { () async throws(PublishError) in try await signing.canSign(authority) }
    }

    /// Whether the keys are at hand that put a signed file into the set.
    func canPublish() async throws(Refusal) -> Bool {
        let root = candidate.set.root
        return try await work { () async throws(PublishError) in
            guard try await signing.canSign(.snapshot, root) else { return false }
            return try await signing.canSign(.timestamp, root)
        }
    }

    /// The file of a signer's role that counts now.
    func present(_ name: RoleName) async throws(Refusal) -> PresentSignerFile {
        guard let authority = delegations.authority(of: name) else { return .notSigned }
        return try await present(authority)
    }

    private func present(_ authority: RoleAuthority) async throws(Refusal) -> PresentSignerFile {
        let name = authority.role
        // What a former signer of the name had signed counts for nothing.
        guard candidate.set.snapshot.payload.roles[name] != nil, delegations.role(name) != nil,
            let plan = MergePlan([candidate], present: candidate.identity)
        else { return .notSigned }
        return try await work { () async throws(PublishError) in
            try await reader.signerFile(name, authority, in: candidate, plan)
        }
    }

    // MARK: Changes

    /// The changes that wait.
    func changes() async throws(Refusal) -> [WaitingChange] {
        var changes: [WaitingChange] = []
        for (role, proposals) in Dictionary(grouping: try await read(roles), by: \.authority.role) {
            var present: SignerFile?
            if case .file(let file) = try await self.present(role) { present = file }
            changes += proposals.compactMap { try? change($0, after: present) }
        }
        return changes.sorted { ($0.role, $0.version) < ($1.role, $1.version) }
    }

    private func read(_ roles: WaitingRoles) async throws(Refusal) -> [TargetsProposal] {
        try await work { () async throws(PublishError) in
            do throws(TrustStoreError) { return try await files.read(roles) } catch { throw .store(error) }
        }
    }

    /// What would come in with a signer.
    func change(letInBy signer: NewSigner) async throws(Refusal) -> AcceptedChange? {
        let name = signer.role.name
        var wished = delegations
        wished.put(signer.role, keys: signer.keysByID, before: nil)
        guard let authority = wished.authority(of: name) else { return nil }
        var before: SignerFile?
        if case .file(let file) = try await present(name) { before = file }
        let proposed = WaitingRoles(
            delegations: wished,
            versions: [name: versions[name] ?? 0],
            binding: roles.binding
        )
        var counting: [SignerFile] = []
        if case .file(let file) = try await present(authority) { counting.append(file) }
        let read = try await read(proposed)
        do {
            var new = try signer.first.map { first throws(TUFError) in try SignerFile(first, role: name) }
            if new == nil {
                new = SignerRoles.next(read, after: counting, listed: versions[name] ?? 0, role: name, now: now)
            }
            let change = try new.map { new throws(TUFError) in
                try AcceptedChange(new, role: name, after: before, wished)
            }
            return change.flatMap { $0.tags.isEmpty ? nil : $0 }
        } catch {
            throw Refusal.metadata(error, checked: "what waits for the signer \(name) of \(subject)", pin: pin)
        }
    }

    private func change(_ proposal: TargetsProposal, after present: SignerFile?) throws(TUFError) -> WaitingChange {
        let role = proposal.authority.role
        return try WaitingChange(
            proposal,
            delegations,
            present: present,
            isCurrent: SignerRoles.follows(
                proposal,
                [present].compactMap { $0 },
                listed: versions[role] ?? 0,
                now: now
            )
        )
    }

    // MARK: Submitting

    /// Signs a change with the keys at hand and lets it wait.
    ///
    /// - Returns: The change, or the one that waits already and does the same; nil when all is published as wished.
    func submit(
        _ wished: [TargetPath: TargetRecord?],
        _ authority: RoleAuthority
    ) async throws(Refusal) -> WaitingChange? {
        let role = authority.role
        try await check(wished, role)
        let keys = Array(authority.publicKeys.values)
        let own = try await work { () async throws(PublishError) in try await available(keys, role) }
        guard !own.isEmpty else {
            throw Refusal(
                .keyUnavailable,
                checked: "keys of the signer \(role)",
                found: "none of \(keys.count) is in the key stores",
                next: "to see what there is: trustctl key list; for a key on another medium: --key-store DIR"
            )
        }
        guard let present = try await needed(role) else {
            throw Refusal(
                .trustDataMissing,
                checked: "the file of the signer \(role) of \(subject)",
                found: "none that its keys have signed",
                next: "trustctl signer request \(subject.argument) \(role) --out FILE"
            )
        }
        let waiting = try await changes().filter { $0.role == role }
        let before = try underlying(role, waiting, own: own)
        let version = max(versions[role] ?? 0, before?.proposed.common.version ?? 0) + 1
        do {
            let old = try before.map { try TagTable($0, role: role) } ?? TagTable(present.targets, role: role)
            var table = old
            for (path, record) in wished {
                if let record {
                    guard table.records[path].map({ !$0.means(record) }) ?? true else { continue }
                    table.set(record, for: path, version: version)
                } else if table.records[path] != nil {
                    table.revoke(path, version: version)
                }
            }
            // Whoever signs a tag again as it is, before the role expires, renews the role.
            let isRenewal = before == nil && signing.expiresSoon(present.targets.payload.common, role: .targets)
            guard table.differs(from: old) || isRenewal else {
                return before.flatMap { _ in waiting.last(where: \.isCurrent) }
            }
            var draft = before?.draft ?? RoleDraft(editing: present.targets, role: role)
            draft.changeTargets(table.changes(from: old))
            var ancestors = SignerFile.ancestors(of: [present])
            if let before {
                let entry = SignerFile.Entry(digest: before.identity, version: before.proposed.common.version)
                ancestors =
                    try [entry] + SignerFile.entries(before.field(SignerFile.field), role: role, below: entry.version)
                // What is published stays among them, however many changes wait: it is what the next one must follow.
                ancestors = Array(ancestors.filter { $0 != present.own }.prefix(SignerFile.window - 1)) + [present.own]
            }
            draft.setField(TagTable.revokedField, to: table.revokedJSON(after: (ancestors.last?.version ?? 0) - 1))
            draft.setField(SignerFile.field, to: SignerFile.json(ancestors))
            let lifetime = signing.signerLifetime(present.targets.payload.common, candidate.set.targets.payload.common)
            draft.setVersion(version, expires: now.advanced(bySeconds: lifetime), issued: now)
            try await work { () async throws(PublishError) in
                try NextVersions.check(draft, isSigner: true, of: subject)
            }
            let proposal = try TargetsProposal(draft, authority: authority)
            let known = Set(waiting.map(\.identity))
            return try await wait(proposal, after: present, signedBy: own, replacing: known)
        } catch let refusal as Refusal {
            throw refusal
        } catch let error as TUFError {
            throw Refusal.metadata(error, checked: "signing of \(role) for \(subject)", pin: pin)
        } catch {
            throw Refusal(.internalDefect, checked: "signing of \(role)", found: "\(error)", cause: error)
        }
    }

    /// Refuses what would not count once it is published.
    private func check(_ wished: [TargetPath: TargetRecord?], _ signer: RoleName) async throws(Refusal) {
        guard let plan = MergePlan([candidate], present: candidate.identity) else { return }
        let paths = wished.filter { $0.value != nil }.keys.sorted()
        try await work { () async throws(PublishError) in
            let edit = try await TagEdit(plan, reader: reader)
            var roles = SignerRoles(edit, reader: reader, signing: signing)
            let touched = paths.flatMap { delegations.roles(for: $0).map(\.name) }
            try await roles.settle(waiting: [], touching: Set(touched))
            for path in paths {
                try Publication.check(signer, mayDecide: path, as: wished[path] ?? nil, edit, roles, subject)
            }
        }
    }

    /// What waits for the role already and goes into the next change: what counts but for being published, or what one of
    /// these keys has signed.
    private func underlying(
        _ role: RoleName,
        _ waiting: [WaitingChange],
        own: [PublicKey]
    ) throws(Refusal) -> TargetsProposal? {
        guard let last = waiting.last(where: \.isCurrent) else { return nil }
        let ids = own.flatMap { last.proposal.authority.ids(of: $0) }
        let signers: Set<KeyID>
        do { signers = try last.proposal.signers() } catch {
            throw Refusal.metadata(error, checked: "a waiting change of \(role)", pin: pin)
        }
        guard last.isComplete || !signers.isDisjoint(with: ids) else {
            throw Refusal(
                .conflict,
                checked: "what waits for the signer \(role) of \(subject)",
                found: "a change of \(last.tags.keys.sorted().joined(separator: ", ")) that your key has not signed",
                next: "to look at it and sign it: trustctl signer sign \(subject.argument) \(role); "
                    + "to throw it away: trustctl signer sign --discard \(subject.argument) \(role)"
            )
        }
        return last.proposal
    }

    /// Signs a waiting change with those keys at hand that have not signed it.
    func sign(_ change: WaitingChange) async throws(Refusal) -> WaitingChange {
        guard change.isCurrent else {
            throw Refusal(
                .conflict,
                checked: "the waiting change of \(change.role)",
                found: "it does not follow what is published now",
                next: "sign its tags anew, or throw it away: "
                    + "trustctl signer sign --discard \(subject.argument) \(change.role)"
            )
        }
        guard change.otherChanges.isEmpty else {
            throw Refusal(
                .policy,
                checked: "the waiting change of \(change.role)",
                found: "it changes \(change.otherChanges.joined(separator: ", ")) too, which trustctl does not sign",
                next: "to throw it away: trustctl signer sign --discard \(subject.argument) \(change.role)"
            )
        }
        let keys = change.proposal.authority.publicKeys
        let signed: Set<KeyID>
        do { signed = try change.proposal.signers() } catch {
            throw Refusal.metadata(error, checked: "the waiting change of \(change.role)", pin: pin)
        }
        let done = Set(signed.compactMap { keys[$0] })
        let open = Set(keys.values).subtracting(done)
        let own = try await work { () async throws(PublishError) in try await available(Array(open), change.role) }
        guard !own.isEmpty else {
            guard !change.isComplete else { return change }
            throw Refusal(
                .keyUnavailable,
                checked: "keys of the signer \(change.role) that have not signed",
                found: "none is in the key stores",
                expected: "one of \(change.missing.sorted().map(\.string).joined(separator: ", "))",
                next: "to see what there is: trustctl key list; for a key on another medium: --key-store DIR"
            )
        }
        return try await wait(
            change.proposal,
            after: try await needed(change.role),
            signedBy: own,
            replacing: nil
        )
    }

    func discard(_ change: WaitingChange) async throws(Refusal) {
        try await work { () async throws(PublishError) in
            try await files.remove(change.proposal, roles)
        }
    }

    private func wait(
        _ proposal: TargetsProposal,
        after present: SignerFile?,
        signedBy keys: [PublicKey],
        replacing known: Set<Digest>?
    ) async throws(Refusal) -> WaitingChange {
        let role = proposal.authority.role
        var signed = proposal
        for key in keys {
            for signer in try await signing.signers.signers(for: role, keys: [key], threshold: 1) {
                do { signed = try await signed.signed(by: signer) } catch {
                    throw Refusal.metadata(error, checked: "signing of \(role) for \(subject)", pin: pin)
                }
            }
        }
        let length = signed.file.bytes.count
        guard length <= WaitingContents.maximumLength else {
            throw Refusal(
                .usage,
                checked: "the change of \(role)",
                found: "its file has \(length) bytes",
                expected: "at most \(WaitingContents.maximumLength), for a change that waits",
                next: "publish it on a machine that has the snapshot and timestamp keys too"
            )
        }
        let put = try await work { () async throws(PublishError) in
            try await files.put(signed, replacing: known, roles)
        }
        do { return try change(put, after: present) } catch {
            throw Refusal.metadata(error, checked: "the change of \(role)", pin: pin)
        }
    }

    private func needed(_ role: RoleName) async throws(Refusal) -> SignerFile? {
        let present = try await present(role)
        return try await work { () async throws(PublishError) in try present.needed }
    }

    private func available(_ keys: [PublicKey], _ role: RoleName) async throws(PublishError) -> [PublicKey] {
        var found: [PublicKey] = []
        do {
            for key in keys where try await signing.signers.canSign(for: role, keys: [key], threshold: 1) {
                found.append(key)
            }
        } catch {
            throw .refused(error)
        }
        return found
    }

    // MARK: Errors

    private func work<Value>(_ body: () async throws(PublishError) -> Value) async throws(Refusal) -> Value {
        try await Self.work(subject, store, body)
    }

    private static func work<Value>(
        _ subject: Subject,
        _ store: any TrustStore,
        _ body: () async throws(PublishError) -> Value
    ) async throws(Refusal) -> Value {
        do { return try await body() } catch { throw Refusal.publish(error, subject: subject, store: store.name) }
    }
}
