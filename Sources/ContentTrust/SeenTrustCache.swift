import TUF
import TUFClient
import TrustCrypto

/// What this machine has seen of one repository under one anchor, also when it was seen under another anchor of the same
/// root: whoever writes a pin in another form, or pins a later root of the chain, must not become open to rollback.
struct SeenTrustCache: TrustCache {
    private let directory: String
    private let anchor: RootAnchor
    private let binding: RepositoryBinding
    private let anchorID: String

    /// How many anchors of one repository are kept apart at most.
    private static var maximumAnchors: Int { 1000 }

    /// A cache.
    ///
    /// - Parameters:
    ///   - directory: Where all that was seen of the repository lies.
    ///   - pin: The pin of this run.
    ///   - binding: Whose metadata it is.
    init(directory: String, pin: Pin, binding: RepositoryBinding) {
        self.directory = directory
        self.binding = binding
        anchor = pin.anchor
        anchorID = pin.anchorID
    }

    func load() async throws(TrustCacheError) -> CachedMetadata {
        try await chosen().load()
    }

    func replace(_ old: CachedMetadata, with new: CachedMetadata) async throws(TrustCacheError) -> Bool {
        // Should another one be the right one by now, its generation is another, too, and nothing is written.
        try await chosen().replace(old, with: new)
    }

    func delegated(_ role: RoleName) async throws(TrustCacheError) -> [UInt8]? {
        try await chosen().delegated(role)
    }

    func keep(_ bytes: [UInt8], ofDelegated role: RoleName) async throws(TrustCacheError) {
        try await chosen().keep(bytes, ofDelegated: role)
    }

    /// Of the caches whose root chain meets the anchor, the one that was checked last; that of this very anchor when there
    /// is none.
    private func chosen() async throws(TrustCacheError) -> DirectoryTrustCache {
        let own = cache(anchorID)
        let names: [String]?
        do { names = try DurableFile.list(directory, limit: Self.maximumAnchors) } catch { throw .file(error) }
        let others = (names ?? []).filter { $0 != anchorID }
        guard !others.isEmpty else { return own }
        var newest = (cache: own, lastCheck: try await own.load().lastCheck)
        for name in others {
            let other = cache(name)
            let metadata = try await other.load()
            guard let lastCheck = metadata.lastCheck, newest.lastCheck.map({ $0 < lastCheck }) ?? true,
                metadata.roots.values.contains(where: { anchor.accepts($0, binding: binding) })
            else { continue }
            newest = (other, lastCheck)
        }
        return newest.cache
    }

    private func cache(_ name: String) -> DirectoryTrustCache {
        DirectoryTrustCache(directory: "\(directory)/\(name)")
    }
}
