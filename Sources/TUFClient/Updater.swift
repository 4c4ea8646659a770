public import TUF

/// Why an update ended without a trusted set.
public enum UpdateError<SourceFailure: Error>: Error {
    /// Metadata was refused.
    case metadata(TUFError)
    /// The source looked and does not have a file that it must have.
    case missing(MetadataFile)
    /// The source could not look.
    case source(SourceFailure)
    /// What was seen could not be read or kept.
    case cache(TrustCacheError)
    /// Other processes kept changing the cache; none of them was waited out.
    case contention
    /// This machine's clock is earlier than a check that was made before.
    case clockWentBack(now: Instant, lastCheck: Instant)
}

/// Brings what this machine knows of a repository up to date: the client workflow of TUF 1.0.34 §5, between a
/// ``MetadataSource``, a ``TrustCache`` and the stages of `TUF`.
public struct Updater<Cache: TrustCache>: Sendable {
    private let anchor: RootAnchor
    private let binding: RepositoryBinding
    private let limits: TUFLimits
    let cache: Cache

    /// How far the clock may lie behind the last check before it is said to have gone back: clocks are adjusted.
    private static var clockTolerance: Int64 { 300 }
    /// How old the record of the last check may grow before it is written anew.
    private static var checkInterval: Int64 { 30 }

    /// An updater of one repository.
    ///
    /// - Parameters:
    ///   - anchor: What is known of its root beforehand.
    ///   - binding: Whose metadata is accepted.
    ///   - cache: What was seen of it under this anchor.
    ///   - limits: Bounds for what a source sends.
    public init(anchor: RootAnchor, binding: RepositoryBinding, cache: Cache, limits: TUFLimits = TUFLimits()) {
        self.anchor = anchor
        self.binding = binding
        self.cache = cache
        self.limits = limits
    }

    /// Asks the source for what is new and verifies everything again from the anchor.
    ///
    /// Each root, timestamp and snapshot that was verified is kept, also when a later step fails.
    ///
    /// - Parameters:
    ///   - source: Where metadata comes from.
    ///   - now: The time of this verification.
    /// - Returns: The complete set.
    /// - Throws: ``UpdateError``.
    public func refresh<Source: MetadataSource>(
        from source: Source,
        now: Instant
    ) async throws(UpdateError<Source.Failure>) -> TrustedSet {
        for _ in 0..<8 {
            let known: CachedMetadata
            do { known = try await cache.load() } catch { throw .cache(error) }
            try checkClock(now, known, for: Source.self)
            var run = UpdateRun(source: source, known: known, limits: limits)
            let outcome: Result<TrustedSet, UpdateError<Source.Failure>>
            do {
                let set = try await run.trustedSet(anchor: anchor, binding: binding, now: now)
                try await checkReleases(of: set, for: Source.self)
                outcome = .success(set)
            } catch {
                outcome = .failure(error)
            }
            if case .success = outcome { run.noteCheck(at: now, every: Self.checkInterval) }
            do {
                guard try await keep(run.seen, insteadOf: known, for: Source.self) else { continue }
            } catch {
                // Why metadata was refused says more than that the cache cannot be written, and neither trusts anything.
                _ = try outcome.get()
                throw error
            }
            return try outcome.get()
        }
        throw .contention
    }

    /// Verifies what was seen earlier, from the anchor, without asking anybody.
    ///
    /// - Parameter now: The time of this verification.
    /// - Returns: The set, or nil when what was seen is not complete: nothing older stands in for a snapshot or targets
    ///   that are known to exist and were never had.
    /// - Throws: ``UpdateError``; nothing is missing from a source here.
    public func offline(now: Instant) async throws(UpdateError<Never>) -> (set: TrustedSet, lastCheck: Instant)? {
        let known: CachedMetadata
        do { known = try await cache.load() } catch { throw .cache(error) }
        try checkClock(now, known, for: NoSource.self)
        guard let lastCheck = known.lastCheck else { return nil }
        var run = UpdateRun<NoSource>(source: nil, known: known, limits: limits)
        do {
            let set = try await run.trustedSet(anchor: anchor, binding: binding, now: now)
            try await checkReleases(of: set, for: NoSource.self)
            return (set, lastCheck)
        } catch {
            if case .missing = error { return nil }
            throw error
        }
    }

