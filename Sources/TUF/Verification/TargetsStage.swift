/// The fourth stage: the top-level targets (TUF 1.0.34 §5.6).
public struct TargetsStage: ~Copyable {
    /// The timestamp that is trusted now.
    public let timestamp: Verified<Timestamp>
    /// The snapshot that is trusted now.
    public let snapshot: Verified<Snapshot>
    private let context: StageContext

    init(context: StageContext, timestamp: Verified<Timestamp>, snapshot: Verified<Snapshot>) {
        self.context = context
        self.timestamp = timestamp
        self.snapshot = snapshot
    }

    /// The newest root.
    public var root: Verified<Root> { context.root }

    /// What the snapshot says of the targets file.
    ///
    /// - Throws: ``TUFError/roleNotListed(_:)``.
    public var record: MetaRecord {
        get throws(TUFError) {
            guard let record = snapshot.payload.roles[.targets] else { throw .roleNotListed(.targets) }
            return record
        }
    }

    /// The file to ask for.
    ///
    /// - Throws: ``TUFError/roleNotListed(_:)``.
    public var file: MetadataFile {
        get throws(TUFError) { context.file(.targets, version: try record.version) }
    }

    /// The most bytes that the file may have (§5.6.1).
    ///
    /// - Throws: ``TUFError/roleNotListed(_:)``.
    public var maximumLength: Int {
        get throws(TUFError) {
            context.limits.maximumLength(listed: try record.length, else: context.limits.targetsLength)
        }
    }

    /// Whether a stored file has the version, length and hashes that the snapshot lists, so that nothing need be asked
    /// for. Its signatures are checked by ``accept(_:)`` all the same.
    ///
    /// - Parameter bytes: What an earlier verification stored.
    /// - Returns: Whether it can stand for the file.
    public func isCurrent(_ bytes: [UInt8]) -> Bool {
        guard let record = try? record, (try? record.check(bytes, role: .targets)) != nil else { return false }
        // With a hash the file is the very one. Without, only its version tells.
        guard record.hashes.isEmpty else { return true }
        let limit = context.limits.listedLength
        let stored: Verified<Targets>? = try? context.verified(bytes, role: .targets, maximumLength: limit)
        return stored?.payload.common.version == record.version
    }

    /// Takes the targets file (§5.6.2 to §5.6.5).
    ///
    /// - Parameter bytes: The file ``file``.
    /// - Returns: The complete set.
    /// - Throws: ``TUFError``.
    public consuming func accept(_ bytes: [UInt8]) throws(TUFError) -> TrustedSet {
        let record = try record
        try record.check(bytes, role: .targets)
        let targets: Verified<Targets> = try context.verified(
            bytes,
            role: .targets,
            maximumLength: context.limits.maximumLength(listed: record.length, else: context.limits.targetsLength)
        )
        guard targets.payload.common.version == record.version else {
            throw .versionMismatch(
                role: .targets,
                expected: record.version,
                found: targets.payload.common.version
            )
        }
        try context.checkExpiry(targets.payload.common, role: .targets)
        return TrustedSet(
            root: context.root,
            timestamp: timestamp,
            snapshot: snapshot,
            targets: targets,
            verifiedAt: context.now
        )
    }
}

/// The verified metadata of a repository at one time. Made by the stages only.
public struct TrustedSet: Sendable {
    /// The newest root.
    public let root: Verified<Root>
    /// The timestamp.
    public let timestamp: Verified<Timestamp>
    /// The snapshot that the timestamp names.
    public let snapshot: Verified<Snapshot>
    /// The top-level targets that the snapshot names.
    public let targets: Verified<Targets>
    /// The one time that all expiry tests of this set used.
    public let verifiedAt: Instant

    /// What the top-level targets role says of a target (§5.6.7).
    ///
    /// - Parameter path: The target.
    /// - Returns: Its record, or nil when the role does not list it.
    /// - Throws: ``TUFError/malformed(role:field:)``.
    public func record(for path: TargetPath) throws(TUFError) -> TargetRecord? {
        try targets.payload.record(for: path)
    }

    /// The fields that the four roles share.
    public var common: [RoleName: CommonFields] {
        [
            .root: root.payload.common, .timestamp: timestamp.payload.common, .snapshot: snapshot.payload.common,
            .targets: targets.payload.common,
        ]
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
