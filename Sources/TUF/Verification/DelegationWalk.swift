/// The search for one target through the roles that may list it: pre-order and depth first, from the top-level targets on
/// (TUF 1.0.34 §5.6.7).
///
/// It moves no bytes. Ask ``next()`` what it needs, hand that to ``accept(_:)``, and go on until it has found the target or
/// says that there is none. A file that cannot be had or is refused ends the search: what a role of higher priority says of
/// the target would be unknown.
///
/// A role's file is verified with the keys of the role that led to it, in each search anew. What another delegator's keys
/// signed counts for nothing here, even under the same name.
public struct DelegationWalk: Sendable {
    /// What comes next.
    public enum Step: Sendable {
        /// The target was found.
        case found(FoundTarget)
        /// No role that may list the target does.
        case notFound
        /// The file to hand to ``DelegationWalk/accept(_:)``.
        case load(ListedTargets)
    }

    /// The target.
    public let path: TargetPath
    /// The set that is searched, with the files that were needed so far.
    public private(set) var roles: DelegatedRoles
    /// Roles to look at, with those that led to them; the last comes first.
    private var open: [(delegation: Delegation, chain: [RoleFile])] = []
    private var visited: Set<RoleName> = [.targets]
    private var pending: (file: ListedTargets, chain: [RoleFile])?
    private var found: FoundTarget?
    /// What the targets say, where another role has the first word.
    private var fallback: FoundTarget?

    /// Begins a search.
    ///
    /// - Parameters:
    ///   - path: The target.
    ///   - set: The verified set to search.
    /// - Throws: ``TUFError/malformed(role:field:)`` when the record of the target has a digest of the wrong form.
    public init(for path: TargetPath, in set: TrustedSet) throws(TUFError) {
        try self.init(for: path, in: DelegatedRoles(of: set))
    }

    /// Begins a search that asks for no file which an earlier one had.
    ///
    /// - Parameters:
    ///   - path: The target.
    ///   - roles: The verified set to search, with the files that earlier searches left in ``roles``.
    /// - Throws: ``TUFError/malformed(role:field:)`` when the record of the target has a digest of the wrong form.
    public init(for path: TargetPath, in roles: DelegatedRoles) throws(TUFError) {
        self.path = path
        self.roles = roles
        try visit(RoleFile(role: .targets, targets: roles.set.targets), chain: [])
    }

    /// What comes next. It stays the same until ``accept(_:)`` is called.
    ///
    /// - Returns: The end of the search, or the file that it needs.
    /// - Throws: ``TUFError/roleNotListed(_:)`` for a role that the snapshot does not list, and
    ///   ``TUFError/tooManyDelegations(limit:)``.
    public mutating func next() throws(TUFError) -> Step {
        if let found { return .found(found) }
        if let pending { return .load(pending.file) }
        let limit = roles.set.context.limits.delegatedRoles
        while found == nil, let (delegation, chain) = open.popLast() {
            // A role that two others delegate to is searched once, by the first.
            guard !visited.contains(delegation.role) else { continue }
            guard visited.count <= limit else { throw .tooManyDelegations(limit: limit) }
            let file = try roles.set.listed(delegation.authority)
            visited.insert(delegation.role)
            if let targets = roles.targets(of: file) {
                try visit(RoleFile(role: file.role, targets: targets), chain: chain)
                continue
            }
            pending = (file, chain)
            return .load(file)
        }
        found = found ?? fallback
        return found.map { .found($0) } ?? .notFound
    }

    /// Takes the file that ``next()`` asked for.
    ///
    /// - Parameter bytes: The file, from wherever.
    /// - Throws: ``TUFError``. The search has ended then.
    public mutating func accept(_ bytes: [UInt8]) throws(TUFError) {
        guard let (file, _) = pending else { return }
        try accept(file.load(bytes))
    }

    /// Takes the file that ``next()`` asked for, verified. Any other is left alone.
    ///
    /// - Parameter file: The file.
    /// - Throws: ``TUFError``. The search has ended then.
    public mutating func accept(_ file: LoadedTargets) throws(TUFError) {
        guard let (asked, chain) = pending, asked.key == file.listed.key else { return }
        roles.insert(file)
        pending = nil
        try visit(RoleFile(role: asked.role, targets: file.targets), chain: chain)
    }

    private mutating func visit(_ file: RoleFile, chain: [RoleFile]) throws(TUFError) {
        let chain = chain + [file]
        let target = try file.targets.payload.record(for: path).map {
            FoundTarget(record: $0, role: file.role, chain: chain)
        }
        let delegations = file.targets.payload.delegations?.delegations(for: path) ?? []
        if roles.set.dialect == .notary {
            // Docker asks the releases role, then the targets, and nobody else.
            let releases = delegations.first { roles.set.isReleases($0.authority) }
            guard file.role == .targets, let releases else {
                found = target
                return
            }
            fallback = target
            open = [(releases, chain)]
            return
        }
        if let target {
            found = target
            return
        }
        // After a terminating delegation nothing is looked at but what is below it.
        if delegations.last?.isTerminating == true { open = [] }
        open += delegations.reversed().map { ($0, chain) }
    }
}

/// The file of a targets role, verified for one search.
public struct RoleFile: Sendable {
    /// The role.
    public let role: RoleName
    /// Its file.
    public let targets: Verified<Targets>
}

/// A target that a search found.
public struct FoundTarget: Sendable {
    /// What is said of the target.
    public let record: TargetRecord
    /// The role that says it.
    public let role: RoleName
    /// The files of the roles that led to it, from the top-level targets to the one that lists the target.
    public let chain: [RoleFile]
}

extension FoundTarget {
    /// What the top-level targets themselves say of a target.
    ///
    /// - Parameters:
    ///   - targets: The targets.
    ///   - record: Their record of it.
    package init(targets: Verified<Targets>, record: TargetRecord) {
        self.init(record: record, role: .targets, chain: [RoleFile(role: .targets, targets: targets)])
    }
}
