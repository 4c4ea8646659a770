import TUF
import TUFClient

/// What this machine has seen, to judge a set by as every verification does, without noting that it was judged.
struct UnwritingTrustCache: TrustCache {
    let seen: SeenTrustCache

    func load() async throws(TrustCacheError) -> CachedMetadata { try await seen.load() }

    func replace(_ old: CachedMetadata, with new: CachedMetadata) async throws(TrustCacheError) -> Bool { true }

    /// Nothing: what was kept would hide what the store has lost.
    func delegated(_ role: RoleName) async throws(TrustCacheError) -> [UInt8]? { nil }

    func keep(_ bytes: [UInt8], ofDelegated role: RoleName) async throws(TrustCacheError) {}
}
