import TUF
import TUFClient
import TrustCrypto

/// A set that a publisher may build upon: verified from the pin, but for expiry.
struct Candidate: Sendable {
    let set: TrustedSet
    let lineage: Lineage
    /// All files of the set, root history included.
    let files: CachedMetadata
    /// The set in its store; nil for what this machine remembers.
    let data: (any TrustData)?
    /// What this machine has seen after it and could not verify to the end: nothing to build upon, but those who saw it
    /// take nothing older.
    var later: TimestampAndSnapshot?

    /// The name of the set in its store; nil for what this machine remembers.
    var identity: Digest? { data?.identity }
}

/// Verifies sets for a publisher.
struct CandidateReader: Sendable {
    let updater: Updater<SeenTrustCache>
    let cache: SeenTrustCache
    let pin: Pin
    let subject: Subject
    let now: Instant
    /// Whether the loss of a delegated role's file is accepted: what it listed is then signed no more.
    var unsafeAcceptsLoss = false
    /// Whether the store is asked for each file that it lists, to put back what it has lost.
    var looksAtEverything = false
    /// Whether a set is made although signers' files are lost: whoever removes one such signer must not be kept from it by
    /// another, and no reader sees less than before.
    var leavesLostSigners = false

    func candidate(_ data: any TrustData) async throws(PublishError) -> Candidate {
        let result: (set: TrustedSet, files: CachedMetadata)
        do {
            result = try await updater.unsafeEditable(from: TrustDataSource(data: data), now: now)
        } catch {
            if case .source(let error) = error { throw .store(error) }
            throw .refused(Refusal.update(error, subject: subject, store: "the set \(data.identity)", pin: pin))
        }
        return try candidate(result.set, files: result.files, data: data)
    }

    /// The lineage of a set, without reading its targets.
    func lineage(of data: any TrustData) async throws(PublishError) -> Lineage {
        do {
            return try Lineage(try await updater.unsafeOutline(from: TrustDataSource(data: data), now: now))
        } catch let error as UpdateError<TrustStoreError> {
            if case .source(let error) = error { throw .store(error) }
            throw .refused(Refusal.update(error, subject: subject, store: "the set \(data.identity)", pin: pin))
        } catch let error as TUFError {
            throw .refused(Refusal.metadata(error, checked: "trust data of \(subject)", pin: pin))
        } catch {
            throw .refused(
                Refusal(.internalDefect, checked: "the set \(data.identity)", found: "\(error)", cause: error)
            )
        }
    }

    func timestamp(of data: any TrustData) async throws(PublishError) -> [UInt8]? {
        do {
            return try await data.bytes(
                ofFile: MetadataFile.timestamp.name,
                maximumLength: TUFLimits().timestampLength
            )
        } catch {
            throw .store(error)
        }
    }

    /// What this machine has seen of the repository; nil when it has seen nothing complete.
    func seen() async throws(PublishError) -> Candidate? {
        let result: (set: TrustedSet, files: CachedMetadata, later: TimestampAndSnapshot?)?
        do {
            result = try await updater.unsafeEditableSeen(now: now)
        } catch {
            throw .refused(Refusal.update(error, subject: subject, store: "this machine's cache", pin: pin))
        }
        guard let result else { return nil }
        var candidate = try candidate(result.set, files: result.files, data: nil)
        candidate.later = result.later
        return candidate
    }

    private func candidate(
        _ set: TrustedSet,
        files: CachedMetadata,
        data: (any TrustData)?
    ) throws(PublishError) -> Candidate {
        do {
            return Candidate(set: set, lineage: try Lineage(set), files: files, data: data)
        } catch {
            throw .refused(Refusal.metadata(error, checked: "trust data of \(subject)", pin: pin))
        }
    }
}

/// Which set a new one is built upon, and which others go into it.
struct MergePlan: Sendable {
    let base: Candidate
    let others: [Candidate]
    /// Whether ``base`` is what the store serves.
    let baseIsPresent: Bool
    /// The versions of the new set's files.
    var targetsVersion: Int64 { versions.targets }
    var snapshotVersion: Int64 { versions.snapshot }
    var timestampVersion: Int64 { versions.timestamp }
    /// The versions of targets and snapshot below which those who saw more than ``base`` take none.
    var least: (targets: Int64, snapshot: Int64) { versions.least }
    private let versions: NextVersions
    /// The root of the new set: that of the base, or one that follows it.
    let root: Verified<Root>
    /// All sets that are known, those that count for nothing included.
    let candidates: [Candidate]

    /// A plan over all sets that are known; nil when there is none.
    ///
    /// - Parameters:
    ///   - candidates: The sets.
    ///   - present: The one that readers see.
    ///   - previousRoot: While a root is about to be published: the file of the one that it follows. Sets under it still
    ///     count as long as readers see it.
    init?(_ candidates: [Candidate], present: Digest?, replacing previousRoot: [UInt8]? = nil) {
        let rootIsUnpublished =
            previousRoot != nil
            && candidates.contains {
                present != nil && $0.identity == present && $0.set.root.bytes == previousRoot
            }
        let counting = candidates.filter { candidate in
            !candidates.contains { $0.lineage.outran(candidate.lineage) }
        }
        var maximal: [Candidate] = []
        for (index, candidate) in counting.enumerated() {
            let covered = counting.enumerated().contains { other, against in
                guard other != index, against.lineage.covers(candidate.lineage) else { return false }
                // Two that cover each other are the same set: the first one stays.
                return !candidate.lineage.covers(against.lineage) || other < index
            }
            if !covered { maximal.append(candidate) }
        }
        // What this machine has seen counts for more than what the registry serves, or whoever can move a tag could have
        // an old set signed anew.
        let seen = counting.first { $0.identity == nil }
        func rank(_ candidate: Candidate) -> (Int64, Int, Int, Int64) {
            (
                candidate.lineage.rootVersion, seen.map { candidate.lineage.contains($0.lineage) } ?? true ? 1 : 0,
                present != nil && candidate.identity == present ? 1 : 0, candidate.lineage.own.snapshotVersion
            )
        }
        let ordered = maximal.sorted { rank($0) > rank($1) }
        guard let base = ordered.first else { return nil }
        self.base = base
        root = base.set.root
        others = ordered.dropFirst().filter {
            !base.lineage.isPast($0.lineage, rootIsUnpublished: rootIsUnpublished)
        }
        baseIsPresent = present != nil && base.identity == present
        self.candidates = candidates
        versions = NextVersions(after: candidates, under: root)
    }

    /// The plan with a root that follows the base's: what its keys did not sign binds nobody who verifies under it.
    init(_ plan: MergePlan, under root: Verified<Root>) {
        base = plan.base
        others = plan.others
        baseIsPresent = plan.baseIsPresent
        candidates = plan.candidates
        self.root = root
        versions = NextVersions(after: plan.candidates, under: root)
    }

    /// The version of a delegated role's next file.
    func nextVersion(of role: RoleName) -> Int64 { versions.next(of: role, after: candidates, under: root) }

    /// What the new set lists as its ancestors: none that are newer than itself, as the sets of a fast-forward attack
    /// are.
    var ancestors: [Lineage.Entry] {
        base.lineage.ancestors(mergedWith: others.map(\.lineage)).filter {
            $0.snapshotVersion < snapshotVersion && $0.targetsVersion <= targetsVersion
        }
    }
}
