/// The third stage: the snapshot (TUF 1.0.34 §5.5).
public struct SnapshotStage: ~Copyable {
    /// The timestamp that is trusted now.
    public let timestamp: Verified<Timestamp>
    private let context: StageContext
    private var remembered: Verified<Snapshot>?

    init(context: StageContext, timestamp: Verified<Timestamp>) {
        self.context = context
        self.timestamp = timestamp
    }

    /// The file to ask for.
    public var file: MetadataFile { context.file(.snapshot, timestamp.payload.snapshot) }

    /// The most bytes that the snapshot may have (§5.5.1).
    public var maximumLength: Int {
        context.limits.maximumLength(listed: timestamp.payload.snapshot.length, else: context.limits.snapshotLength)
    }

    /// Takes a snapshot that was trusted earlier, to judge the new one by. It may be expired or superseded. A file that the
    /// newest root's keys did not sign binds nothing (§5.3.11).
    ///
    /// - Parameter bytes: What an earlier verification stored.
    /// - Returns: Whether the file protects against rollback now.
    public mutating func remember(_ bytes: [UInt8]) -> Bool {
        do {
            remembered = try context.verified(bytes, role: .snapshot, maximumLength: context.limits.listedLength)
            return true
        } catch {
            return false
        }
    }

    /// Whether the remembered snapshot is the one that the timestamp names, so that nothing need be asked for.
    public var rememberedIsCurrent: Bool {
        guard let remembered else { return false }
        do {
            try timestamp.payload.snapshot.check(remembered.bytes, role: .snapshot)
        } catch {
            return false
        }
        return timestamp.payload.snapshot.allows(remembered.payload.common.version)
    }

    /// Takes the snapshot that the repository serves (§5.5.2 to §5.5.6).
    ///
    /// - Parameter bytes: The file ``file``.
    /// - Returns: The next stage. Persist its ``TargetsStage/snapshot``.
    /// - Throws: ``TUFError``.
    public consuming func accept(_ bytes: [UInt8]) throws(TUFError) -> TargetsStage {
        try timestamp.payload.snapshot.check(bytes, role: .snapshot)
        let offered: Verified<Snapshot> = try context.verified(
            bytes,
            role: .snapshot,
            maximumLength: context.limits.maximumLength(
                listed: timestamp.payload.snapshot.length,
                else: context.limits.snapshotLength
            )
        )
        try judge(offered)
        return next(offered)
    }

    /// Goes on with the remembered snapshot, which must be the one that the timestamp names.
    ///
    /// - Returns: The next stage, or nil when ``rememberedIsCurrent`` is false.
    /// - Throws: ``TUFError/expired(role:at:)``.
    public consuming func acceptRemembered() throws(TUFError) -> TargetsStage? {
        guard let remembered, rememberedIsCurrent else { return nil }
        try judge(remembered)
        return next(remembered)
    }

    private func next(_ snapshot: Verified<Snapshot>) -> TargetsStage {
        let hidden =
            remembered?.payload.roles[Dialect.releases] != nil && snapshot.payload.roles[Dialect.releases] == nil
        return TargetsStage(
            context: context,
            timestamp: timestamp,
            snapshot: snapshot,
            mayHideReleases: context.binding.dialect == .notary && hidden
        )
    }

    /// §5.5.4 to §5.5.6. Notary's snapshots list the root too: it must be the newest one, as nobody asks for others then.
    private func judge(_ offered: Verified<Snapshot>) throws(TUFError) {
        if context.binding.dialect == .notary {
            try offered.payload.roles[.root]?.check(context.root.bytes, role: .root)
        }
        let expected = timestamp.payload.snapshot.version
        guard timestamp.payload.snapshot.allows(offered.payload.common.version) else {
            throw .versionMismatch(role: .snapshot, expected: expected, found: offered.payload.common.version)
        }
        if timestamp.payload.snapshot.version == MetaRecord.untold {
            try context.checkOrder(of: offered, after: remembered, role: .snapshot)
        }
        if let remembered {
            for (role, known) in remembered.payload.roles.sorted(by: { $0.key < $1.key }) {
                guard let new = offered.payload.roles[role] else {
                    // In Notary's dialect a role that is no longer delegated to vanishes.
                    guard context.binding.dialect == .tuf1 else { continue }
                    throw .roleRemoved(role)
                }
                guard new.version >= known.version else {
                    throw .rollback(role: role, known: known.version, offered: new.version)
                }
            }
        }
        try context.checkExpiry(offered.payload.common, role: .snapshot)
    }
}
