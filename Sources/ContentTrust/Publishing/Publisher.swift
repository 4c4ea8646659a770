import OCI
public import TUF
import TUFClient
public import TrustCrypto

/// Publishes trust data: signs tags, takes them out, and keeps the trust data fresh.
///
/// Each call publishes once. It either ends with readers seeing the new set, or they go on seeing the old one.
public struct Publisher: Sendable {
    let session: TrustSession
    let signers: any SignerSource
    let lifetimes: LifetimeChoices

    /// A publisher.
    ///
    /// - Parameters:
    ///   - session: Home, clock and registries.
    ///   - signers: The private keys.
    ///   - lifetimes: Lifetimes that are chosen anew.
    public init(session: TrustSession, signers: any SignerSource, lifetimes: LifetimeChoices = LifetimeChoices()) {
        self.session = session
        self.signers = signers
        self.lifetimes = lifetimes
    }

    /// Signs images: lists their tags with the digests that they have now.
    ///
    /// - Parameters:
    ///   - images: The images, each tag once, as ``ImageResolver`` found them.
    ///   - subject: Whose tags.
    ///   - location: Where the trust data lies, if not beside the images.
    /// - Returns: What was published.
    /// - Throws: ``Refusal``.
    public func sign(
        _ images: [ImageToSign],
        of subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> PublishReport {
        var changes: [TargetPath: TargetRecord?] = [:]
        for image in images {
            changes[try path(image.tag, subject)] = .some(SignedTag.record(for: image.descriptor))
        }
        return try await publish(.tags(changes), subject: subject, location: location)
    }

    /// Takes tags out of the trust data.
    ///
    /// - Parameters:
    ///   - tags: The tags.
    ///   - subject: Whose tags.
    ///   - location: Where the trust data lies, if not beside the images.
    /// - Returns: What was published.
    /// - Throws: ``Refusal``.
    public func revoke(
        _ tags: [String],
        of subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> PublishReport {
        var changes: [TargetPath: TargetRecord?] = [:]
        for tag in tags { changes[try path(tag, subject)] = .some(nil) }
        return try await publish(.tags(changes), subject: subject, location: location)
    }

    /// Signs the timestamp anew, and what else expires soon and has its key at hand; puts back what the store has lost.
    ///
    /// - Parameters:
    ///   - subject: Whose trust data.
    ///   - location: Where it lies, if not beside the images.
    /// - Returns: What was published.
    /// - Throws: ``Refusal``.
    public func refresh(_ subject: Subject, at location: StoreLocation? = nil) async throws(Refusal) -> PublishReport {
        try await publish(.refresh, subject: subject, location: location)
    }

    // MARK: Publishing

    func publish(
        _ intent: Publication.Intent,
        subject: Subject,
        location: StoreLocation?
    ) async throws(Refusal) -> PublishReport {
        let store = try session.store(for: subject, at: location)
        let (repository, pin) = try await pinned(subject, store: store)
        return try await publish(intent, subject: subject, store: store, repository: repository, pin: pin)
    }

    func publish(
        _ intent: Publication.Intent,
        subject: Subject,
        store: any TrustStore,
        repository: String,
        pin: Pin
    ) async throws(Refusal) -> PublishReport {
        let now = session.clock.now()
        let updater = session.updater(pin, repository: repository)
        let publication = Publication(
            intent: intent,
            reader: CandidateReader(updater: updater, pin: pin, subject: subject, now: now),
            signing: SetSigning(signers: signers, lifetimes: lifetimes, subject: subject, now: now),
            subject: subject
        )
        let published: PublishedSet
        do {
            published = try await store.publish(publication)
        } catch {
            throw Refusal.publish(error, subject: subject, store: store.name)
        }
        // Read back as everybody else will, which also remembers what was published.
        let set = try await readBack(updater, store: store, subject: subject, pin: pin, now: now)
        guard let outcome = await publication.outcome else {
            throw Refusal(.internalDefect, checked: "publishing to \(store.name)", found: "no outcome")
        }
        return PublishReport(
            repository: repository,
            store: store.name,
            identity: published.identity,
            changed: published.changed,
            rounds: published.rounds,
            outcome: outcome,
            set: set
        )
    }

    private func readBack(
        _ updater: Updater<SeenTrustCache>,
        store: any TrustStore,
        subject: Subject,
        pin: Pin,
        now: Instant
    ) async throws(Refusal) -> TrustedSet {
        let checked = "what was published to \(store.name)"
        for _ in 0..<4 {
            let data: (any TrustData)?
            do { data = try await store.current() } catch { throw Refusal.store(error, store: checked) }
            guard let data else {
                throw Refusal(.trustDataMissing, checked: checked, found: "nothing", next: "run the command again")
            }
            do {
                return try await updater.refresh(from: TrustDataSource(data: data), now: now)
            } catch {
                if case .source(.vanished) = error { continue }
                throw Refusal.update(error, subject: subject, store: store.name, pin: pin)
            }
        }
        throw Refusal(
            .conflict,
            checked: checked,
            found: "other publishers kept replacing it",
            next: "run the command again"
        )
    }

    /// The name that the trust data carries and the pin that a publisher works under.
    private func pinned(_ subject: Subject, store: any TrustStore) async throws(Refusal) -> (String, Pin) {
        let data: (any TrustData)?
        do { data = try await store.current() } catch { throw Refusal.store(error, store: store.name) }
        let repository: String
        switch subject {
        case .registry(let name):
            repository = name.description
        case .layout:
            let root = try await data.mapAsync { (data) throws(Refusal) in
                try await UnverifiedTrustData.read(data, subject: subject).root
            }
            repository = root?.common.repository ?? subject.description
        }
        let pin: Pin?
        do { pin = try session.home.pins.pin(for: repository) } catch { throw Refusal.pins(error) }
        if let pin { return (repository, pin) }
        guard let data else {
            throw Refusal(
                .unsignedRepository,
                checked: "trust data of \(subject) in \(store.name)",
                found: "none",
                next: "trustctl init \(subject)"
            )
        }
        let unverified = try await UnverifiedTrustData.read(data, subject: subject)
        throw Refusal(
            .noPin,
            checked: "pins for \(repository)",
            found: "none; the trust data claims \(unverified.rootDescription)",
            expected: "a pin, so that nobody can make you sign upon foreign trust data",
            next: unverified.pinCommand(repository: repository)
        )
    }

    private func path(_ tag: String, _ subject: Subject) throws(Refusal) -> TargetPath {
        do {
            return try TargetPath(tag)
        } catch {
            throw Refusal(.usage, checked: "the tag \(tag) of \(subject)", found: "not a tag", cause: error)
        }
    }
}

/// What was published.
public struct PublishReport: Sendable {
    /// The name that the trust data carries.
    public let repository: String
    /// Where it was published.
    public let store: String
    /// The digest that names the set in its store.
    public let identity: Digest
    /// Whether anything was written.
    public let changed: Bool
    /// How often the set was made anew because other publishers were at work; 1 when this one was alone.
    public let rounds: Int
    /// What became of each tag that was asked for.
    public let tags: [String: TagOutcome]
    /// Tags that two other publishers had set differently; what readers saw stayed.
    public let unmergedTags: [String]
    /// Roles that were signed.
    public let signedRoles: [RoleName]
    /// The versions that readers see now.
    public let versions: [RoleName: Int64]
    /// When each role expires.
    public let expires: [RoleName: Instant]

    init(
        repository: String,
        store: String,
        identity: Digest,
        changed: Bool,
        rounds: Int,
        outcome: Publication.Outcome,
        set: TrustedSet
    ) {
        self.repository = repository
        self.store = store
        self.identity = identity
        self.changed = changed
        self.rounds = rounds
        tags = Dictionary(outcome.tags.map { ($0.key.string, $0.value) }) { first, _ in first }
        unmergedTags = outcome.unmerged.map(\.string)
        signedRoles = changed ? outcome.signedRoles : []
        let evidence = Evidence(set, store: store, pin: "", lastCheck: set.verifiedAt)
        versions = evidence.versions
        expires = evidence.expires
    }

    /// The role that expires first, and when: by then the trust data must have been refreshed.
    public var firstExpiry: (role: RoleName, at: Instant)? {
        expires.min { ($0.value, $0.key) < ($1.value, $1.key) }.map { ($0.key, $0.value) }
    }
}

extension Optional {
    fileprivate func mapAsync<Mapped>(_ body: (Wrapped) async throws(Refusal) -> Mapped) async throws(Refusal)
        -> Mapped?
    {
        guard let self else { return nil }
        return try await body(self)
    }
}
