import TUF
import TUFClient

/// What a store holds of a subject, and what it is to be checked by.
struct LocatedTrustData: Sendable {
    let subject: Subject
    let store: any TrustStore
    /// What readers see now; nil only when the store looked and there is none.
    let data: (any TrustData)?
    /// What it claims, where that was read to learn its name.
    let claims: UnverifiedTrustData?
    /// The name that pins and memory know it by.
    let repository: String
    /// The pin for that name.
    let pin: Pin?
}

extension TrustSession {
    /// How often a set that is replaced while it is read is read again from its tag.
    private static var maximumReadings: Int { 4 }

    /// What readers of a subject see now, with its name and its pin.
    ///
    /// - Parameters:
    ///   - subject: Whose trust data.
    ///   - store: Where it lies.
    ///   - signedName: The name that it must carry; nil takes a repository's own, and what a layout claims.
    /// - Returns: What is there.
    /// - Throws: ``Refusal`` when the store or the pins could not be read.
    func locate(
        _ subject: Subject,
        in store: any TrustStore,
        signedName: String? = nil
    ) async throws(Refusal) -> LocatedTrustData {
        let found = try await reading(store, of: subject) {
            (data) throws(UpdateError<TrustStoreError>) -> (data: any TrustData, claims: UnverifiedTrustData?) in
            guard signedName == nil, case .layout = subject else { return (data, nil) }
            return (data, try await UnverifiedTrustData(reading: data, dialect: store.dialect))
        }
        let repository = signedName ?? found?.claims?.root.common.repository ?? subject.description
        return LocatedTrustData(
            subject: subject,
            store: store,
            data: found?.data,
            claims: found?.claims,
            repository: repository,
            pin: try pin(for: repository, dialect: store.dialect)
        )
    }

    /// Brings what this machine knows up to date with what was located, or with what has replaced it since.
    ///
    /// - Parameters:
    ///   - located: What was there a moment ago.
    ///   - pin: What to check it by.
    ///   - now: The time of this verification.
    /// - Returns: The verified set and what it was read from, or nil when the trust data is gone.
    /// - Throws: ``Refusal``.
    func refresh(
        _ located: LocatedTrustData,
        pin: Pin,
        now: Instant
    ) async throws(Refusal) -> (set: TrustedSet, data: any TrustData)? {
        try await refresh(located, by: updater(pin, repository: located.repository), pin: pin, now: now)
    }

    /// As above, with an updater of the caller's.
    func refresh<Cache>(
        _ located: LocatedTrustData,
        by updater: Updater<Cache>,
        pin: Pin,
        now: Instant
    ) async throws(Refusal) -> (set: TrustedSet, data: any TrustData)? {
        try await reading(located.store, of: located.subject, pin: pin, first: located.data) {
            (data) throws(UpdateError<TrustStoreError>) in
            do throws(UpdateError<TrustStoreError>) {
                return (try await updater.refresh(from: TrustDataSource(data: data), now: now), data)
            } catch {
                throw await explained(error, of: data, pin: pin, repository: located.repository)
            }
        }
    }

    /// Why a set is refused, as far as its roots tell more of it. With the root of the right repository at hand, another's
    /// metadata looks badly signed, and so does what was begun anew with another root.
    ///
    /// - Parameters:
    ///   - error: What was found.
    ///   - data: The set.
    ///   - pin: What it was checked by.
    ///   - repository: Whose it must be.
    /// - Returns: The error that says more, or the same one.
    func explained(
        _ error: UpdateError<TrustStoreError>,
        of data: any TrustData,
        pin: Pin,
        repository: String
    ) async -> UpdateError<TrustStoreError> {
        let binding = pin.binding(for: repository)
        if binding.dialect == .notary {
            guard error.mayBeOfAnotherRoot else { return error }
            return await otherRoot(in: data, pin, repository).map { .metadata($0) } ?? error
        }
        guard case .metadata(.thresholdNotMet) = error else { return error }
        if await Self.isBegunAnew(data, pin.anchor, binding) { return .metadata(.notPinned(required: 1, valid: 0)) }
        return await Self.foreignName(of: data, binding).map { .metadata($0) } ?? error
    }

