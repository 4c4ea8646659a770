public import TUF
public import TrustCrypto

/// What this machine has seen of one repository, under one anchor.
///
/// It protects against rollback and answers off line. It is never trusted by itself: every run verifies it again from the
/// anchor.
public struct CachedMetadata: Sendable, Hashable {
    /// Root files by version, as far as they were ever walked.
    public var roots: [Int64: [UInt8]]
    /// The last `timestamp.json` that was trusted.
    public var timestamp: [UInt8]?
    /// The last snapshot that was trusted.
    public var snapshot: [UInt8]?
    /// The last top-level targets that were trusted.
    public var targets: [UInt8]?
    /// When a store was last asked with success, and thus a time that is not in the future.
    public var lastCheck: Instant?
    /// The last timestamp and snapshot that led to a whole set, while later ones are kept that did not: a thief of their
    /// keys may have signed those, and a publisher puts back the set before. Nobody else goes on with it.
    package var lastWhole: TimestampAndSnapshot?
    /// Rises each time that the cache is written, so that two processes notice each other.
    var generation: Int64 = 0

    /// Nothing seen so far.
    public init() {
        roots = [:]
    }
}

/// A timestamp and a snapshot that are kept together.
package struct TimestampAndSnapshot: Sendable, Hashable {
    /// `timestamp.json`.
    package let timestamp: [UInt8]
    /// The file of the snapshot.
    package let snapshot: [UInt8]
}

/// Keeps ``CachedMetadata`` from one run to the next, among several processes.
public protocol TrustCache: Sendable {
    /// Everything that is kept.
    ///
    /// - Returns: What was seen; empty when nothing was.
    /// - Throws: ``TrustCacheError``.
    func load() async throws(TrustCacheError) -> CachedMetadata

    /// Keeps `new`, unless another process kept something since `old` was loaded.
    ///
    /// - Parameters:
    ///   - old: What ``load()`` gave.
    ///   - new: What to keep.
    /// - Returns: False when another process was faster; then nothing was changed.
    /// - Throws: ``TrustCacheError``.
    func replace(_ old: CachedMetadata, with new: CachedMetadata) async throws(TrustCacheError) -> Bool

    /// The file of a delegated role. It only saves a request: the snapshot says whether it is the right one.
    ///
    /// - Parameter role: The role.
    /// - Returns: What was kept last, or nil when nothing is.
    /// - Throws: ``TrustCacheError``.
    func delegated(_ role: RoleName) async throws(TrustCacheError) -> [UInt8]?

    /// Keeps the file of a delegated role, in the place of the one before.
    ///
    /// - Parameters:
    ///   - bytes: The file, which was verified.
    ///   - role: The role.
    /// - Throws: ``TrustCacheError``.
    func keep(_ bytes: [UInt8], ofDelegated role: RoleName) async throws(TrustCacheError)
}

/// Why the cache cannot be read or written.
public enum TrustCacheError: Error, Sendable, Equatable {
    /// A file could not be read or written.
    case file(FileError)
    /// A file of the cache is not what this program writes.
    case damaged(path: String)
}

/// A cache that lives as long as the process.
public actor MemoryTrustCache: TrustCache {
    private var metadata = CachedMetadata()
    private var delegated: [RoleName: [UInt8]] = [:]

    /// An empty cache.
    public init() {}

    /// Everything that is kept.
    public func load() -> CachedMetadata { metadata }

    /// Keeps `new`, unless the cache changed since `old` was loaded.
    ///
    /// - Parameters:
    ///   - old: What ``load()`` gave.
    ///   - new: What to keep.
    /// - Returns: Whether it was kept.
    public func replace(_ old: CachedMetadata, with new: CachedMetadata) -> Bool {
        guard metadata.generation == old.generation else { return false }
        metadata = new
        metadata.generation += 1
        return true
    }

    /// The file of a delegated role, if one was kept.
    public func delegated(_ role: RoleName) -> [UInt8]? { delegated[role] }

    /// Keeps the file of a delegated role.
    public func keep(_ bytes: [UInt8], ofDelegated role: RoleName) { delegated[role] = bytes }
}
