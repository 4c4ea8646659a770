/// The file of a targets role that the snapshot lists, and by whose keys it must be signed: the top-level one, or a
/// delegated one (TUF 1.0.34 §5.6).
public struct ListedTargets: Sendable {
    /// The role.
    public var role: RoleName { authority.role }
    /// What the snapshot says of its file.
    public let record: MetaRecord
    private let authority: RoleAuthority
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
    public var file: MetadataFile { context.file(role, version: record.version) }

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

    /// The payload of the file, verified (§5.6.2 to §5.6.5).
    func verified(_ bytes: [UInt8]) throws(TUFError) -> Verified<Targets> {
        try record.check(bytes, role: role)
        let targets: Verified<Targets> = try context.verified(bytes, by: authority, maximumLength: maximumLength)
        guard targets.payload.common.version == record.version else {
            throw .versionMismatch(role: role, expected: record.version, found: targets.payload.common.version)
        }
        try context.checkExpiry(targets.payload.common, role: role)
        return targets
    }
}
