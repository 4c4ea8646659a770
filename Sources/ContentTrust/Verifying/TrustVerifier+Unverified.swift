import TUFClient

extension TrustVerifier {
    /// What the trust data of a subject claims, for somebody who has nothing to check it by. It is only to be shown.
    ///
    /// - Parameters:
    ///   - subject: Whose trust data.
    ///   - location: Where it lies, if not beside the images.
    /// - Returns: Its earliest root, of which nothing was verified.
    /// - Throws: ``Refusal``; ``Reason/unsignedRepository`` when there is no trust data.
    public func inspectUnverified(
        _ subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> UnverifiedTrustData {
        let store = try session.store(for: subject, at: location)
        let claims = try await session.reading(store, of: subject) { (data) throws(UpdateError<TrustStoreError>) in
            try await UnverifiedTrustData(reading: data, dialect: store.dialect)
        }
        guard let claims else {
            throw Refusal(
                .unsignedRepository,
                checked: "trust data of \(subject) in \(store.name)",
                found: "none",
                next: "if you publish it: trustctl init \(subject.argument)"
            )
        }
        return claims
    }
}