    /// What a Notary server has in the place of a root that this machine has seen, if it is another one. Servers keep all
    /// roots, so that one that is only newer, or older, has the same beginning.
    private func otherRoot(in data: any TrustData, _ pin: Pin, _ repository: String) async -> TUFError? {
        let binding = pin.binding(for: repository)
        func root(_ file: MetadataFile) async -> (bytes: [UInt8], root: Root)? {
            let limit = TUFLimits().rootLength
            guard let bytes = try? await data.bytes(ofFile: file.name, maximumLength: limit),
                let envelope = try? Envelope(parsing: bytes, role: .root, maximumLength: limit, dialect: .notary),
                let root = try? envelope.inspect(as: Root.self, role: .root).unverified
            else { return nil }
            return (bytes, root)
        }
        guard let newest = await root(.newestRoot) else { return nil }
        do throws(TUFError) { _ = try newest.root.rootAuthority(for: binding) } catch {
            if case .wrongRepository = error { return error }
        }
        guard let seen = try? await cache(pin, repository: repository).load().roots,
            let version = seen.keys.filter({ $0 <= newest.root.common.version }).max()
        else { return nil }
        let there = newest.root.common.version == version ? newest : await root(.root(version))
        guard let there, there.bytes != seen[version] else { return nil }
        return pin.anchor.accepts(there.bytes, binding: binding)
            ? .rootReplaced(version: version) : .notPinned(required: 1, valid: 0)
    }

    /// Whether a set has roots, of which nothing is verified, and none that meets the pin. What cannot be read says nothing.
    private static func isBegunAnew(
        _ data: any TrustData,
        _ anchor: RootAnchor,
        _ binding: RepositoryBinding
    ) async -> Bool {
        guard let names = try? await data.rootFileNames(), !names.isEmpty else {
            return false
        }
        for name in names.prefix(TUFLimits().rootRotations) {
            let bytes = try? await data.bytes(ofFile: name, maximumLength: TUFLimits().rootLength)
            guard let bytes = bytes ?? nil, !anchor.accepts(bytes, binding: binding) else { return false }
        }
        return true
    }

    /// The error that says so when a set, of which nothing is verified, claims to be another repository's. What cannot
    /// be read claims nothing: the error that led here stays.
    private static func foreignName(
        of data: any TrustData,
        _ binding: RepositoryBinding
    ) async -> TUFError? {
        guard let claims = try? await UnverifiedTrustData(reading: data, dialect: binding.dialect) else { return nil }
        switch binding {
        // There the certificate of the root says whose it is.
        case .unbound, .notary: return nil
        case .repository(let expected), .repositoryOrUnnamed(let expected):
            guard let found = claims.root.common.repository, !found.utf8.elementsEqual(expected.utf8) else {
                return nil
            }
            return .wrongRepository(role: .root, expected: expected, found: found)
        }
    }

    /// The refusal where a store looked and there is none: that is only "unsigned" where nothing was ever known.
    ///
    /// - Parameter located: What was looked for.
    /// - Returns: The refusal.
    /// - Throws: ``Refusal`` when it cannot be told whether anything was seen.
    func missing(_ located: LocatedTrustData) throws(Refusal) -> Refusal {
        try missing(located.subject, in: located.store, repository: located.repository, pin: located.pin)
    }

    /// As above, by what was looked for.
    func missing(
        _ subject: Subject,
        in store: any TrustStore,
        repository: String,
        pin: Pin?
    ) throws(Refusal) -> Refusal {
        let checked = "trust data of \(subject) in \(store.name)"
        let known = if pin != nil { true } else { try hasSeen(repository, dialect: store.dialect) }
        let begin = "trustctl init \(subject.argument)"
        guard known else {
            return Refusal(
                .unsignedRepository,
                checked: checked,
                found: "none, and none was ever pinned or seen",
                next: store.isCopy ? nil : "if you publish it: \(begin)\(store.arguments)"
            )
        }
        let next: String
        switch store.dialect {
        case .tuf1: next = "ask the publisher to run: trustctl refresh \(subject.argument)"
        // Its timestamp key went with the collection, so that nobody else can put it back.
        case .notary where !store.isCopy:
            next =
                "the server's data has to be restored from its backup; where there is none, whoever publishes it begins anew: "
                + "\(begin) --unsafe-replace-lost-root\(store.arguments)"
        case .notary: next = "name the server, or another copy: --store notary+https://HOST"
        }
        return Refusal(
            .trustDataMissing,
            checked: checked,
            found: "none",
            expected: pin.map { "trust data, because \($0.scope) is pinned" }
                ?? "trust data, because it was seen before",
            next: next
        )
    }

