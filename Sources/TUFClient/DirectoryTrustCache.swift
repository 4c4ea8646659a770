import CanonicalJSON
public import TUF
import TrustCrypto

/// A cache in a directory: `N.root.json`, `timestamp.json`, `snapshot.json`, `targets.json` as received, `state`, and the
/// files of delegated roles under `delegated/`; `whole-timestamp.json` and `whole-snapshot.json` while the timestamp beside
/// them has led to no set.
///
/// Each file is replaced whole, under a lock, with `state` last; a process that is killed in between leaves files that
/// each are good by themselves, and the next run asks for the rest.
public struct DirectoryTrustCache: TrustCache {
    private let files: StoredRoles
    private let lockTimeout: Duration

    private static var lastWhole: (timestamp: String, snapshot: String) {
        ("whole-timestamp.json", "whole-snapshot.json")
    }
    /// The most bytes that `state` may have.
    private static var stateLength: Int { 4096 }

    /// A cache of one repository under one anchor.
    ///
    /// - Parameters:
    ///   - directory: Where it lies. It is made, private to the user, when something is to be kept.
    ///   - limits: Bounds for what is read.
    ///   - lockTimeout: How long to wait for another process that writes.
    public init(directory: String, limits: TUFLimits = TUFLimits(), lockTimeout: Duration = .seconds(10)) {
        files = StoredRoles(directory: directory, limits: limits)
        self.lockTimeout = lockTimeout
    }

    /// Everything that is kept.
    ///
    /// - Returns: What was seen; empty when nothing was.
    /// - Throws: ``TrustCacheError``.
    public func load() async throws(TrustCacheError) -> CachedMetadata {
        var metadata = CachedMetadata()
        let state = try loadState()
        metadata.generation = state.generation
        metadata.lastCheck = state.lastCheck
        if state.roots.first > 0 {
            for version in state.roots.first...state.roots.last {
                metadata.roots[version] = try files.read("\(version).root.json", limit: files.limits.rootLength)
            }
            // Each was written before `state` named it. Without the last one a hidden root would go unnoticed.
            guard metadata.roots[state.roots.last] != nil else { throw .damaged(path: files.path("state")) }
        }
        try files.load(into: &metadata)
        if let timestamp = try files.read(Self.lastWhole.timestamp, limit: files.limits.timestampLength),
            let snapshot = try files.read(Self.lastWhole.snapshot, limit: files.limits.listedLength)
        {
            metadata.lastWhole = TimestampAndSnapshot(timestamp: timestamp, snapshot: snapshot)
        }
        return metadata
    }

    /// Keeps `new`, unless another process kept something since `old` was loaded.
    ///
    /// - Parameters:
    ///   - old: What ``load()`` gave.
    ///   - new: What to keep.
    /// - Returns: False when another process was faster; then nothing was changed.
    /// - Throws: ``TrustCacheError``.
    public func replace(_ old: CachedMetadata, with new: CachedMetadata) async throws(TrustCacheError) -> Bool {
        do {
            try DurableFile.createDirectory(files.directory, mode: 0o700)
            let lock = try await FileLock.acquire(files.path("lock"), timeout: lockTimeout)
            defer { withExtendedLifetime(lock) {} }
            try DurableFile.removeAbandonedTemporaries(in: files.directory)
            guard try loadState().generation == old.generation else { return false }
            // A process that was killed half-way has not changed the generation, but may have kept something newer.
            guard try files.areUnchanged(from: old, to: new) else { return false }
            for (version, bytes) in new.roots where old.roots[version] != bytes {
                try files.write(bytes, "\(version).root.json")
            }
            // Before those that take their place, and removed only after.
            if let whole = new.lastWhole, whole != old.lastWhole {
                try files.write(whole.timestamp, Self.lastWhole.timestamp)
                try files.write(whole.snapshot, Self.lastWhole.snapshot)
            }
            try files.replace(old, with: new)
            if new.lastWhole == nil, old.lastWhole != nil {
                for name in [Self.lastWhole.timestamp, Self.lastWhole.snapshot] {
                    _ = try DurableFile.remove(files.path(name))
                }
            }
            try files.write(State(new, generation: old.generation + 1).bytes, "state")
            return true
        } catch let error as TrustCacheError {
            throw error
        } catch let error as FileError {
            throw .file(error)
        } catch {
            throw .damaged(path: files.directory)
        }
    }

    /// The file of a delegated role.
    ///
    /// - Parameter role: The role.
    /// - Returns: What was kept last, or nil when nothing is.
    /// - Throws: ``TrustCacheError``.
    public func delegated(_ role: RoleName) async throws(TrustCacheError) -> [UInt8]? {
        try files.read("delegated/\(StoredRoles.name(ofDelegated: role))", limit: files.limits.listedLength)
    }

    /// Keeps the file of a delegated role. Two processes may do so at once: each file is good by itself.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - role: The role.
    /// - Throws: ``TrustCacheError``.
    public func keep(_ bytes: [UInt8], ofDelegated role: RoleName) async throws(TrustCacheError) {
        do {
            try DurableFile.createDirectory(files.path("delegated"), mode: 0o700)
            try files.write(bytes, "delegated/\(StoredRoles.name(ofDelegated: role))")
        } catch {
            throw .file(error)
        }
    }

    private func loadState() throws(TrustCacheError) -> State {
        guard let bytes = try files.read("state", limit: Self.stateLength) else { return State() }
        guard let state = State(bytes: bytes) else { throw .damaged(path: files.path("state")) }
        return state
    }
}

/// What the cache knows besides the files.
private struct State {
    /// The most roots between the first and the last: more than any repository gets to, and few enough to try all.
    static let maximumRoots: Int64 = 4096

    var generation: Int64 = 0
    var lastCheck: Instant?
    var roots: (first: Int64, last: Int64) = (0, 0)

    init() {}

    init(_ metadata: CachedMetadata, generation: Int64) {
        self.generation = generation
        lastCheck = metadata.lastCheck
        let last = metadata.roots.keys.max() ?? 0
        roots = (max(metadata.roots.keys.min() ?? 0, last - Self.maximumRoots + 1), last)
    }

    init?(bytes: [UInt8]) {
        guard let root = try? JSONDocument(parsing: bytes).root, root.kind == .object,
            let generation = root["generation"]?.integer, (0..<Int64.max).contains(generation),
            let first = root["firstRoot"]?.integer, let last = root["lastRoot"]?.integer, first >= 0, last >= first,
            (first == 0) == (last == 0), last - first < Self.maximumRoots
        else { return nil }
        self.generation = generation
        roots = (first, last)
        guard let check = root["lastCheck"] else { return }
        guard let text = check.string, let instant = Instant(rfc3339: text) else { return nil }
        lastCheck = instant
    }

    var bytes: [UInt8] {
        var object: JSONObject = [
            "generation": .integer(generation), "firstRoot": .integer(roots.first), "lastRoot": .integer(roots.last),
        ]
        if let lastCheck { object["lastCheck"] = .string(lastCheck.description) }
        return JSONValue.object(object).jsonBytes(pretty: false)
    }
}
