import TUF
import TUFClient

extension Publisher {
    /// Publishing to a subject's collection, if the location is a Notary server.
    ///
    /// - Returns: Nil for any other location.
    /// - Throws: ``Refusal``.
    func notary(_ subject: Subject, at location: StoreLocation?) async throws(Refusal) -> NotaryPublishing? {
        guard let location, location.dialect == .notary else { return nil }
        let reader = try await notaryReader(subject, at: location)
        if let store = reader.store as? NotaryFilesTrustStore { throw store.readOnly }
        guard let store = reader.store as? NotaryTrustStore else { return nil }
        return NotaryPublishing(reader: reader, server: store, signers: signers, lifetimes: lifetimes)
    }

    /// Reads a subject's collection.
    ///
    /// - Throws: ``Refusal``; with ``Reason/noPin`` when nothing is known to check it by.
    func notaryReader(_ subject: Subject, at location: StoreLocation) async throws(Refusal) -> NotaryReader {
        let store = try session.store(for: subject, at: location)
        let repository = subject.description
        let pin: Pin
        if let known = try session.pin(for: repository, dialect: .notary) {
            pin = known
        } else {
            // Tells what is claimed there, and how to pin it.
            pin = try await self.pin(of: session.locate(subject, in: store), dialect: .notary)
        }
        return NotaryReader(
            session: session,
            subject: subject,
            store: store,
            repository: repository,
            pin: pin,
            now: session.clock.now()
        )
    }
}
