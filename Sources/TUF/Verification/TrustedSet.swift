/// The verified metadata of a repository at one time. Made by the stages only.
public struct TrustedSet: Sendable {
    /// The timestamp.
    public let timestamp: Verified<Timestamp>
    /// The snapshot that the timestamp names.
    public let snapshot: Verified<Snapshot>
    /// The top-level targets that the snapshot names.
    public let targets: Verified<Targets>
    let context: StageContext

    init(
        timestamp: Verified<Timestamp>,
        snapshot: Verified<Snapshot>,
        targets: Verified<Targets>,
        context: StageContext
    ) {
        self.timestamp = timestamp
        self.snapshot = snapshot
        self.targets = targets
        self.context = context
    }

    /// The newest root.
    public var root: Verified<Root> { context.root }

    /// The form that the metadata has.
    public var dialect: Dialect { context.binding.dialect }

    /// The name of the repository that the metadata is bound to: what its roles carry, in Notary's dialect what the root's
    /// certificates are for. Nil for metadata that is bound to none.
    public var repository: String? {
        if case .notary(let gun) = context.binding { return gun }
        return root.payload.common.repository
    }

    /// The one time that all expiry tests of this set used.
    public var verifiedAt: Instant { context.now }

    /// What the top-level targets role itself says of a target. Where it delegates, ``DelegationWalk`` searches on.
    ///
    /// - Parameter path: The target.
    /// - Returns: Its record, or nil when the role does not list it.
    /// - Throws: ``TUFError/malformed(role:field:)``.
    public func record(for path: TargetPath) throws(TUFError) -> TargetRecord? {
        try targets.payload.record(for: path)
    }

    /// The file of a delegated role, as this set lists it.
    ///
    /// - Parameter authority: Who may speak for the role, by the word of the role that delegates to it.
    /// - Returns: Which file it is.
    /// - Throws: ``TUFError/roleNotListed(_:)``.
    public func listed(_ authority: RoleAuthority) throws(TUFError) -> ListedTargets {
        try ListedTargets(authority, in: snapshot, context: context)
    }

    /// Whether a role is that of Docker's releases, and has a word on tags: not before it was signed, and not when the targets
    /// leave it no key, as is done when the last signer goes.
    func isReleases(_ authority: RoleAuthority) -> Bool {
        authority.role == Dialect.releases && !authority.keys.isEmpty && snapshot.payload.roles[authority.role] != nil
    }

    /// The fields that the four roles share.
    public var common: [RoleName: CommonFields] {
        [
            .root: root.payload.common, .timestamp: timestamp.payload.common, .snapshot: snapshot.payload.common,
            .targets: targets.payload.common,
        ]
    }

    /// Whether the targets delegate to Docker's releases, and the snapshot lists no file of theirs.
    package var lacksReleases: Bool {
        dialect == .notary && snapshot.payload.roles[Dialect.releases] == nil && releasesAuthority != nil
    }

    private var releasesAuthority: RoleAuthority? {
        let authority = targets.payload.delegations?.authority(of: Dialect.releases)
        return authority?.keys.isEmpty == false ? authority : nil
    }

    /// Refuses a set that hides Docker's releases: their tags would be taken for unsigned, or for what the targets said before. A
    /// snapshot whose keys were replaced is compared with no earlier one, but a file that their present keys signed exists,
    /// whatever is listed.
    ///
    /// - Parameter stored: The file of the releases that an earlier verification kept, if it kept one.
    /// - Throws: ``TUFError/roleRemoved(_:)``.
    package func checkReleases(_ stored: [UInt8]?) throws(TUFError) {
        guard lacksReleases, let stored, let releasesAuthority else { return }
        let known: Verified<Targets>? = try? context.verified(
            stored,
            by: releasesAuthority,
            maximumLength: context.limits.listedLength
        )
        if known != nil { throw .roleRemoved(Dialect.releases) }
    }

    /// The role that expires first, and when.
    public var earliestExpiry: (role: RoleName, at: Instant) {
        var earliest = (role: RoleName.timestamp, at: timestamp.payload.common.expires)
        for (role, fields) in common where (fields.expires, role) < (earliest.at, earliest.role) {
            earliest = (role, fields.expires)
        }
        return earliest
    }
}