    /// Whether trust data with a name was ever seen.
    func hasSeen(_ repository: String, dialect: Dialect) throws(Refusal) -> Bool {
        do {
            if try home.everSeen(signedName: repository, dialect: dialect) { return true }
            // However the name is written now, policies have one rule for it.
            let name = RepositoryPattern.comparable(repository)
            guard name != repository else { return false }
            return try home.everSeen(signedName: name, dialect: dialect)
        } catch {
            throw Refusal.file(error, checked: "what was seen of \(repository)")
        }
    }

    /// What a located set claims.
    func claims(of located: LocatedTrustData) async throws(Refusal) -> UnverifiedTrustData? {
        if let claims = located.claims { return claims }
        return try await reading(located.store, of: located.subject, first: located.data) {
            (data) throws(UpdateError<TrustStoreError>) in
            try await UnverifiedTrustData(reading: data, dialect: located.store.dialect)
        }
    }

    /// The rule of the policy whose pins count for a name instead of this machine's, and how messages name it.
    func pinningRule(for repository: String) -> (rule: TrustPolicy.Rule, name: String)? {
        guard let policy, let rule = policy.rule(for: repository)?.rule, !rule.pins.isEmpty else { return nil }
        return (rule, "rule \(rule.number) (line \(rule.line)) of the policy \(policy.name)")
    }

    /// What to do where nothing is pinned for a name.
    func pinAdvice(for repository: String, dialect: Dialect) -> String {
        Pin.advice(for: repository, dialect, rule: pinningRule(for: repository)?.name, isReplacing: false)
    }

    /// The pin for a name.
    func pin(for repository: String, dialect: Dialect) throws(Refusal) -> Pin? {
        if let (rule, name) = pinningRule(for: repository) {
            return rule.pin(for: dialect).map { Pin(repository: repository, $0, of: name) }
        }
        do {
            if let pin = try home.pins.pin(for: repository, dialect: dialect) { return pin }
            // However the name is written now, policies have one rule for it.
            let name = RepositoryPattern.comparable(repository)
            return name == repository ? nil : try home.pins.pin(for: name, dialect: dialect)
        } catch { throw Refusal.pins(error) }
    }

    /// What `read` makes of the set that readers see. One that is replaced meanwhile is read again from its tag.
    ///
    /// - Parameters:
    ///   - store: Where the set is.
    ///   - subject: Whose it is.
    ///   - pin: What it is checked by, for messages.
    ///   - first: A set that was opened a moment ago, to begin with.
    ///   - read: Reads it.
    /// - Returns: What was made of it, or nil when there is no trust data.
    /// - Throws: ``Refusal``.
    func reading<Value>(
        _ store: any TrustStore,
        of subject: Subject,
        pin: Pin? = nil,
        first: (any TrustData)? = nil,
        _ read: (any TrustData) async throws(UpdateError<TrustStoreError>) -> Value
    ) async throws(Refusal) -> Value? {
        var opened = first
        var attempt = 1
        while true {
            do throws(UpdateError<TrustStoreError>) {
                if opened == nil {
                    do { opened = try await store.current() } catch { throw .source(error) }
                }
                guard let data = opened else { return nil }
                return try await read(data)
            } catch {
                guard error.mayBeOfTheMoment(attempt), attempt < Self.maximumReadings else {
                    let refusal = Refusal.update(error, subject: subject, store: store.name, pin: pin)
                    if store.isCopy, case .metadata(.expired) = error { throw refusal.inCopy(of: subject) }
                    throw refusal
                }
                opened = nil
                attempt += 1
            }
        }
    }
}

extension UpdateError<TrustStoreError> {
    /// Whether the reason may be that the set has another root than the one at hand, in Notary's dialect.
    fileprivate var mayBeOfAnotherRoot: Bool {
        switch self {
        case .metadata(.thresholdNotMet), .metadata(.rollback), .metadata(.hashMismatch(.root, _)),
            .metadata(.lengthMismatch(.root, _, _)):
            true
        default: false
        }
    }

    /// Whether a set that is opened anew may be without this error.
    fileprivate func mayBeOfTheMoment(_ attempt: Int) -> Bool {
        switch self {
        case .source(.vanished): true
        // Another process may have seen, and remembered, the set that came after this one was opened.
        case .metadata(.rollback): attempt == 1
        // A root that was published after the timestamp was read.
        case .metadata(.hashMismatch(.root, _)), .metadata(.lengthMismatch(.root, _, _)): attempt == 1
        default: false
        }
    }
}
