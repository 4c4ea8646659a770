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
    let proposal: TargetsProposal

    /// Whether enough keys have signed it.
    public var isComplete: Bool { signers.count >= threshold }

    init(
        _ proposal: TargetsProposal,
        keys: RoleKeysByID,
        present: TagTable,
        isCurrent: Bool
    ) throws(TUFError) {
        self.proposal = proposal
        self.isCurrent = isCurrent
        role = proposal.authority.role
        version = proposal.proposed.common.version
        expires = proposal.proposed.common.expires
        threshold = proposal.authority.threshold
        let signed = try proposal.signers()
        signers = Set(signed.compactMap { keys[$0]?.computedID })
        missing = Set(keys.values.map(\.computedID)).subtracting(signers)
        var changes: [String: TagChange] = [:]
        var listed: Set<TargetPath> = []
        try proposal.proposed.forEach { (path, record) throws(TUFError) in
            listed.insert(path)
            let before = present.records[path]
            guard before.map({ !$0.means(record) }) ?? true else { return }
            changes[path.string] = .signed(record.digest(.sha256), before: before?.digest(.sha256))
        }
        for (path, record) in present.records where !listed.contains(path) {
            changes[path.string] = .revoked(record.digest(.sha256))
        }
        tags = changes
    }
}

/// The keys of a role by the ids that its parent gives them.
typealias RoleKeysByID = [KeyID: TUFKey]
