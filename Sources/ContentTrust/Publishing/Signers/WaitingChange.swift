public import TUF
public import TrustCrypto

/// A change that a signer has signed and that no verifier sees yet.
public struct WaitingChange: Sendable {
    /// What it does to one tag.
    public enum TagChange: Sendable, Hashable {
        /// The tag is to mean this digest; before, as the role has it now, that one or nothing.
        case signed(Digest?, before: Digest?)
        /// The tag is to be taken out; the role lists it with this digest.
        case revoked(Digest?)
    }

    /// The signer's role.
    public let role: RoleName
    /// The version of the role's new file.
    public let version: Int64
    /// What it does, by tag.
    public let tags: [String: TagChange]
    /// Tags that it lists and the signer may not sign: they do not match its patterns, or another signer ends the search for
    /// them. What it says of these counts for nothing.
    public let uncountedTags: [String]
    /// Fields that it changes besides tags and what follows from them; nobody is asked to sign these.
    public let otherChanges: [String]
    /// Which of the signer's keys have signed it, by computed id.
    public let signers: Set<KeyID>
    /// Which have not.
    public let missing: Set<KeyID>
    /// How many must.
    public let threshold: Int
    /// Whether it follows what counts now. One that does not is never published: its signer signs anew.
    public let isCurrent: Bool
    /// Until when it can be published.
    public let expires: Instant
    /// Whether enough keys have signed it.
    public let isComplete: Bool
    let proposal: TargetsProposal

    /// Names the change, whoever has signed it.
    var identity: Digest { proposal.identity }

    /// What differs from file to file of a role whose tags alone change.
    static let fieldsOfTags: Set<String> = [
        "targets", "version", "expires", TrustDataField.issued, TagTable.revokedField, SignerFile.field,
    ]

    init(
        _ proposal: TargetsProposal,
        _ delegations: SignerDelegations,
        present: SignerFile?,
        isCurrent: Bool
    ) throws(TUFError) {
        let role = proposal.authority.role
        self.role = role
        otherChanges = proposal.fields(otherThanIn: present?.targets)
            .filter { !Self.fieldsOfTags.contains($0) }
        var table = TagTable()
        if let present { table = try TagTable(present.targets, role: role) }
        self.proposal = proposal
        self.isCurrent = isCurrent
        version = proposal.proposed.common.version
        expires = proposal.proposed.common.expires
        threshold = proposal.authority.threshold
        let ids = delegations.role(role)?.keys.keyIDs ?? []
        let keys = delegations.keys.filter { ids.contains($0.key) }
        let signed = try proposal.signers()
        isComplete = signed.count >= threshold
        signers = Set(signed.compactMap { keys[$0]?.computedID })
        missing = Set(keys.values.map(\.computedID)).subtracting(signers)
        tags = try table.changes(to: proposal.proposed)
        uncountedTags = tags.filter { tag, change in
            guard case .signed = change else { return false }
            return !delegations.mayList(role, tag)
        }.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

extension TagTable {
    /// What a new file of a signer does, by tag.
    func changes(to targets: Targets) throws(TUFError) -> [String: WaitingChange.TagChange] {
        var changes: [String: WaitingChange.TagChange] = [:]
        var listed: Set<TargetPath> = []
        try targets.forEach { (path, record) throws(TUFError) in
            listed.insert(path)
            let before = records[path]
            guard before.map({ !$0.means(record) }) ?? true else { return }
            changes[path.string] = .signed(record.digest(.sha256), before: before?.digest(.sha256))
        }
        for (path, record) in records where !listed.contains(path) {
            changes[path.string] = .revoked(record.digest(.sha256))
        }
        return changes
    }
}
