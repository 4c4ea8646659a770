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
        /// Trusts, and pins, the root of a repository that has no pin. Whoever answers the first time is believed.
        public var trustOnFirstUse = false
        /// Asks nobody: answers from what was seen before.
        public var offline = false
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
    /// - Throws: ``Refusal``.
    public func trustData(
        of subject: Subject,
        at location: StoreLocation? = nil
    ) async throws(Refusal) -> VerifiedTrustData {
        let store = try session.store(for: subject, at: location)
        let now = session.clock.now()
        if options.offline { return try await seen(subject, store: store, now: now) }
        var last: Refusal?
        // A set that is replaced while it is read is read again from its tag.
        for _ in 0..<4 {
            do {
                return try await refreshed(subject, store: store, now: now)
            } catch {
                guard case .vanished? = error.cause as? TrustStoreError else { throw error }
                last = error
            }
        }
        throw last ?? Refusal(.internalDefect, checked: subject.description, found: "no attempt was made")
    }

    // MARK: On line

    private func refreshed(
        _ subject: Subject,
        store: any TrustStore,
        now: Instant
    ) async throws(Refusal) -> VerifiedTrustData {
        let data: (any TrustData)?
        do { data = try await store.current() } catch { throw Refusal.store(error, store: store.name) }
        let repository = try await signedRepository(subject, data: data)
        let pin = try pin(for: repository, subject: subject)
        guard let data else { throw try missing(repository, subject: subject, store: store, pin: pin) }
        guard let pin else {
            return try await firstUse(repository, subject: subject, store: store, data: data, now: now)
        }
        let set = try await refresh(pin, repository: repository, subject: subject, store: store, data: data, now: now)
        try checkStaleness(set, subject: subject, lastCheck: now)
        return VerifiedTrustData(
            repository: repository,
            pin: pin,
            set: set,
            data: data,
            store: store.name,
            lastCheck: now
        )
    }

    private func refresh(
        _ pin: Pin,
        repository: String,
        subject: Subject,
        store: any TrustStore,
        data: any TrustData,
        now: Instant
    ) async throws(Refusal) -> TrustedSet {
        do {
            return try await session.updater(pin, repository: repository).refresh(
                from: TrustDataSource(data: data),
                now: now
            )
        } catch {
            throw Refusal.update(error, subject: subject, store: store.name, pin: pin)
        }
    }

    /// The name to look for a pin under: the repository's own, or what a layout claims or is demanded to be.
    private func signedRepository(_ subject: Subject, data: (any TrustData)?) async throws(Refusal) -> String {
        if let name = options.signedName { return name }
        switch subject {
        case .registry(let name):
            return name.description
        case .layout:
            guard let data else { return subject.description }
            let root = try await UnverifiedTrustData.read(data, subject: subject).root
            return root.common.repository ?? subject.description
        }
    }

    private func pin(for repository: String, subject: Subject) throws(Refusal) -> Pin? {
        do { return try session.home.pins.pin(for: repository) } catch { throw Refusal.pins(error) }
    }

    /// Nothing there is only "unsigned" where nothing was ever known.
    private func missing(
        _ repository: String,
        subject: Subject,
        store: any TrustStore,
        pin: Pin?
    ) throws(Refusal) -> Refusal {
        let known: Bool
        do {
            known = pin != nil ? true : try session.home.everSeen(signedName: repository)
        } catch {
            throw Refusal.file(error, checked: "what was seen of \(repository)")
        }
        guard known else {
            return Refusal(
                .unsignedRepository,
                checked: "trust data of \(subject) in \(store.name)",
                found: "none, and none was ever pinned or seen",
                next: "if you publish it: trustctl init \(subject)"
            )
        }
        return Refusal(
            .trustDataMissing,
            checked: "trust data of \(subject) in \(store.name)",
            found: "none",
            expected: pin.map { "trust data, because \($0.scope) is pinned" }
                ?? "trust data, because it was seen before",
            next: "ask the publisher to run: trustctl refresh \(subject)"
        )
    }

    // MARK: First use

    private func firstUse(
        _ repository: String,
        subject: Subject,
        store: any TrustStore,
        data: any TrustData,
        now: Instant
    ) async throws(Refusal) -> VerifiedTrustData {
        let unverified = try await UnverifiedTrustData.read(data, subject: subject)
        let line = unverified.pinCommand(repository: repository)
        guard options.trustOnFirstUse else {
            throw Refusal(
                .noPin,
                checked: "pins for \(repository)",
                found: "none; the trust data claims \(unverified.rootDescription)",
                expected: "a pin that you compared with what the publisher tells",
                next: line
            )
        }
        let pin = Pin(scope: .repository(repository), anchor: unverified.anchor)
        let set = try await refresh(pin, repository: repository, subject: subject, store: store, data: data, now: now)
        do {
            _ = try await session.home.pins.add(pin, replacing: false)
        } catch {
            throw Refusal.pins(error)
        }
        try checkStaleness(set, subject: subject, lastCheck: now)
        return VerifiedTrustData(
            repository: repository,
            pin: pin,
            set: set,
            data: data,
            store: store.name,
            lastCheck: now
        )
    }

    // MARK: Off line

    private func seen(_ subject: Subject, store: any TrustStore, now: Instant) async throws(Refusal)
        -> VerifiedTrustData
    {
        let repository = options.signedName ?? subject.description
        guard let pin = try pin(for: repository, subject: subject) else {
            throw Refusal(
                .noPin,
                checked: "pins for \(repository)",
                found: "none",
                next: "trustctl pin add \(repository) --root-key ID, with the id that the publisher tells"
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
            data: nil,
            store: "this machine's cache",
            lastCheck: lastCheck
        )
    }

    // MARK: Freshness

    /// How far a timestamp may be issued in the future where staleness is asked for: clocks differ.
    private static var clockTolerance: Int64 { 300 }

    private func checkStaleness(_ set: TrustedSet, subject: Subject, lastCheck: Instant) throws(Refusal) {
        guard let maximum = options.maximumStaleness else { return }
        let now = set.verifiedAt
        func stale(_ found: String) -> Refusal {
            Refusal(
                .expired,
                checked: "freshness of the trust data of \(subject)",
                found: found,
                expected: "at most \(maximum) s",
                next: options.offline
                    ? "run the same command without --offline" : "ask the publisher to run: trustctl refresh \(subject)"
            )
        }
        guard let issued = set.timestamp.payload.common.issued else {
            throw stale("the timestamp does not say when it was signed")
        }
        guard now.seconds(since: issued) >= -Self.clockTolerance else {
            throw stale("signed at \(issued), which is in the future of this machine's clock (\(now))")
        }
        guard now.seconds(since: issued) <= maximum else {
            throw stale("signed at \(issued), \(now.seconds(since: issued)) s ago")
        }
        guard now.seconds(since: lastCheck) <= maximum else {
            throw stale("last asked for at \(lastCheck), \(now.seconds(since: lastCheck)) s ago")
        }
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
    /// The set that was read; nil off line.
    let data: (any TrustData)?

    init(repository: String, pin: Pin, set: TrustedSet, data: (any TrustData)?, store: String, lastCheck: Instant) {
        self.repository = repository
        self.pin = pin
        self.set = set
        self.data = data
        evidence = Evidence(set, store: store, pin: pin.scope.description, lastCheck: lastCheck)
    }
}
