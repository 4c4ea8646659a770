/// The file of a targets role that the snapshot lists, and by whose keys it must be signed: the top-level one, or a
/// delegated one (TUF 1.0.34 §5.6).
public struct ListedTargets: Sendable {
    /// The role.
    public var role: RoleName { authority.role }
    /// What the snapshot says of its file.
    public let record: MetaRecord
    let authority: RoleAuthority
    private let context: StageContext

    /// The file of a role.
    ///
    /// - Throws: ``TUFError/roleNotListed(_:)``.
    init(_ authority: RoleAuthority, in snapshot: Verified<Snapshot>, context: StageContext) throws(TUFError) {
        guard let record = snapshot.payload.roles[authority.role] else { throw .roleNotListed(authority.role) }
        self.record = record
        self.authority = authority
        self.context = context
    }

    /// The file to ask for.
    public var file: MetadataFile { context.file(role, record) }

    /// The most bytes that the file may have (§5.6.1).
    public var maximumLength: Int {
        context.limits.maximumLength(listed: record.length, else: context.limits.targetsLength)
    }

    /// Whether a stored file has the version, length and hashes that the snapshot lists, so that nothing need be asked for.
    /// Its signatures are checked when it is accepted all the same.
    ///
    /// - Parameter bytes: What an earlier verification stored.
    /// - Returns: Whether it can stand for the file.
    public func isCurrent(_ bytes: [UInt8]) -> Bool {
        do { try record.check(bytes, role: role) } catch { return false }
        // With a hash the file is the very one. Without, only its version tells.
        guard record.hashes.isEmpty else { return true }
        let stored: Verified<Targets>? = try? context.verified(
            bytes,
            by: authority,
            maximumLength: context.limits.listedLength
        )
        return stored?.payload.common.version == record.version
    }

    /// The file, verified (§5.6.2 to §5.6.5).
    ///
    /// - Parameters:
    ///   - bytes: The file, from wherever.
    ///   - stored: What an earlier verification stored of the role. One that the role's keys signed must not be newer, where
    ///     the snapshot tells no versions.
    /// - Returns: The file.
    /// - Throws: ``TUFError``.
    public func load(_ bytes: [UInt8], after stored: [UInt8]? = nil) throws(TUFError) -> LoadedTargets {
        let targets = try verified(bytes)
        if record.version == MetaRecord.untold, let stored {
            let known: Verified<Targets>? = try? context.verified(
                stored,
                by: authority,
                maximumLength: context.limits.listedLength
            )
            try context.checkOrder(of: targets, after: known, role: role)
        }
        return LoadedTargets(listed: self, targets: targets)
    }

    /// A stored file, verified, if it has the version, length and hashes that the snapshot lists.
    ///
    /// - Parameter bytes: What an earlier verification stored.
    /// - Returns: The file; nil when the listed one has to be asked for.
    /// - Throws: ``TUFError`` when it is the listed file, and refused.
    public func loadStored(_ bytes: [UInt8]) throws(TUFError) -> LoadedTargets? {
        do { try record.check(bytes, role: role) } catch { return nil }
        guard record.hashes.isEmpty else { return try load(bytes) }
        // Without a hash only its version tells.
        guard let stored: Verified<Targets> = try? context.verified(bytes, by: authority, maximumLength: maximumLength),
            stored.payload.common.version == record.version
        else { return nil }
        try context.checkExpiry(stored.payload.common, role: role)
        return LoadedTargets(listed: self, targets: stored)
    }

    /// What tells one listed file of a set from another: the same role may have other keys under another delegator.
    struct Key: Hashable, Sendable {
        let authority: RoleAuthority
        let record: MetaRecord
    }

    var key: Key { Key(authority: authority, record: record) }

    /// The payload of the file, verified (§5.6.2 to §5.6.5).
    func verified(_ bytes: [UInt8]) throws(TUFError) -> Verified<Targets> {
        try record.check(bytes, role: role)
        let targets: Verified<Targets> = try context.verified(bytes, by: authority, maximumLength: maximumLength)
        guard record.allows(targets.payload.common.version) else {
            throw .versionMismatch(role: role, expected: record.version, found: targets.payload.common.version)
        }
        try context.checkExpiry(targets.payload.common, role: role)
        return targets
    }
}

/// The file of a targets role, verified as the one that is listed. Made by ``ListedTargets/load(_:)`` only.
public struct LoadedTargets: Sendable {
    /// Which file of which role.
    public let listed: ListedTargets
    /// Its payload.
    public let targets: Verified<Targets>

    fileprivate init(listed: ListedTargets, targets: Verified<Targets>) {
        self.listed = listed
        self.targets = targets
    }
}
