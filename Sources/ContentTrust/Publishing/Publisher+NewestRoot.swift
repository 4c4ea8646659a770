import TUF
import TUFClient

extension Publisher {
    /// The newest root that can be verified, and the chain that leads to it: of what readers see, or, where that is broken
    /// or older, of what this machine has seen.
    func newestRoot(
        of located: LocatedTrustData,
        pin: Pin,
        now: Instant
    ) async throws(Refusal) -> (root: Verified<Root>, chain: [Int64: [UInt8]]) {
        let subject = located.subject
        let updater = session.updater(pin, repository: located.repository)
        let seen: (set: TrustedSet, files: CachedMetadata)?
        do { seen = try await updater.unsafeEditableSeen(now: now).map { ($0.set, $0.files) } } catch {
            throw Refusal.update(error, subject: subject, store: "this machine's cache", pin: pin)
        }
        var found: (set: TrustedSet, files: CachedMetadata)?
        do throws(Refusal) {
            found = try await session.reading(located.store, of: subject, pin: pin, first: located.data) {
                (data) throws(UpdateError<TrustStoreError>) in
                try await updater.unsafeEditable(from: TrustDataSource(data: data), now: now)
            }
        } catch {
            guard seen != nil, error.reason == .badSignature else { throw error }
        }
        let newest = [found, seen].compactMap { $0 }
            .max { $0.set.root.payload.common.version < $1.set.root.payload.common.version }
        guard let newest else {
            throw Refusal(
                .trustDataMissing,
                checked: "trust data of \(subject) in \(located.store.name)",
                found: "none",
                next: "ask the publisher to run: trustctl refresh \(subject.argument)"
            )
        }
        return (newest.set.root, newest.files.roots)
    }
}
