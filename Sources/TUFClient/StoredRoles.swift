import TUF
import TrustCrypto

/// `timestamp.json`, `snapshot.json` and `targets.json` in a directory, as received: what all caches on disk have.
struct StoredRoles: Sendable {
    let directory: String
    let limits: TUFLimits

    func load(into metadata: inout CachedMetadata) throws(TrustCacheError) {
        metadata.timestamp = try read("timestamp.json", limit: limits.timestampLength)
        metadata.snapshot = try read("snapshot.json", limit: limits.listedLength)
        metadata.targets = try read("targets.json", limit: limits.listedLength)
    }

    /// Whether the files that are about to be replaced are still what was loaded.
    func areUnchanged(from old: CachedMetadata, to new: CachedMetadata) throws(TrustCacheError) -> Bool {
        guard try isUnchanged("timestamp.json", from: old.timestamp, to: new.timestamp, limits.timestampLength),
            try isUnchanged("snapshot.json", from: old.snapshot, to: new.snapshot, limits.listedLength)
        else { return false }
        return try isUnchanged("targets.json", from: old.targets, to: new.targets, limits.listedLength)
    }

    /// Writes what is new, the timestamp last: it must not name what is not there.
    func replace(_ old: CachedMetadata, with new: CachedMetadata) throws(FileError) {
        if let bytes = new.targets, bytes != old.targets { try write(bytes, "targets.json") }
        if let bytes = new.snapshot, bytes != old.snapshot { try write(bytes, "snapshot.json") }
        if let bytes = new.timestamp, bytes != old.timestamp { try write(bytes, "timestamp.json") }
    }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    func read(_ name: String, limit: Int) throws(TrustCacheError) -> [UInt8]? {
        do { return try DurableFile.read(path(name), limit: limit) } catch { throw .file(error) }
    }

    func write(_ bytes: [UInt8], _ name: String) throws(FileError) {
        try DurableFile.write(bytes.span, to: path(name), mode: 0o600)
    }

    /// The name for a delegated role's file. A role's name can be longer than file systems take: then its digest stands for
    /// it.
    static func name(ofDelegated role: RoleName) -> String {
        let name = MetadataFile(role: role, version: nil).name
        guard name.utf8.count > 200 else { return name }
        return "\(Digest.compute(.sha256, over: Array(role.string.utf8).span).hex).json"
    }

    private func isUnchanged(
        _ name: String,
        from old: [UInt8]?,
        to new: [UInt8]?,
        _ limit: Int
    ) throws(TrustCacheError) -> Bool {
        if new == old { return true }
        return try read(name, limit: limit) == old
    }
}
