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
        try await targets(try await targetsStage(anchor: anchor, binding: binding, now: now))
    }

    /// The workflow up to the snapshot, which says what the targets are.
    mutating func targetsStage(
        anchor: RootAnchor,
        binding: RepositoryBinding,
        now: Instant
    ) async throws(Failure) -> TargetsStage {
        switch binding.dialect {
        case .tuf1:
            return try await targetsStage(anchor: anchor, binding: binding, now: now, asksForRoots: true)
        case .notary:
            // Notary's snapshot says which root is the newest: others are asked for only when it is not the one at hand, or
            // when the keys at hand do not fit.
            do {
                return try await targetsStage(anchor: anchor, binding: binding, now: now, asksForRoots: false)
            } catch {
                guard case .metadata = error, source != nil else { throw error }
                return try await targetsStage(anchor: anchor, binding: binding, now: now, asksForRoots: true)
            }
        }
    }

    private mutating func targetsStage(
        anchor: RootAnchor,
        binding: RepositoryBinding,
        now: Instant,
        asksForRoots: Bool
    ) async throws(Failure) -> TargetsStage {
        var rootStage = try await firstRoot(anchor: anchor, binding: binding, now: now)
        note(rootStage.root)
        while try await goOn(&rootStage, asking: asksForRoots) { note(rootStage.root) }
        let newest = rootStage.root.payload.common.version
        if let knownNewest = known.roots.keys.max(), knownNewest > newest {
            // A newer root was walked to before. Whoever hides it now gives the keys that it took away their power back.
            throw .metadata(.rollback(role: .root, known: knownNewest, offered: newest))
        }
        let timestampStage: TimestampStage
        if enforcesExpiry {
            do { timestampStage = try rootStage.close(at: now) } catch { throw .metadata(error) }
        } else {
            timestampStage = rootStage.close(unsafeIgnoringExpiryToEditAt: now)
        }
        let snapshotStage = try await timestamp(timestampStage)
        return try await snapshot(snapshotStage)
    }

    // MARK: Root

    private mutating func note(_ root: Verified<Root>) {
        seen.roots[root.payload.common.version] = root.bytes
    }

    /// The first root that meets the anchor, from the cache if it is there.
    private func firstRoot(
        anchor: RootAnchor,
        binding: RepositoryBinding,
        now: Instant
    ) async throws(Failure) -> RootStage {
        if case .root(let bytes) = anchor {
            do {
                return try RootStage(anchor: anchor, firstRoot: bytes, binding: binding, limits: limits)
            } catch {
                throw .metadata(error)
            }
        }
        for (_, bytes) in seen.roots.sorted(by: { $0.key < $1.key }) {
            do {
                return try RootStage(anchor: anchor, firstRoot: bytes, binding: binding, limits: limits)
            } catch {
                // Not one to begin with, or a damaged file: then the source is asked for it.
                continue
            }
        }
        var refusal: TUFError?
        if binding.dialect == .notary {
            // The newest root, which most often is one that the pin is for.
            let bytes = try await required(.newestRoot, maximumLength: limits.rootLength)
            do throws(TUFError) {
                return try RootStage(anchor: anchor, firstRoot: bytes, binding: binding, at: now, limits: limits)
            } catch .notPinned(let required, let valid) {
                refusal = .notPinned(required: required, valid: valid)
            } catch {
                throw .metadata(error)
            }
        }
        // Keys may have been pinned after a rotation: then the first root that they signed begins the walk.
        for version in 1...Int64(max(1, limits.rootRotations)) {
            guard let bytes = try await fetch(.root(version), maximumLength: limits.rootLength) else { break }
            do throws(TUFError) {
                let stage = try RootStage(
                    anchor: anchor,
                    firstRoot: bytes,
                    binding: binding,
                    at: now,
                    limits: limits
                )
                let found = stage.root.payload.common.version
                guard found == version else {
                    throw .versionMismatch(role: .root, expected: version, found: found)
                }
                return stage
            } catch .notPinned(let required, let valid) {
                refusal = refusal ?? .notPinned(required: required, valid: valid)
            } catch {
                throw .metadata(error)
            }
        }
        if let refusal { throw .metadata(refusal) }
        throw .missing(.root(1))
    }

    /// Walks to the next root, from the cache if a good one is there, else from the source.
    ///
    /// - Returns: False when there is none.
    private func goOn(_ stage: inout RootStage, asking: Bool) async throws(Failure) -> Bool {
        let file = stage.next
        if let version = file.version, let bytes = seen.roots[version] {
            do {
                try stage.rotate(to: bytes, isKnown: true)
                return true
            } catch {
                // The file was good when it was kept. It is no anchor: the source may have what is missing.
                if source == nil { throw .metadata(error) }
            }
        }
        guard asking else { return false }
        guard let bytes = try await fetch(file, maximumLength: stage.maximumLength) else { return false }
        do { try stage.rotate(to: bytes) } catch { throw .metadata(error) }
        return true
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
        if next.timestamp.bytes != known.timestamp { keepWhole() }
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
        // Once a snapshot that hides something were kept, the next run would have nothing to compare it with.
        if !next.mayHideReleases { seen.snapshot = next.snapshot.bytes }
        return next
    }

    private mutating func targets(_ stage: consuming TargetsStage) async throws(Failure) -> TrustedSet {
        var stage = stage
        let set: TrustedSet
        let listed: ListedTargets
        do { listed = try stage.listed } catch { throw .metadata(error) }
        if let stored = known.targets, listed.isCurrent(stored) {
            do { set = try stage.accept(stored) } catch { throw .metadata(error) }
        } else {
            if let stored = known.targets { _ = stage.remember(stored) }
            let bytes = try await required(listed.file, maximumLength: listed.maximumLength)
            do { set = try stage.accept(bytes) } catch { throw .metadata(error) }
        }
        seen.snapshot = set.snapshot.bytes
        seen.targets = set.targets.bytes
        seen.lastWhole = nil
        return set
    }

    /// Keeps what has led to a set while nobody knows whether the timestamp that replaces it does.
    private mutating func keepWhole() {
        guard seen.lastWhole == nil, known.targets != nil, let timestamp = known.timestamp,
            let snapshot = known.snapshot
        else { return }
        seen.lastWhole = TimestampAndSnapshot(timestamp: timestamp, snapshot: snapshot)
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
