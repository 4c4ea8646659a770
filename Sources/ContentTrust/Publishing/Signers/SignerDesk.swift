import TUF
import TUFClient
import TrustCrypto

/// What a signer works on who cannot publish: the set that is there, and the changes that wait beside it.
struct SignerDesk: Sendable {
    let candidate: Candidate
    let delegations: SignerDelegations
    let pin: Pin
    let repository: String
    private let reader: CandidateReader
    private let signing: SetSigning
    private let subject: Subject
    private let store: any TrustStore
    private let waiting: WaitingFiles
    private let binding: RepositoryBinding

    var now: Instant { signing.now }

    /// The newest listed version of each signer's role, 0 for one that has no file.
    var versions: [RoleName: Int64] {
        let listed = candidate.set.snapshot.payload.roles
        return Dictionary(uniqueKeysWithValues: delegations.names.map { ($0, listed[$0]?.version ?? 0) })
    }

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
        binding = pin.binding(for: located.repository)
        waiting = WaitingFiles(places: located.store.waitingPlaces)
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
    func present(_ name: RoleName) async throws(Refusal) -> SignerFile? {
        guard candidate.set.snapshot.payload.roles[name] != nil, let authority = delegations.authority(of: name),
            let plan = MergePlan([candidate], present: candidate.identity)
        else { return nil }
        return try await work { () async throws(PublishError) in
            try await reader.signerFile(name, authority, in: candidate, plan)
        }
    }

    // MARK: Changes

    /// The changes that wait.
    func changes() async throws(Refusal) -> [WaitingChange] {
        let files = try await work { () async throws(PublishError) in
            do throws(TrustStoreError) { return try await waiting.read(after: versions) } catch { throw .store(error) }
        }
        var changes: [WaitingChange] = []
        for file in files {
            let authority = try authority(of: file.role)
            // What is no metadata of the signer is nobody's change.
            guard let proposal = try? TargetsProposal(parsing: file.bytes, authority: authority, binding: binding),
                let change = try? await change(proposal)
            else { continue }
            changes.append(change)
        }
        return changes.sorted { ($0.role, $0.version) < ($1.role, $1.version) }
    }

    private func change(_ proposal: TargetsProposal) async throws(Refusal) -> WaitingChange {
        let role = proposal.authority.role
        let present = try await present(role)
        do {
            let ancestors = try SignerFile.entries(
                proposal.field(SignerFile.field),
                role: role,
                below: proposal.proposed.common.version
            )
            return try WaitingChange(
                proposal,
                keys: delegations.keys.filter { delegations.role(role)?.keys.keyIDs.contains($0.key) == true },
                present: try present.map { try TagTable($0.targets, role: role) } ?? TagTable(),
                isCurrent: (present.map { ancestors.contains($0.own) } ?? true)
                    && proposal.proposed.common.expires > now
            )
        } catch let error as TUFError {
            throw Refusal.metadata(error, checked: "a waiting change of \(role)", pin: pin)
        } catch {
            throw Refusal(.internalDefect, checked: "a waiting change of \(role)", found: "\(error)", cause: error)
        }
    }

    // MARK: Submitting

    /// Signs a change with the keys at hand and lets it wait.
    func submit(
        _ wished: [TargetPath: TargetRecord?],
        _ authority: RoleAuthority
    ) async throws(Refusal) -> WaitingChange {
        let role = authority.role
        for path in wished.keys.sorted() where wished[path] != .some(nil) {
            guard !delegations.roles(for: path).contains(where: { $0.name == role }) else { continue }
            throw Refusal(
                .usage,
                checked: "whether \(role) may sign \(subject.reference(tag: path.string))",
                found: "the tag is not among those that are delegated to it, or another signer has the last word on it",
                next: "trustctl signer list \(subject.argument)"
            )
        }
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
        let before = try await underlying(role, own: own)
        let present = try await present(role)
        var draft =
            before?.draft ?? present.map { RoleDraft(editing: $0.targets, role: role) }
            ?? RoleDraft(role: role, version: 1, expires: now, issued: now, repository: repository)
        let version = max(versions[role] ?? 0, before?.proposed.common.version ?? 0) + 1
        var ancestors = present.map { SignerFile.ancestors(of: [$0]) } ?? []
        do {
            var table =
                try before.map { try TagTable($0, role: role) }
                ?? present.map { try TagTable($0.targets, role: role) } ?? TagTable()
            let old = table
            for (path, record) in wished {
                if let record {
                    table.set(record, for: path, version: version)
                } else {
                    table.revoke(path, version: version)
                }
            }
            draft.changeTargets(table.changes(from: old))
            if let before {
                let file = before.file
                ancestors =
                    try [
                        SignerFile.Entry(
                            digest: Digest.compute(.sha256, over: file.bytes.span),
                            version: file.version
                        )
                    ] + SignerFile.entries(before.field(SignerFile.field), role: role, below: file.version)
                ancestors = Array(ancestors.prefix(SignerFile.window))
            }
            draft.setField(TagTable.revokedField, to: table.revokedJSON(after: (ancestors.last?.version ?? 0) - 1))
            draft.setField(SignerFile.field, to: SignerFile.json(ancestors))
            let lifetime = signing.lifetimes.seconds(of: .targets, present: present?.targets.payload.common)
            draft.setVersion(version, expires: now.advanced(bySeconds: lifetime), issued: now)
            return try await wait(TargetsProposal(draft, authority: authority), signedBy: own)
        } catch let refusal as Refusal {
            throw refusal
        } catch let error as TUFError {
            throw Refusal.metadata(error, checked: "signing of \(role) for \(subject)", pin: pin)
        } catch {
            throw Refusal(.internalDefect, checked: "signing of \(role)", found: "\(error)", cause: error)
        }
    }

    /// What waits for the role already and goes into the next change: what counts but for being published, or what one of
    /// these keys has signed.
    private func underlying(_ role: RoleName, own: [PublicKey]) async throws(Refusal) -> TargetsProposal? {
        let changes = try await changes().filter { $0.role == role && $0.isCurrent }
        guard let last = changes.last else { return nil }
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
        return try await wait(change.proposal, signedBy: own)
    }

    func discard(_ change: WaitingChange) async throws(Refusal) {
        try await work { () async throws(PublishError) in
            do throws(TrustStoreError) {
                try await waiting.remove(change.role, after: versions)
            } catch {
                throw .store(error)
            }
        }
    }

    private func wait(_ proposal: TargetsProposal, signedBy keys: [PublicKey]) async throws(Refusal) -> WaitingChange {
        let role = proposal.authority.role
        var signed = proposal
        for key in keys {
            for signer in try await signing.signers.signers(for: role, keys: [key], threshold: 1) {
                do { signed = try await signed.signed(by: signer) } catch {
                    throw Refusal.metadata(error, checked: "signing of \(role) for \(subject)", pin: pin)
                }
            }
        }
        let file = WaitingFile(role: role, version: signed.file.version, bytes: signed.file.bytes)
        guard file.bytes.count <= WaitingFile.maximumLength else {
            throw Refusal(
                .usage,
                checked: "the change of \(role)",
                found: "its file has \(file.bytes.count) bytes",
                expected: "at most \(WaitingFile.maximumLength), for a change that waits",
                next: "publish it on a machine that has the snapshot and timestamp keys too"
            )
        }
        try await work { () async throws(PublishError) in try await waiting.put(file, after: versions) }
        return try await change(signed)
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
