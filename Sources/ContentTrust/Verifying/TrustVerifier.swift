import OCI
public import TUF
import TUFClient
import TrustCrypto

/// Answers which digest a tag means, or why that is not known.
///
/// All answers come from metadata that was verified from a pin upwards in this very call. Several tasks may share one.
public struct TrustVerifier: Sendable {
    /// What a caller may loosen or tighten. The defaults are the strict ones, but for staleness, which only the caller
    /// can know.
    public struct Options: Sendable, Hashable {
        /// The most seconds since the timestamp was signed, and off line also since the store was last asked. Nil leaves
        /// it to the expiry of the roles.
        public var maximumStaleness: Int64?
        /// Trusts, and pins, the root of a repository that has no pin. Whoever answers the first time is believed. Not where
        /// the rule of a policy has pins, be they for another form of metadata.
        public var trustOnFirstUse = false
        /// Asks nobody: answers from what was seen before.
        public var offline = false
        /// Answers from what was seen before, without asking, where the store was asked at most so many seconds ago, by any
        /// process of this machine. 0 always asks. Whoever sets it looks again where that does not say yes.
        var maximumAge: Int64 = 0
        /// For layouts: the name that the trust data must carry. Nil takes the name that it carries, which then must be
        /// pinned.
        public var signedName: String?

        /// The defaults.
        public init() {}
    }

    let session: TrustSession
    let options: Options

    /// A verifier.
    ///
    /// - Parameters:
    ///   - session: Home, clock and registry.
    ///   - options: What to loosen or tighten.
    public init(session: TrustSession, options: Options = Options()) {
        self.session = session
        self.options = options
    }

