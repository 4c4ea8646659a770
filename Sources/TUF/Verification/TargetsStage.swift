/// The fourth stage: the top-level targets (TUF 1.0.34 §5.6).
public struct TargetsStage: ~Copyable {
    /// The timestamp that is trusted now.
    public let timestamp: Verified<Timestamp>
    /// The snapshot that is trusted now.
    public let snapshot: Verified<Snapshot>
    private let context: StageContext
    private var remembered: Verified<Targets>?
    /// Whether an earlier snapshot listed Docker's releases, and this one does not. Until the targets say that they went with
    /// their delegation, the earlier one must be kept.
    package let mayHideReleases: Bool

    init(
        context: StageContext,
        timestamp: Verified<Timestamp>,
        snapshot: Verified<Snapshot>,
        mayHideReleases: Bool
    ) {
        self.mayHideReleases = mayHideReleases
        self.context = context
        self.timestamp = timestamp
        self.snapshot = snapshot
    }

    /// The newest root.
    public var root: Verified<Root> { context.root }

    /// The file to ask for, and what the snapshot says of it.
    ///
    /// - Throws: ``TUFError/roleNotListed(_:)``.
    public var listed: ListedTargets {
        get throws(TUFError) {
            try ListedTargets(context.root.payload.authority(for: .targets), in: snapshot, context: context)
        }
    }

    /// Takes targets that were trusted earlier, to judge the new ones by, where the snapshot tells no versions. They may be
    /// expired or superseded.
    ///
    /// - Parameter bytes: What an earlier verification stored.
    /// - Returns: Whether the file protects against rollback now.
    public mutating func remember(_ bytes: [UInt8]) -> Bool {
        do {
            remembered = try context.verified(bytes, role: .targets, maximumLength: context.limits.listedLength)
            return true
        } catch {
            return false
        }
    }

    /// Takes the targets file (§5.6.2 to §5.6.5).
    ///
    /// - Parameter bytes: The file that ``listed`` names.
    /// - Returns: The complete set.
    /// - Throws: ``TUFError``.
    public consuming func accept(_ bytes: [UInt8]) throws(TUFError) -> TrustedSet {
        let targets = try listed.verified(bytes)
        if try listed.record.version == MetaRecord.untold {
            try context.checkOrder(of: targets, after: remembered, role: .targets)
        }
        // They may go with their delegation. Where that stands, their tags would be taken for unsigned, or for older ones.
        if mayHideReleases, targets.payload.delegations?.authority(of: Dialect.releases)?.keys.isEmpty == false {
            throw .roleRemoved(Dialect.releases)
        }
        return TrustedSet(timestamp: timestamp, snapshot: snapshot, targets: targets, context: context)
    }
}
