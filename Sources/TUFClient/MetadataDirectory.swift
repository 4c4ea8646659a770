public import TUF
import TrustCrypto

/// The metadata directory of a general TUF client: `root.json`, which is the trusted root, and the files of the other roles
/// beside it, one a role and as received.
///
/// It is private to whoever can write it: the root in it is trusted.
public struct MetadataDirectory: TrustCache {
    private let files: StoredRoles
    private let lockTimeout: Duration

    private static let rootName = "root.json"

    /// The directory.
    ///
    /// - Parameters:
    ///   - path: Where it lies.
    ///   - limits: Bounds for what is read.
    ///   - lockTimeout: How long to wait for another process that writes.
    public init(path: String, limits: TUFLimits = TUFLimits(), lockTimeout: Duration = .seconds(10)) {
        files = StoredRoles(directory: path, limits: limits)
        self.lockTimeout = lockTimeout
    }

    /// The trusted root.
    ///
    /// - Returns: The file, or nil when the directory was never initialised.
    /// - Throws: ``TrustCacheError``.
    public func trustedRoot() throws(TrustCacheError) -> [UInt8]? {
        try files.read(Self.rootName, limit: files.limits.rootLength)
    }

    /// Makes the directory, if it is not there, and puts a first root into it that was obtained in a trustworthy way
    /// (TUF 1.0.34 §5.2).
    ///
    /// - Parameter root: The root file.
    /// - Returns: False when there is another trusted root, which stays.
    /// - Throws: ``UpdateError/metadata(_:)`` when the file is no root that its own keys signed; ``UpdateError/cache(_:)``.
    public func initialize(root: [UInt8]) async throws(UpdateError<Never>) -> Bool {
        do {
            _ = try RootStage(anchor: .root(root), firstRoot: root, binding: .unbound, limits: files.limits)
        } catch {
            throw .metadata(error)
        }
        do throws(TrustCacheError) {
            let lock = try await locked()
            defer { withExtendedLifetime(lock) {} }
            if let present = try trustedRoot() { return present == root }
            do { try files.write(root, Self.rootName) } catch { throw .file(error) }
            return true
        } catch {
            throw .cache(error)
        }
    }

    /// What was kept, without the trusted root: that is the anchor of the update.
    ///
    /// - Returns: The files of the other top-level roles.
    /// - Throws: ``TrustCacheError``.
    public func load() async throws(TrustCacheError) -> CachedMetadata {
        var metadata = CachedMetadata()
        try files.load(into: &metadata)
        return metadata
    }

    /// Keeps `new`, its newest root as the trusted one, unless another process kept something since `old` was loaded.
    ///
    /// - Parameters:
    ///   - old: What ``load()`` gave.
    ///   - new: What to keep.
    /// - Returns: False when another process was faster; then nothing was changed.
    /// - Throws: ``TrustCacheError``.
    public func replace(_ old: CachedMetadata, with new: CachedMetadata) async throws(TrustCacheError) -> Bool {
        let lock = try await locked()
        defer { withExtendedLifetime(lock) {} }
        guard try files.areUnchanged(from: old, to: new) else { return false }
        let present = try trustedRoot().flatMap(Self.version)
        do {
            // The root first: what follows was verified with it.
            if let (version, bytes) = new.roots.max(by: { $0.key < $1.key }), present.map({ $0 < version }) ?? true {
                try files.write(bytes, Self.rootName)
            }
            try files.replace(old, with: new)
        } catch {
            throw .file(error)
        }
        return true
    }

    /// The file of a delegated role.
    ///
    /// - Parameter role: The role.
    /// - Returns: What was kept last, or nil when nothing is.
    /// - Throws: ``TrustCacheError``.
    public func delegated(_ role: RoleName) async throws(TrustCacheError) -> [UInt8]? {
        try files.read(StoredRoles.name(ofDelegated: role), limit: files.limits.listedLength)
    }

    /// Keeps the file of a delegated role.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - role: The role.
    /// - Throws: ``TrustCacheError``.
    public func keep(_ bytes: [UInt8], ofDelegated role: RoleName) async throws(TrustCacheError) {
        do { try files.write(bytes, StoredRoles.name(ofDelegated: role)) } catch { throw .file(error) }
    }

    private func locked() async throws(TrustCacheError) -> FileLock {
        do throws(FileError) {
            try DurableFile.createDirectory(files.directory, mode: 0o700)
            let lock = try await FileLock.acquire(files.path(".lock"), timeout: lockTimeout)
            try DurableFile.removeAbandonedTemporaries(in: files.directory)
            return lock
        } catch {
            throw .file(error)
        }
    }

    /// The version of a root that was trusted before; nil for a damaged file, which a good one may replace.
    private static func version(_ root: [UInt8]) -> Int64? {
        let envelope = try? Envelope(parsing: root, role: .root, maximumLength: root.count)
        return try? envelope?.inspect(as: Root.self, role: .root).unverified.common.version
    }
}
