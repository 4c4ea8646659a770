import CanonicalJSON
public import TUF
import TrustCrypto

/// A cache in a directory: `N.root.json`, `timestamp.json`, `snapshot.json`, `targets.json` as received, and `state`.
///
/// Each file is replaced whole, under a lock, with `state` last; a process that is killed in between leaves files that
/// each are good by themselves, and the next run asks for the rest.
public struct DirectoryTrustCache: TrustCache {
    private let directory: String
    private let limits: TUFLimits
    private let lockTimeout: Duration

    /// The most bytes that `state` may have.
    private static var stateLength: Int { 4096 }

    /// A cache of one repository under one anchor.
    ///
    /// - Parameters:
    ///   - directory: Where it lies. It is made, private to the user, when something is to be kept.
    ///   - limits: Bounds for what is read.
    ///   - lockTimeout: How long to wait for another process that writes.
    public init(directory: String, limits: TUFLimits = TUFLimits(), lockTimeout: Duration = .seconds(10)) {
        self.directory = directory
        self.limits = limits
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
        if state.roots.first > 0, state.roots.last - state.roots.first < Int64(limits.rootRotations) * 16 {
            for version in state.roots.first...max(state.roots.first, state.roots.last) {
                metadata.roots[version] = try read("\(version).root.json", limit: limits.rootLength)
            }
        }
        metadata.timestamp = try read("timestamp.json", limit: limits.timestampLength)
        metadata.snapshot = try read("snapshot.json", limit: limits.listedLength)
        metadata.targets = try read("targets.json", limit: limits.listedLength)
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
            try DurableFile.createDirectory(directory, mode: 0o700)
            let lock = try await FileLock.acquire("\(directory)/lock", timeout: lockTimeout)
            defer { withExtendedLifetime(lock) {} }
            guard try loadState().generation == old.generation else { return false }
            for (version, bytes) in new.roots where old.roots[version] != bytes {
                try write(bytes, "\(version).root.json")
            }
            // The timestamp last: it must not name what is not there.
            if let bytes = new.targets, bytes != old.targets { try write(bytes, "targets.json") }
            if let bytes = new.snapshot, bytes != old.snapshot { try write(bytes, "snapshot.json") }
            if let bytes = new.timestamp, bytes != old.timestamp { try write(bytes, "timestamp.json") }
            try write(State(new, generation: old.generation + 1).bytes, "state")
            return true
        } catch let error as TrustCacheError {
            throw error
        } catch let error as FileError {
            throw .file(error)
        } catch {
            throw .damaged(path: directory)
        }
    }

    private func read(_ name: String, limit: Int) throws(TrustCacheError) -> [UInt8]? {
        do { return try DurableFile.read("\(directory)/\(name)", limit: limit) } catch { throw .file(error) }
    }

    private func write(_ bytes: [UInt8], _ name: String) throws(FileError) {
        try DurableFile.write(bytes.span, to: "\(directory)/\(name)", mode: 0o600)
    }

    private func loadState() throws(TrustCacheError) -> State {
        guard let bytes = try read("state", limit: Self.stateLength) else { return State() }
        guard let state = State(bytes: bytes) else { throw .damaged(path: "\(directory)/state") }
        return state
    }
}

/// What the cache knows besides the files.
private struct State {
    var generation: Int64 = 0
    var lastCheck: Instant?
    var roots: (first: Int64, last: Int64) = (0, 0)

    init() {}

    init(_ metadata: CachedMetadata, generation: Int64) {
        self.generation = generation
        lastCheck = metadata.lastCheck
        roots = (metadata.roots.keys.min() ?? 0, metadata.roots.keys.max() ?? 0)
    }

    init?(bytes: [UInt8]) {
        guard let root = try? JSONDocument(parsing: bytes).root, root.kind == .object,
            let generation = root["generation"]?.integer, generation >= 0,
            let first = root["firstRoot"]?.integer, let last = root["lastRoot"]?.integer, first >= 0, last >= first
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