    /// Verifies a set from the anchor for a publisher who is going to change it: expired roles are let pass, and what was
    /// seen before is neither asked nor changed. No verdict may come of it.
    ///
    /// - Parameters:
    ///   - source: Where metadata comes from.
    ///   - now: The time of the edit.
    /// - Returns: The set and all its files.
    /// - Throws: ``UpdateError``.
    package func unsafeEditable<Source: MetadataSource>(
        from source: Source,
        now: Instant
    ) async throws(UpdateError<Source.Failure>) -> (set: TrustedSet, files: CachedMetadata) {
        var run = UpdateRun(source: source, known: CachedMetadata(), limits: limits)
        run.enforcesExpiry = false
        let set = try await run.trustedSet(anchor: anchor, binding: binding, now: now)
        return (set, run.seen)
    }

    /// As ``unsafeEditable(from:now:)``, of what was seen: the last set that was whole.
    ///
    /// - Parameter now: The time of the edit.
    /// - Returns: The set and all its files, and what was seen after it and led to no set; nil when no whole set was seen.
    /// - Throws: ``UpdateError``.
    package func unsafeEditableSeen(
        now: Instant
    ) async throws(UpdateError<Never>) -> (set: TrustedSet, files: CachedMetadata, later: TimestampAndSnapshot?)? {
        let known: CachedMetadata
        do { known = try await cache.load() } catch { throw .cache(error) }
        if let (set, files) = try await editable(known, now: now) { return (set, files, nil) }
        guard let whole = known.lastWhole, let timestamp = known.timestamp, let snapshot = known.snapshot else {
            return nil
        }
        var earlier = known
        earlier.timestamp = whole.timestamp
        earlier.snapshot = whole.snapshot
        guard let (set, files) = try await editable(earlier, now: now) else { return nil }
        return (set, files, TimestampAndSnapshot(timestamp: timestamp, snapshot: snapshot))
    }

    private func editable(
        _ known: CachedMetadata,
        now: Instant
    ) async throws(UpdateError<Never>) -> (set: TrustedSet, files: CachedMetadata)? {
        var run = UpdateRun<NoSource>(source: nil, known: known, limits: limits)
        run.enforcesExpiry = false
        do {
            let set = try await run.trustedSet(anchor: anchor, binding: binding, now: now)
            return (set, run.seen)
        } catch {
            if case .missing = error { return nil }
            throw error
        }
    }

    /// As ``unsafeEditable(from:now:)``, without the targets: enough to say where a set stands among others.
    ///
    /// - Parameters:
    ///   - source: Where metadata comes from.
    ///   - now: The time of the edit.
    /// - Returns: The roles above the targets.
    /// - Throws: ``UpdateError``.
    package func unsafeOutline<Source: MetadataSource>(
        from source: Source,
        now: Instant
    ) async throws(UpdateError<Source.Failure>) -> SetOutline {
        var run = UpdateRun(source: source, known: CachedMetadata(), limits: limits)
        run.enforcesExpiry = false
        let stage = try await run.targetsStage(anchor: anchor, binding: binding, now: now)
        return SetOutline(root: stage.root, timestamp: stage.timestamp, snapshot: stage.snapshot)
    }

    /// Refuses a set in which Docker's releases are hidden, of which this machine has a file.
    private func checkReleases<Source: MetadataSource>(
        of set: TrustedSet,
        for source: Source.Type
    ) async throws(UpdateError<Source.Failure>) {
        guard set.lacksReleases else { return }
        let kept: [UInt8]?
        do { kept = try await cache.delegated(Dialect.releases) } catch { throw .cache(error) }
        do { try set.checkReleases(kept) } catch { throw .metadata(error) }
    }

    private func checkClock<Source: MetadataSource>(
        _ now: Instant,
        _ known: CachedMetadata,
        for source: Source.Type
    ) throws(UpdateError<Source.Failure>) {
        guard let lastCheck = known.lastCheck else { return }
        guard now.seconds(since: lastCheck) >= -Self.clockTolerance else {
            throw .clockWentBack(now: now, lastCheck: lastCheck)
        }
    }

    private func keep<Source: MetadataSource>(
        _ new: CachedMetadata,
        insteadOf old: CachedMetadata,
        for source: Source.Type
    ) async throws(UpdateError<Source.Failure>) -> Bool {
        guard new != old else { return true }
        do { return try await cache.replace(old, with: new) } catch { throw .cache(error) }
    }
}

/// The type of the source that is not there, for runs that ask nobody.
package enum NoSource: MetadataSource {
    /// Never called: there is no value of this type.
    package func bytes(of file: MetadataFile, maximumLength: Int) async throws(Never) -> [UInt8]? { nil }
}

/// A set without its targets, as publishers compare it with others. No verdict may come of it.
package struct SetOutline: Sendable {
    /// The newest root.
    package let root: Verified<Root>
    /// The timestamp.
    package let timestamp: Verified<Timestamp>
    /// The snapshot.
    package let snapshot: Verified<Snapshot>
}
