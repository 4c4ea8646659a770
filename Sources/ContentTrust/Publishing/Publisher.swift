import OCI
public import TUF
import TUFClient
public import TrustCrypto

/// Publishes trust data: signs tags, takes them out, and keeps the trust data fresh.
///
/// Each call publishes once. It either ends with readers seeing the new set, or they go on seeing the old one.
public struct Publisher: Sendable {
    let session: TrustSession
    /// The private keys.
    public let signers: any SignerSource
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
    /// - Throws: ``Refusal``: ``Reason/unsignedRepository`` when there is no trust data to change, ``Reason/noPin``,
    ///   ``Reason/keyUnavailable``, ``Reason/conflict`` when another publisher changed the same, what verifying the present
    ///   set can find (as ``TrustVerifier/trustData(of:at:)``, but for expiry), ``Reason/unreachable``,
    ///   ``Reason/unauthorized`` and ``Reason/badResponse`` of the store, and ``Reason/storage``.
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
    /// - Throws: ``Refusal``, as ``sign(_:of:at:)->PublishReport``.
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
    /// - Throws: ``Refusal``, as ``sign(_:of:at:)->PublishReport``; ``Reason/conflict`` never, for it changes no tag.
    public func refresh(_ subject: Subject, at location: StoreLocation? = nil) async throws(Refusal) -> PublishReport {
        try await publish(.refresh, subject: subject, location: location)
    }

