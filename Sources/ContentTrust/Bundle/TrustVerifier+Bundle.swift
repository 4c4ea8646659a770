import OCI
import TUF
import TUFClient
import TrustCrypto

/// A bundle that was verified from a pin upwards, for one time.
public struct OpenedBundle: Sendable {
    /// The trust data: the ground of verdicts, as ``TrustVerifier/verify(_:with:)`` gives them.
    public let data: VerifiedTrustData
    /// The time that these verdicts hold for.
    public let time: BundleTime
}

/// How a bundle is to be looked at.
public struct BundleQuestion: Sendable {
    /// The file's name, for messages.
    public let name: String
    /// Whose tags it must be about; nil takes whom it names, which then must be pinned.
    public var subject: Subject?
    /// What to check it by, instead of what is pinned on this machine.
    public var pin: Pin?
    /// How its time is found.
    public var time = BundleTimeRule()

    /// A question about a file.
    public init(name: String) { self.name = name }
}

extension TrustVerifier {
    /// Verifies a bundle, by the rules and the code that trust data in a store is verified by, for the time that its
    /// evidence says. Nobody is asked, and what this machine has seen neither counts nor changes.
    ///
    /// - Parameters:
    ///   - bundle: The bundle.
    ///   - question: How to look at it.
    /// - Returns: Its trust data, and the time.
    /// - Throws: ``Refusal``.
    public func open(_ bundle: TrustBundle, _ question: BundleQuestion) async throws(Refusal) -> OpenedBundle {
        let subject = question.subject ?? bundle.subject
        let repository = question.subject?.description ?? bundle.repository
        let pin = try await pin(for: repository, bundle, question)
        let time = try bundle.time(question.time, now: session.clock.now(), name: question.name)
        let data = try await data(
            of: bundle,
            named: question.name,
            VerifiedName(subject: subject, repository: repository, pin: pin),
            at: time.at
        )
        // The time was taken from a file that nobody had verified yet: now somebody has.
        guard time.evidence != .timestampRole || data.set.timestamp.payload.common.issued == time.made else {
            throw Refusal(
                .badSignature,
                checked: "the time of the bundle \(question.name)",
                found: "another one than the timestamp role signed"
            )
        }
        return OpenedBundle(data: data, time: time)
    }

    private func pin(
        for repository: String,
        _ bundle: TrustBundle,
        _ question: BundleQuestion
    ) async throws(Refusal) -> Pin {
        if let pin = question.pin { return pin }
        if let pin = try session.pin(for: repository, dialect: bundle.dialect) { return pin }
        throw Refusal(
            .noPin,
            checked: "pins for \(repository)",
            found: "none",
            expected: "a pin, or what the publisher told in some other way",
            next:
                "with the id of the root key: trustctl bundle verify \(ShellWord.quoted(question.name)) --root-key ID; "
                + "or for good: \(session.pinAdvice(for: repository, dialect: bundle.dialect))"
        )
    }

    /// The trust data of a bundle at a time.
    func data(
        of bundle: TrustBundle,
        named name: String,
        _ whose: VerifiedName,
        at time: Instant
    ) async throws(Refusal) -> VerifiedTrustData {
        let source = BundleSource(files: bundle.metadata, name: "the bundle \(name)")
        let updater = whose.updater
        let set: TrustedSet
        do throws(UpdateError<TrustStoreError>) {
            set = try await updater.refresh(from: source, now: time)
        } catch {
            throw source.refusal(error, subject: whose.subject, pin: whose.pin)
        }
        var data = VerifiedTrustData(
            repository: whose.repository,
            pin: whose.pin,
            set: set,
            store: source.name,
            lastCheck: time,
            search: TagSearch(
                session: session,
                repository: whose.repository,
                pin: whose.pin,
                source: .bundle(source, updater, whose.subject)
            )
        )
        data.bundled = bundle.documents
        return data
    }
}

/// Whose trust data is verified, by which name, and by what.
struct VerifiedName: Sendable {
    let subject: Subject
    let repository: String
    let pin: Pin

    /// An updater that has seen nothing yet.
    var updater: Updater<MemoryTrustCache> {
        Updater(anchor: pin.anchor, binding: pin.binding(for: repository), cache: MemoryTrustCache())
    }
}
