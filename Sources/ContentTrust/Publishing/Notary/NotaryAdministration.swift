import NotaryAPI
public import TUF

extension Publisher {
    /// Signs delegated roles on a Notary server anew, as they stand: those whose keys were changed, or that have expired.
    ///
    /// - Parameters:
    ///   - roles: The roles.
    ///   - subject: The collection, by the name of its repository.
    ///   - location: The Notary server.
    /// - Returns: What was published.
    /// - Throws: ``Refusal``, as ``sign(_:of:at:)``.
    public func witness(
        _ roles: [RoleName],
        of subject: Subject,
        at location: StoreLocation
    ) async throws(Refusal) -> PublishReport {
        guard let notary = try await notary(subject, at: location) else { throw Self.noServer(subject) }
        return try await notary.witness(roles)
    }

    static func noServer(_ subject: Subject) -> Refusal {
        Refusal(
            .usage,
            checked: "the collection \(subject)",
            found: "no Notary server",
            next: "name one: --store notary+https://HOST"
        )
    }
}

extension TrustSession {
    /// Deletes a collection on a Notary server. What this machine has seen of it stays, so that it is missed from then on.
    ///
    /// - Parameters:
    ///   - subject: The collection, by the name of its repository.
    ///   - location: The Notary server.
    /// - Throws: ``Refusal``.
    public func deleteFromNotary(_ subject: Subject, at location: StoreLocation) async throws(Refusal) {
        guard let store = try store(for: subject, at: location) as? NotaryTrustStore else {
            throw Publisher.noServer(subject)
        }
        do throws(NotaryError) { try await store.client.deleteAll() } catch {
            throw Refusal.notary(error, checked: "the trust data of \(subject) on \(store.name)")
        }
    }
}