    /// The trust data of a subject, verified: for lists, and as the ground of every verdict.
    ///
    /// - Parameters:
    ///   - subject: Whose trust data.
    ///   - location: Where it lies, if not beside the images.
    /// - Returns: The verified set.
    /// - Throws: ``Refusal`` when there is none (``Reason/unsignedRepository``, ``Reason/trustDataMissing``), when nothing is known
    ///   to check it by (``Reason/noPin``), for what it holds (``Reason/wrongRoot``, ``Reason/wrongRepository``,
    ///   ``Reason/badSignature``, ``Reason/rollback``, ``Reason/expired``), when the store could not be asked
    ///   (``Reason/unreachable``, ``Reason/unauthorized``, ``Reason/badResponse``), for files of this machine
    ///   (``Reason/storage``), and off line for a layout whose name is not given (``Reason/usage``).
    public func trustData(
        of subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> VerifiedTrustData {
        let store = try session.store(for: subject, at: location)
        let now = session.clock.now()
        if options.offline { return try await seen(subject, dialect: store.dialect, now: now) }
        if let recent = await seenRecently(subject, dialect: store.dialect, now: now) { return recent }
        let located = try await session.locate(subject, in: store, signedName: options.signedName)
        guard located.data != nil else { throw try session.missing(located) }
        let pin: Pin
        if let known = located.pin { pin = known } else { pin = try await firstUse(located) }
        guard let (set, data) = try await session.refresh(located, pin: pin, now: now) else {
            throw try session.missing(located)
        }
        if located.pin == nil {
            do { _ = try await session.home.pins.add(pin, replacing: false) } catch { throw Refusal.pins(error) }
        }
        try checkStaleness(set, subject: subject, lastCheck: now)
        return VerifiedTrustData(
            repository: located.repository,
            pin: pin,
            set: set,
            store: store.name,
            lastCheck: now,
            search: TagSearch(
                session: session,
                repository: located.repository,
                pin: pin,
                source: .store(located, data)
            )
        )
    }

    // MARK: On line

    /// The pin that trust on first use would add.
    private func firstUse(_ located: LocatedTrustData) async throws(Refusal) -> Pin {
        guard let claims = try await session.claims(of: located) else { throw try session.missing(located) }
        // What a policy pins is all that counts there, and nothing that this machine would remember.
        let rule = session.pinningRule(for: located.repository)?.name
        guard options.trustOnFirstUse, rule == nil else {
            var notaryPin: Pin?
            if located.store.dialect == .tuf1 {
                notaryPin = try session.pin(for: located.repository, dialect: .notary)
            }
            throw claims.notPinned(
                located.repository,
                expected: "a pin that you compared with what the publisher tells",
                isContinued: notaryPin != nil,
                rule: rule
            )
        }
        return claims.pin(for: located.repository)
    }

    // MARK: Off line

    /// What was seen, if it is good and the store was asked a short while ago. What is wrong with it is the store's to mend.
    private func seenRecently(_ subject: Subject, dialect: Dialect, now: Instant) async -> VerifiedTrustData? {
        guard options.maximumAge > 0, let data = try? await seen(subject, dialect: dialect, now: now) else {
            return nil
        }
        return data.isGood(at: now, maximumAge: options.maximumAge) ? data : nil
    }

    private func seen(
        _ subject: Subject,
        dialect: Dialect,
        now: Instant
    ) async throws(Refusal) -> VerifiedTrustData {
        let repository = try seenName(subject)
        guard let pin = try session.pin(for: repository, dialect: dialect) else {
            throw Refusal(
                .noPin,
                checked: "pins for \(repository)",
                found: "none",
                next: "with the id that the publisher tells: \(session.pinAdvice(for: repository, dialect: dialect))"
            )
        }
        let result: (set: TrustedSet, lastCheck: Instant)?
        do {
            result = try await session.updater(pin, repository: repository).offline(now: now)
        } catch {
            throw Refusal.update(error, subject: subject, store: "this machine's cache", pin: pin)
        }
        guard let (set, lastCheck) = result else {
            throw Refusal(
                .unreachable,
                checked: "what this machine has seen of \(repository)",
                found: "no complete trust data",
                next: "run the same command once without --offline"
            )
        }
        try checkStaleness(set, subject: subject, lastCheck: lastCheck)
        return VerifiedTrustData(
            repository: repository,
            pin: pin,
            set: set,
            store: "this machine's cache",
            lastCheck: lastCheck,
            search: TagSearch(session: session, repository: repository, pin: pin, source: .seen(subject))
        )
    }

    /// The name that what was seen is kept under. A layout's own is known to its trust data alone, which is not read.
    private func seenName(_ subject: Subject) throws(Refusal) -> String {
        if let name = options.signedName { return name }
        guard case .registry(let name) = subject else {
            throw Refusal(
                .usage,
                checked: "the signed name of \(subject)",
                found: "none: off line the trust data in a layout is not asked for it",
                expected: "the name that the publisher signs with",
                next: "run the same command with --name NAME"
            )
        }
        return name.description
    }

    // MARK: Freshness

    private func checkStaleness(_ set: TrustedSet, subject: Subject, lastCheck: Instant) throws(Refusal) {
        guard let maximum = options.maximumStaleness else { return }
        let found = Freshness.problem(
            issued: set.timestamp.payload.common.issued,
            lastCheck: lastCheck,
            at: set.verifiedAt,
            maximum: maximum
        )
        guard let found else { return }
        throw Freshness.refusal(
            subject,
            found: found,
            maximum: maximum,
            next: options.offline
                ? "run the same command without --offline"
                : "ask the publisher to run: trustctl refresh \(subject.argument)"
        )
    }
}

/// Trust data that was verified from a pin upwards.
public struct VerifiedTrustData: Sendable {
    /// The repository, as pins name it.
    public let repository: String
    /// The pin that applied.
    public let pin: Pin
    /// The verified metadata.
    public let set: TrustedSet
    /// Why it is trusted.
    public let evidence: Evidence
    let search: TagSearch
    /// Whether it is what this machine has seen, for which nobody was asked.
    var isRemembered: Bool { if case .seen = search.source { true } else { false } }
    /// The documents of the bundle that it comes from.
    var bundled: BundledDocuments?

    init(repository: String, pin: Pin, set: TrustedSet, store: String, lastCheck: Instant, search: TagSearch) {
        self.repository = repository
        self.pin = pin
        self.set = set
        self.search = search
        evidence = Evidence(set, store: store, pin: pin.scope.description, lastCheck: lastCheck)
    }
}
