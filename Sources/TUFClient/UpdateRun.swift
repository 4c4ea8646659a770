import TUF

/// One pass of the client workflow. Collects what may be kept as it goes.
struct UpdateRun<Source: MetadataSource> {
    typealias Failure = UpdateError<Source.Failure>

    /// Nil when nobody is to be asked.
    let source: Source?
    let limits: TUFLimits
    /// False only for publishers, who sign anew what is expired.
    var enforcesExpiry = true
    private let known: CachedMetadata
    private(set) var seen: CachedMetadata

    init(source: Source?, known: CachedMetadata, limits: TUFLimits) {
        self.source = source
        self.known = known
        self.limits = limits
        seen = known
    }

    /// Notes that the source answered, unless that was noted a moment ago.
    mutating func noteCheck(at now: Instant, every interval: Int64) {
        if let last = known.lastCheck, seen == known, now.seconds(since: last) < interval { return }
        seen.lastCheck = max(now, known.lastCheck ?? now)
    }

    mutating func trustedSet(
        anchor: RootAnchor,
        binding: RepositoryBinding,
        now: Instant
    ) async throws(Failure) -> TrustedSet {
        var rootStage = try await firstRoot(anchor: anchor, binding: binding)
        seen.roots[rootStage.root.payload.common.version] = rootStage.root.bytes
        while let bytes = try await nextRoot(rootStage.next, maximumLength: rootStage.maximumLength) {
            do { try rootStage.rotate(to: bytes) } catch { throw .metadata(error) }
            seen.roots[rootStage.root.payload.common.version] = rootStage.root.bytes
        }
        let timestampStage: TimestampStage
        if enforcesExpiry {
            do { timestampStage = try rootStage.close(at: now) } catch { throw .metadata(error) }
        } else {
            timestampStage = rootStage.close(unsafeIgnoringExpiryToEditAt: now)
        }
        let snapshotStage = try await timestamp(timestampStage)
        let targetsStage = try await snapshot(snapshotStage)
        return try await targets(targetsStage)
    }

    // MARK: Root

    /// The first root that meets the anchor, from the cache if it is there.
    private func firstRoot(anchor: RootAnchor, binding: RepositoryBinding) async throws(Failure) -> RootStage {
        if case .root(let bytes) = anchor {
            do {
                return try RootStage(anchor: anchor, firstRoot: bytes, binding: binding, limits: limits)
            } catch {
                throw .metadata(error)
            }
        }
        // Keys may have been pinned after a rotation: then the first root that they signed begins the walk.
        var refusal: TUFError?
        for version in 1...Int64(limits.rootRotations) {
            guard let bytes = try await nextRoot(.root(version), maximumLength: limits.rootLength) else { break }
            do {
                return try RootStage(anchor: anchor, firstRoot: bytes, binding: binding, limits: limits)
            } catch .notPinned(let required, let valid) {
                refusal = refusal ?? .notPinned(required: required, valid: valid)
            } catch {
                throw .metadata(error)
            }
        }
        if let refusal { throw .metadata(refusal) }
        throw .missing(.root(1))
    }

    /// A root from the cache, else from the source.
    private func nextRoot(_ file: MetadataFile, maximumLength: Int) async throws(Failure) -> [UInt8]? {
        if let version = file.version, let bytes = known.roots[version] { return bytes }
        return try await fetch(file, maximumLength: maximumLength)
    }

    // MARK: The other roles

    private mutating func timestamp(_ stage: consuming TimestampStage) async throws(Failure) -> SnapshotStage {
        var stage = stage
        if let stored = known.timestamp { _ = stage.remember(stored) }
        let offered = try await fetch(.timestamp, maximumLength: stage.maximumLength)
        let next: SnapshotStage?
        do {
            if let offered {
                next = try stage.accept(offered)
            } else {
                // Off line, what is remembered stands for the newest; a source without a timestamp has no trust data.
                next = source == nil ? try stage.acceptRemembered() : nil
            }
        } catch {
            throw .metadata(error)
        }
        guard let next else { throw .missing(.timestamp) }
        seen.timestamp = next.timestamp.bytes
        return next
    }

    private mutating func snapshot(_ stage: consuming SnapshotStage) async throws(Failure) -> TargetsStage {
        var stage = stage
        if let stored = known.snapshot { _ = stage.remember(stored) }
        let next: TargetsStage
        if stage.rememberedIsCurrent {
            let remembered: TargetsStage?
            let file = stage.file
            do { remembered = try stage.acceptRemembered() } catch { throw .metadata(error) }
            guard let remembered else { throw .missing(file) }
            next = remembered
        } else {
            let bytes = try await required(stage.file, maximumLength: stage.maximumLength)
            do { next = try stage.accept(bytes) } catch { throw .metadata(error) }
        }
        seen.snapshot = next.snapshot.bytes
        return next
    }

    private mutating func targets(_ stage: consuming TargetsStage) async throws(Failure) -> TrustedSet {
        let set: TrustedSet
        if let stored = known.targets, stage.isCurrent(stored) {
            do { set = try stage.accept(stored) } catch { throw .metadata(error) }
        } else {
            let file: MetadataFile
            let maximumLength: Int
            do {
                file = try stage.file
                maximumLength = try stage.maximumLength
            } catch {
                throw .metadata(error)
            }
            let bytes = try await required(file, maximumLength: maximumLength)
            do { set = try stage.accept(bytes) } catch { throw .metadata(error) }
        }
        seen.targets = set.targets.bytes
        return set
    }

    // MARK: The source

    private func required(_ file: MetadataFile, maximumLength: Int) async throws(Failure) -> [UInt8] {
        guard let bytes = try await fetch(file, maximumLength: maximumLength) else { throw .missing(file) }
        return bytes
    }

    private func fetch(_ file: MetadataFile, maximumLength: Int) async throws(Failure) -> [UInt8]? {
        guard let source else { return nil }
        do { return try await source.bytes(of: file, maximumLength: maximumLength) } catch { throw .source(error) }
    }
}
