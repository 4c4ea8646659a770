import NotaryAPI
import OCIRegistry
public import TUF

extension Publisher {
    /// Signs delegated roles on a Notary server anew, as they stand: those whose keys were changed, or that have expired.
    ///
    /// - Parameters:
    ///   - roles: The roles.
    ///   - subject: The collection, by the name of its repository.
    ///   - location: The Notary server.
    /// - Returns: What was published.
    /// - Throws: ``Refusal``, as ``sign(_:of:at:)->PublishReport``.
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
    /// - Throws: ``Refusal``: ``Reason/unsignedRepository`` when the server has no such collection,
    ///   ``Reason/badResponse`` when it still has it afterwards, and why it could not be asked.
    public func deleteFromNotary(_ subject: Subject, at location: StoreLocation) async throws(Refusal) {
        guard let store = try store(for: subject, at: location) as? NotaryTrustStore else {
            throw Publisher.noServer(subject)
        }
        let checked = "the trust data of \(subject) on \(store.name)"
        // Servers say yes to the deletion of what never was, such as a name with a slip of the finger.
        guard try await has(store, checked: checked) else {
            throw Refusal(.unsignedRepository, checked: checked, found: "none: nothing was deleted")
        }
        do throws(NotaryError) { try await store.client.deleteAll() } catch {
            throw Refusal.notary(error, checked: checked)
        }
        guard try await has(store, checked: checked) else { return }
        throw Refusal(
            .badResponse,
            checked: checked,
            found: "it is still there, though the server says that it is deleted",
            next: "look whether the name leads to the server itself, and run the command again"
        )
    }

    /// Whether the server has a collection. The root is asked for: it is there also where nobody can sign a timestamp.
    private func has(_ store: NotaryTrustStore, checked: String) async throws(Refusal) -> Bool {
        do throws(NotaryError) {
            return try await store.client.bytes(of: .newestRoot, maximumLength: TUFLimits().rootLength) != nil
        } catch {
            if case .server(.tooLarge(_)) = error { return true }
            throw Refusal.notary(error, checked: checked)
        }
    }
}
