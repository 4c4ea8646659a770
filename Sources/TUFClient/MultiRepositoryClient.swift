public import TUF

/// Why a repository of a map gives no answer.
public enum MappedRepositoryError<SourceFailure: Error>: Error {
    /// Its directory has no root to begin with.
    case noTrustedRoot
    /// What each of its copies came to, in their order.
    case allMirrorsFailed([UpdateError<SourceFailure>])
}

/// A client of the repositories of a map file (TAP 4): each has a trusted root and metadata of its own, in a directory that is
/// named as the map names the repository, and each is updated and verified as if there were no others.
///
/// It is for one verification: each repository is updated at most once, when it is first asked, at the same time.
public actor MultiRepositoryClient<Source: MetadataSource> {
    /// Why a repository gives no answer.
    public typealias Failure = MappedRepositoryError<Source.Failure>

    private typealias Attempt<Answer> =
        @Sendable (
            Updater<MetadataDirectory>, inout DelegatedRoles, Source
        ) async throws(UpdateError<Source.Failure>) -> Answer

    /// One copy of a repository, after its update.
    private typealias Update = Result<DelegatedRoles, UpdateError<Source.Failure>>

    private let map: RepositoryMap
    private let directory: String
    private let sources: [RepositoryLabel: [Source]]
    private let now: Instant
    private let limits: TUFLimits
    private var updates: [RepositoryLabel: [Int: Update]] = [:]
    private var current: [RepositoryLabel: TrustedSet] = [:]

    /// A client.
    ///
    /// - Parameters:
    ///   - map: Which repositories must agree on which targets.
    ///   - directory: Has a directory for each repository.
    ///   - sources: The copies of each repository, in the order in which they are tried; a repository without any fails.
    ///   - now: The time of the verification.
    ///   - limits: Bounds for what sources send.
    public init(
        map: RepositoryMap,
        directory: String,
        sources: [RepositoryLabel: [Source]],
        now: Instant,
        limits: TUFLimits = TUFLimits()
    ) {
        self.map = map
        self.directory = directory
        self.sources = sources
        self.now = now
        self.limits = limits
    }

    /// The metadata directory of a repository.
    ///
    /// - Parameters:
    ///   - repository: The repository.
    ///   - directory: Has a directory for each repository.
    ///   - limits: Bounds for what is read.
    /// - Returns: The directory, which need not exist.
    public static func metadata(
        of repository: RepositoryLabel,
        in directory: String,
        limits: TUFLimits = TUFLimits()
    ) -> MetadataDirectory {
        MetadataDirectory(path: "\(directory)/\(repository)", limits: limits)
    }

    /// Brings a repository up to date, from the first of its copies that can be verified.
    ///
    /// - Parameter repository: The repository.
    /// - Returns: The verified set.
    /// - Throws: ``MappedRepositoryError``.
    @discardableResult
    public func refresh(_ repository: RepositoryLabel) async throws(Failure) -> TrustedSet {
        if let set = current[repository] { return set }
        return try await firstAnswer(of: repository) { (_, roles, _) async throws(UpdateError<Source.Failure>) in
            roles.set
        }
    }

    /// Searches the repositories for a target, as the map says.
    ///
    /// - Parameter path: The target.
    /// - Returns: The target, and who agrees on it.
    /// - Throws: ``MapSearchError``.
    public func find(_ path: TargetPath) async throws(MapSearchError<Failure>) -> AgreedTarget {
        try await map.find(path) { repository async -> RepositoryAnswer<Failure> in
            do throws(Failure) {
                return try await self.find(path, in: repository).map { .lists($0) } ?? .doesNotList
            } catch {
                return .failed(error)
            }
        }
    }

    private func find(_ path: TargetPath, in repository: RepositoryLabel) async throws(Failure) -> FoundTarget? {
        try await firstAnswer(of: repository) { (updater, roles, source) async throws(UpdateError<Source.Failure>) in
            try await updater.find(path, in: &roles, from: source)
        }
    }

    /// The answer of the first copy that gives one.
    private func firstAnswer<Answer: Sendable>(
        of repository: RepositoryLabel,
        _ body: Attempt<Answer>
    ) async throws(Failure) -> Answer {
        var failures: [UpdateError<Source.Failure>] = []
        for (index, source) in (sources[repository] ?? []).enumerated() {
            // Anew for each copy: the one before may have brought a newer root.
            let updater = try updater(of: repository)
            do throws(UpdateError<Source.Failure>) {
                var roles = try await roles(of: repository, index: index, updater, source)
                let answer = try await body(updater, &roles, source)
                updates[repository, default: [:]][index] = .success(roles)
                current[repository] = roles.set
                return answer
            } catch {
                failures.append(error)
            }
        }
        throw .allMirrorsFailed(failures)
    }

    private func updater(of repository: RepositoryLabel) throws(Failure) -> Updater<MetadataDirectory> {
        let metadata = Self.metadata(of: repository, in: directory, limits: limits)
        let root: [UInt8]?
        do { root = try metadata.trustedRoot() } catch { throw .allMirrorsFailed([.cache(error)]) }
        guard let root else { throw .noTrustedRoot }
        return Updater(anchor: .root(root), binding: .unbound, cache: metadata, limits: limits)
    }

    private func roles(
        of repository: RepositoryLabel,
        index: Int,
        _ updater: Updater<MetadataDirectory>,
        _ source: Source
    ) async throws(UpdateError<Source.Failure>) -> DelegatedRoles {
        if let update = updates[repository]?[index] { return try update.get() }
        let update: Update
        do throws(UpdateError<Source.Failure>) {
            update = .success(DelegatedRoles(of: try await updater.refresh(from: source, now: now)))
        } catch {
            update = .failure(error)
        }
        updates[repository, default: [:]][index] = update
        return try update.get()
    }
}
