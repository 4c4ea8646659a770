import CanonicalJSON
public import TUF
public import TUFClient
import TrustCrypto

/// How an update ended, in a form that tests can compare.
public enum UpdateOutcome: Sendable, Equatable {
    /// The versions of root, timestamp, snapshot and targets that are trusted.
    case trusted(Int64, Int64, Int64, Int64)
    /// Metadata was refused.
    case refused(TUFError)
    /// A file is missing.
    case missing(String)
    /// The source could not look.
    case source(SimulatorFailure)
    /// What was seen could not be read or kept.
    case cache(TrustCacheError)
    /// Other processes kept changing the cache.
    case contention
    /// The clock went back.
    case clockWentBack
    /// Off line, nothing complete was seen.
    case nothingSeen

    /// The outcome of an update.
    ///
    /// - Parameter update: The update.
    public init(_ update: () async throws(UpdateError<SimulatorFailure>) -> TrustedSet) async {
        do {
            self = .init(try await update())
        } catch {
            switch error {
            case .metadata(let error): self = .refused(error)
            case .missing(let file): self = .missing(file.name)
            case .source(let failure): self = .source(failure)
            case .cache(let error): self = .cache(error)
            case .contention: self = .contention
            case .clockWentBack: self = .clockWentBack
            }
        }
    }

    /// The outcome that trusts a set.
    ///
    /// - Parameter set: The set.
    public init(_ set: TrustedSet) {
        self = .trusted(
            set.root.payload.common.version,
            set.timestamp.payload.common.version,
            set.snapshot.payload.common.version,
            set.targets.payload.common.version
        )
    }
}

/// A client of a simulated repository, with a cache that outlives its updates.
public struct SimulatedClient<Cache: TrustCache>: Sendable {
    /// What is known of the root beforehand.
    public var anchor: RootAnchor
    /// Whose metadata is accepted.
    public var binding: RepositoryBinding
    /// What was seen.
    public var cache: Cache
    /// The client's clock.
    public var clock: SimulatedClock
    /// Bounds for what the source sends.
    public var limits = TUFLimits()

    /// A client that pins the root keys of a repository, all of which must sign, and its name if it has one.
    ///
    /// - Parameters:
    ///   - repository: The repository.
    ///   - cache: What was seen.
    ///   - clock: The client's clock.
    public init(pinning repository: RepositorySimulator, cache: Cache, clock: SimulatedClock = SimulatedClock()) {
        let keys = repository.root.roles[.root]
        anchor = .keys(Set((keys?.keys ?? []).map(\.computedID)), threshold: Int(keys?.threshold ?? 1))
        binding = repository.repository.map { .repository($0) } ?? .unbound
        self.cache = cache
        self.clock = clock
    }

    /// The updater that does the work.
    public var updater: Updater<Cache> { Updater(anchor: anchor, binding: binding, cache: cache, limits: limits) }

    /// Updates from a repository.
    ///
    /// - Parameter repository: Whom to ask.
    /// - Returns: How it ended.
    @discardableResult
    public func refresh(from repository: RepositorySimulator) async -> UpdateOutcome {
        await UpdateOutcome { () async throws(UpdateError<SimulatorFailure>) in
            try await updater.refresh(from: repository, now: clock.now())
        }
    }

    /// Updates from a repository.
    ///
    /// - Parameter repository: Whom to ask.
    /// - Returns: The trusted set.
    /// - Throws: What the update throws.
    public func trustedSet(from repository: RepositorySimulator) async throws -> TrustedSet {
        try await updater.refresh(from: repository, now: clock.now())
    }

    /// Verifies what was seen.
    ///
    /// - Returns: How it ended.
    public func offline() async -> UpdateOutcome {
        do {
            guard let answer = try await updater.offline(now: clock.now()) else { return .nothingSeen }
            return UpdateOutcome(answer.set)
        } catch {
            switch error {
            case .metadata(let error): return .refused(error)
            case .missing(let file): return .missing(file.name)
            case .cache(let error): return .cache(error)
            case .contention: return .contention
            case .clockWentBack: return .clockWentBack
            }
        }
    }

    /// The versions that are kept: root (the newest), timestamp, snapshot, targets; nil where nothing is.
    ///
    /// - Returns: The versions.
    /// - Throws: What reading the cache or its files throws.
    public func kept() async throws -> KeptVersions {
        let metadata = try await cache.load()
        return KeptVersions(
            root: metadata.roots.keys.max(),
            timestamp: try Self.version(metadata.timestamp),
            snapshot: try Self.version(metadata.snapshot),
            targets: try Self.version(metadata.targets)
        )
    }

    private static func version(_ bytes: [UInt8]?) throws -> Int64? {
        guard let bytes else { return nil }
        return try JSONDocument(parsing: bytes).root["signed"]?["version"]?.integer
    }
}

extension SimulatedClient where Cache == MemoryTrustCache {
    /// A client that has seen nothing, and keeps what it sees in memory.
    ///
    /// - Parameters:
    ///   - repository: The repository whose root keys and name it pins.
    ///   - clock: The client's clock.
    public init(pinning repository: RepositorySimulator, clock: SimulatedClock = SimulatedClock()) {
        self.init(pinning: repository, cache: MemoryTrustCache(), clock: clock)
    }
}

/// The versions that a client keeps.
public struct KeptVersions: Sendable, Hashable {
    /// The newest root.
    public var root: Int64?
    /// The timestamp.
    public var timestamp: Int64?
    /// The snapshot.
    public var snapshot: Int64?
    /// The top-level targets.
    public var targets: Int64?

    /// Versions of the four roles.
    ///
    /// - Parameters:
    ///   - root: The newest root.
    ///   - timestamp: The timestamp.
    ///   - snapshot: The snapshot.
    ///   - targets: The top-level targets.
    public init(root: Int64?, timestamp: Int64?, snapshot: Int64?, targets: Int64?) {
        self.root = root
        self.timestamp = timestamp
        self.snapshot = snapshot
        self.targets = targets
    }
}
