import TUF
import TUFClient
import TrustCrypto

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

    /// Replaces keys of a collection. What was interrupted goes on with the keys that were made, and where only the answer
    /// of the server was lost nothing is replaced once more.
    func rotate(
        _ rotation: KeyRotation,
        on notary: NotaryPublishing,
        _ whenPublished: (RotationReport) async throws(Refusal) -> Void
    ) async throws(Refusal) -> RotationReport {
        let name = notary.pin.signedName ?? notary.repository
        let file = session.home.rotation(signedName: name, dialect: .notary)
        let lock = try await Self.lock(file, notary.subject)
        let report: RotationReport
        if let finished = try await notary.earlierRotation(rotation, note: file) {
            report = finished
        } else {
            report = try await notary.rotate(rotation, self, note: file)
        }
        try await whenPublished(report)
        try Self.filing { () throws(FileError) in _ = try DurableFile.remove(file) }
        _ = consume lock
        return report
    }
}
