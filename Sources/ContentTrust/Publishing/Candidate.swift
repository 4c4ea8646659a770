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
        let result: (set: TrustedSet, files: CachedMetadata)?
        do {
            result = try await updater.unsafeEditableSeen(now: now)
        } catch {
            throw .refused(Refusal.update(error, subject: subject, store: "this machine's cache", pin: pin))
        }
        guard let result else { return nil }
        return try candidate(result.set, files: result.files, data: nil)
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
    let targetsVersion: Int64
    let snapshotVersion: Int64
    let timestampVersion: Int64
    /// The root of the new set: that of the base, or one that follows it.
    var root: Verified<Root>
    /// All sets that are known, those that count for nothing included.
    let candidates: [Candidate]

    /// A plan over all sets that are known; nil when there is none.
    init?(_ candidates: [Candidate], present: Digest?) {
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
        others = ordered.dropFirst().filter { !base.lineage.isPast($0.lineage) }
        baseIsPresent = present != nil && base.identity == present
        self.candidates = candidates
        targetsVersion = (candidates.map(\.lineage.own.targetsVersion).max() ?? 0) + 1
        snapshotVersion = (candidates.map(\.lineage.own.snapshotVersion).max() ?? 0) + 1
        timestampVersion = (candidates.map(\.lineage.timestampVersion).max() ?? 0) + 1
    }

    /// The version of a delegated role's next file: above all that were ever listed.
    func nextVersion(of role: RoleName) -> Int64 {
        (candidates.compactMap { $0.set.snapshot.payload.roles[role]?.version }.max() ?? 0) + 1
    }
}