    /// As ``refresh(_:at:)``, where files of delegated roles are lost and no machine has them: these roles are signed anew
    /// without a tag. What they listed is signed no more, whatever it was.
    ///
    /// - Parameters:
    ///   - subject: Whose trust data.
    ///   - location: Where it lies, if not beside the images.
    /// - Returns: What was published; ``PublishReport/lostRoles`` names the roles.
    /// - Throws: ``Refusal``, as ``sign(_:of:at:)->PublishReport``.
    public func refreshUnsafeAcceptingLoss(
        _ subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> PublishReport {
        try await publish(.refresh, subject: subject, location: location, unsafeAcceptsLoss: true)
    }

    /// Spreads the tags over hash bins, so that with very many of them a verifier still reads little, and signing one more
    /// writes little.
    ///
    /// - Parameters:
    ///   - choice: How many bins; none takes them back into the targets.
    ///   - subject: Whose trust data.
    ///   - location: Where it lies, if not beside the images.
    /// - Returns: What was published.
    /// - Throws: ``Refusal``, as ``sign(_:of:at:)->PublishReport``.
    public func rebin(
        _ choice: BinChoice,
        of subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> PublishReport {
        try await publish(.bins(choice), subject: subject, location: location)
    }

    // MARK: Publishing

    func publish(
        _ intent: Publication.Intent,
        subject: Subject,
        location: StoreLocation?,
        unsafeAcceptsLoss: Bool = false
    ) async throws(Refusal) -> PublishReport {
        if let notary = try await notary(subject, at: location) {
            switch intent {
            case .tags(let tags): return try await notary.publish(tags, as: nil)
            case .refresh where !unsafeAcceptsLoss: return try await notary.refresh()
            case .refresh, .initialize, .replace, .root, .signerTags, .signers, .bins:
                throw Refusal(
                    .usage,
                    checked: "publishing of \(subject) to \(notary.store.name)",
                    found: "a Notary server, which knows neither hash bins, nor proposed roots, nor lost files",
                    expected: "the registry, oci:PATH or dir:PATH"
                )
            }
        }
        let store = try session.store(for: subject, at: location)
        let located = try await session.locate(subject, in: store)
        let pin = try await pin(of: located)
        try await look(at: located, pin: pin, before: intent)
        return try await publish(
            intent,
            subject: subject,
            store: store,
            repository: located.repository,
            pin: pin,
            unsafeAcceptsLoss: unsafeAcceptsLoss
        )
    }

    /// Looks at what a refresh or a new root may replace, as those who verify have looked. A thief of the snapshot and
    /// timestamp keys may have put there what cannot be verified to the end: they remember its versions all the same, and
    /// the next ones must lie above. Why it is refused, if it is, publishing finds out by itself; but what cannot be kept in
    /// mind would be forgotten.
    private func look(
        at located: LocatedTrustData,
        pin: Pin,
        before intent: Publication.Intent
    ) async throws(Refusal) {
        switch intent {
        case .refresh, .root: break
        case .initialize, .replace, .tags, .signerTags, .signers, .bins: return
        }
        guard let data = located.data else { return }
        let updater = session.updater(pin, repository: located.repository)
        do {
            _ = try await updater.refresh(from: TrustDataSource(data: data), now: session.clock.now())
        } catch {
            guard case .cache = error else { return }
            throw Refusal.update(error, subject: located.subject, store: located.store.name, pin: pin)
        }
    }

    func publish(
        _ intent: Publication.Intent,
        subject: Subject,
        store: any TrustStore,
        repository: String,
        pin: Pin,
        unsafeAcceptsLoss: Bool = false
    ) async throws(Refusal) -> PublishReport {
        let now = session.clock.now()
        let updater = session.updater(pin, repository: repository)
        var changesSigners = false
        if case .signers = intent { changesSigners = true }
        let publication = Publication(
            intent: intent,
            reader: CandidateReader(
                updater: updater,
                cache: session.cache(pin, repository: repository),
                pin: pin,
                subject: subject,
                now: now,
                unsafeAcceptsLoss: unsafeAcceptsLoss,
                leavesLostSigners: changesSigners
            ),
            signing: SetSigning(signers: signers, lifetimes: lifetimes, subject: subject, now: now),
            subject: subject,
            waiting: WaitingFiles(places: store.waitingPlaces),
            binding: pin.binding(for: repository)
        )
        let published: PublishedSet
        do {
            published = try await store.publish(publication)
        } catch {
            throw Refusal.publish(error, subject: subject, store: store.name)
        }
        let outcome = await publication.outcome
        let delegated = ((outcome?.signedRoles ?? []) + (outcome?.takenRoles ?? [])).filter {
            !RoleName.topLevel.contains($0)
        }
        // Read back as everybody else will, which also remembers what was published.
        let set = try await session.reading(store, of: subject, pin: pin) {
            (data) throws(UpdateError<TrustStoreError>) in
            let set = try await updater.refresh(from: TrustDataSource(data: data), now: now)
            let authorities = delegated.compactMap { set.targets.payload.delegations?.authority(of: $0) }
            _ = try await Concurrently.map(authorities, width: 8) { (authority) throws(UpdateError<TrustStoreError>) in
                let listed: ListedTargets
                do throws(TUFError) { listed = try set.listed(authority) } catch { throw .metadata(error) }
                _ = try await updater.file(listed, from: TrustDataSource(data: data))
            }
            return set
        }
        guard let set else {
            throw Refusal(
                .trustDataMissing,
                checked: "what was published to \(store.name)",
                found: "nothing",
                next: "run the command again"
            )
        }
        guard let outcome else {
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

    /// The pin that a publisher works under.
    ///
    /// - Parameters:
    ///   - located: What is there.
    ///   - dialect: The form of metadata that the publisher is about to write.
    /// - Returns: The pin.
    /// - Throws: ``Refusal``; ``Reason/noPin`` with the line that adds it.
    func pin(of located: LocatedTrustData, dialect: Dialect = .tuf1) async throws(Refusal) -> Pin {
        guard located.store.dialect == dialect else {
            throw Refusal(
                .usage,
                checked: "\(located.store.name)",
                found: "a Notary server, whose trust data has no such thing"
            )
        }
        if let pin = located.pin { return pin }
        guard located.data != nil, let claims = try await session.claims(of: located) else {
            if dialect == .notary { throw try session.missing(located) }
            throw Refusal(
                .unsignedRepository,
                checked: "trust data of \(located.subject) in \(located.store.name)",
                found: "none",
                next: "trustctl init \(located.subject.argument)"
            )
        }
        throw claims.notPinned(
            located.repository,
            expected: "a pin, so that nobody can make you sign upon foreign trust data"
        )
    }

    /// Whether this machine has ever seen trust data of a repository, under any pin.
    ///
    /// - Parameters:
    ///   - subject: The repository.
    ///   - dialect: The form of its metadata.
    /// - Returns: Whether it has.
    /// - Throws: ``Refusal`` with ``Reason/storage``.
    public func hasSeen(_ subject: Subject, dialect: Dialect) throws(Refusal) -> Bool {
        try session.hasSeen(subject.description, dialect: dialect)
    }

    func path(_ tag: String, _ subject: Subject) throws(Refusal) -> TargetPath {
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
    /// What signers had said of tags in another set, and nobody could take in.
    public let droppedWords: [DroppedWord]
    /// Roles that were signed.
    public let signedRoles: [RoleName]
    /// Changes of signers that had waited, or came with a request, and are published now.
    public let acceptedChanges: [AcceptedChange]
    /// How many hash bins list the tags; 0 when the targets do.
    public let bins: Int
    /// Roles whose files were lost everywhere, and which list no tag now.
    public let lostRoles: [RoleName]
    /// Signers whose files are lost, which only a change of the signers leaves so. Nobody can verify tags that match their
    /// patterns until they have begun anew or are removed.
    public let lostSigners: [RoleName]
    /// The versions that readers see now.
    public let versions: [RoleName: Int64]
    /// When each role expires.
    public let expires: [RoleName: Instant]
    /// Whose these changes are.
    public var acceptedSigners: [RoleName] { Set(acceptedChanges.map(\.role)).sorted() }
    /// On Notary servers: root keys whose certificates end within half a year. Nobody verifies anything after that.
    public internal(set) var endingCertificates: [EndingCertificate] = []
    /// The targets that readers see now.
    let targets: Verified<Targets>
    /// The role that expires first, and when: by then the trust data must have been refreshed.
    public let firstExpiry: (role: RoleName, at: Instant)

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
        droppedWords = outcome.dropped
        signedRoles = changed ? outcome.signedRoles : []
        acceptedChanges = outcome.accepted
        bins = outcome.bins
        lostRoles = changed ? outcome.lostRoles : []
        lostSigners = outcome.lostSigners
        versions = set.common.mapValues(\.version)
        expires = set.common.mapValues(\.expires)
        firstExpiry = set.earliestExpiry
        targets = set.targets
    }
}
