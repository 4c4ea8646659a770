/// A verified set, and the files of delegated roles that were verified for it, so that many searches ask for each once.
public struct DelegatedRoles: Sendable {
    /// The set.
    public let set: TrustedSet
    private var files: [ListedTargets.Key: Verified<Targets>] = [:]

    /// A set of whose delegated roles nothing was asked for.
    ///
    /// - Parameter set: The set.
    public init(of set: TrustedSet) {
        self.set = set
    }

    /// The file of a role, if it is here.
    ///
    /// - Parameter listed: Which file.
    /// - Returns: Its payload, or nil.
    public func targets(of listed: ListedTargets) -> Verified<Targets>? { files[listed.key] }

    /// Adds a file.
    ///
    /// - Parameter file: The file, which the same set lists.
    public mutating func insert(_ file: LoadedTargets) { files[file.listed.key] = file.targets }

    /// The files that are needed next to know every role of the set: ask again once they are inserted, until there are none.
    ///
    /// - Returns: The files.
    /// - Throws: ``TUFError/roleNotListed(_:)`` for a role that the snapshot does not list, and
    ///   ``TUFError/tooManyDelegations(limit:)`` above ``TUFLimits/allRoles``.
    public func missing() throws(TUFError) -> [ListedTargets] {
        var missing: [ListedTargets] = []
        try visitAll { (listed, targets) throws(TUFError) in
            if targets == nil { missing.append(listed) }
        }
        return missing
    }

    /// Calls `body` for every target of the set, once, with what a search for it finds. All roles must be here, as
    /// ``missing()`` tells.
    ///
    /// - Parameter body: Receives the path and what is said of it.
    /// - Throws: ``TUFError``.
    public func forEach(_ body: (TargetPath, FoundTarget) throws(TUFError) -> Void) throws(TUFError) {
        var seen: Set<TargetPath> = []
        switch set.dialect {
        case .tuf1:
            try set.targets.payload.forEach { (path, record) throws(TUFError) in
                try body(path, FoundTarget(targets: set.targets, record: record))
            }
            guard set.targets.payload.delegations != nil else { return }
        case .notary:
            // Another role may have the first word on what the targets list.
            try set.targets.payload.forEach { (path, _) throws(TUFError) in
                var walk = try DelegationWalk(for: path, in: self)
                guard case .found(let found) = try walk.next(), seen.insert(path).inserted else { return }
                try body(path, found)
            }
        }
        try visitAll { (_, targets) throws(TUFError) in
            guard let targets else { return }
            try targets.payload.forEach { (path, _) throws(TUFError) in
                guard seen.insert(path).inserted else { return }
                // A role may list what it was not delegated, and several the same: the search says what counts.
                var walk = try DelegationWalk(for: path, in: self)
                guard case .found(let found) = try walk.next(), found.role != .targets else { return }
                try body(path, found)
            }
        }
    }

    private func visitAll(_ body: (ListedTargets, Verified<Targets>?) throws(TUFError) -> Void) throws(TUFError) {
        var visited: Set<ListedTargets.Key> = []
        var open = [set.targets]
        let limit = set.context.limits.allRoles
        while let targets = open.popLast() {
            for authority in authorities(targets, atMost: limit) {
                let listed = try set.listed(authority)
                guard visited.insert(listed.key).inserted else { continue }
                guard visited.count <= limit else { throw .tooManyDelegations(limit: limit) }
                let file = files[listed.key]
                try body(listed, file)
                if let file { open.append(file) }
            }
        }
    }

    /// The roles that a search may be led to.
    private func authorities(_ targets: Verified<Targets>, atMost limit: Int) -> [RoleAuthority] {
        let all = targets.payload.delegations?.authorities(atMost: limit) ?? []
        guard set.dialect == .notary else { return all }
        return all.filter(set.isReleases)
    }
}
