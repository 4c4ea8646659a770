/// The second stage: the timestamp (TUF 1.0.34 §5.4).
public struct TimestampStage: ~Copyable {
    private let context: StageContext
    private var remembered: Verified<Timestamp>?

    init(context: StageContext) {
        self.context = context
    }

    /// The newest root.
    public var root: Verified<Root> { context.root }

    /// The most bytes that the timestamp may have (the limit X of §5.4.1).
    public var maximumLength: Int { context.limits.timestampLength }

    /// Takes a timestamp that was trusted earlier, to judge the new one by. It may be expired.
    ///
    /// A file that the newest root's keys did not sign binds nothing: that is how a repository recovers from a
    /// fast-forward attack by rotating keys (§5.3.11).
    ///
    /// - Parameter bytes: What an earlier verification stored.
    /// - Returns: Whether the file protects against rollback now.
    public mutating func remember(_ bytes: [UInt8]) -> Bool {
        do {
            remembered = try context.verified(bytes, role: .timestamp, maximumLength: maximumLength)
            return true
        } catch {
            return false
        }
    }

    /// Takes the timestamp that the repository serves now (§5.4.2 to §5.4.4).
    ///
    /// A file of the version that is remembered already is discarded, and the remembered one used.
    ///
    /// - Parameter bytes: `timestamp.json`.
    /// - Returns: The next stage. Persist its ``SnapshotStage/timestamp``.
    /// - Throws: ``TUFError``, among it ``TUFError/rollback(role:known:offered:)`` and ``TUFError/expired(role:at:)``.
    public consuming func accept(_ bytes: [UInt8]) throws(TUFError) -> SnapshotStage {
        let offered: Verified<Timestamp> = try context.verified(
            bytes,
            role: .timestamp,
            maximumLength: context.limits.timestampLength
        )
        let trusted = try judged(offered)
        try context.checkExpiry(trusted.payload.common, role: .timestamp)
        return SnapshotStage(context: context, timestamp: trusted)
    }

    /// Goes on with the remembered timestamp alone, off line.
    ///
    /// - Returns: The next stage, or nil when no timestamp is remembered.
    /// - Throws: ``TUFError/expired(role:at:)``.
    public consuming func acceptRemembered() throws(TUFError) -> SnapshotStage? {
        guard let remembered else { return nil }
        try context.checkExpiry(remembered.payload.common, role: .timestamp)
        return SnapshotStage(context: context, timestamp: remembered)
    }

    /// §5.4.3.
    private func judged(_ offered: Verified<Timestamp>) throws(TUFError) -> Verified<Timestamp> {
        guard let remembered else { return offered }
        let known = remembered.payload.common.version
        let version = offered.payload.common.version
        guard version >= known else { throw .rollback(role: .timestamp, known: known, offered: version) }
        guard version > known else { return remembered }
        let knownSnapshot = remembered.payload.snapshot.version
        guard offered.payload.snapshot.version >= knownSnapshot else {
            throw .rollback(role: .snapshot, known: knownSnapshot, offered: offered.payload.snapshot.version)
        }
        return offered
    }
}
