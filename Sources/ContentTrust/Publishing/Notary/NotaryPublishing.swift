import NotaryAPI
import OCI
import TUF
import TUFClient
import TrustCrypto

/// Publishing to one collection on a Notary server: read, change, sign, send, and again when another publisher was faster.
struct NotaryPublishing: Sendable {
    let session: TrustSession
    let signers: any SignerSource
    let lifetimes: LifetimeChoices
    let subject: Subject
    let store: NotaryTrustStore
    let repository: String
    let pin: Pin
    let now: Instant

    private static var maximumRounds: Int { 8 }
    private static var width: Int { 8 }

    var client: NotaryClient { store.client }

    /// What a change made of the tags that it was asked for.
    struct Change: Sendable {
        var edit = NotaryEdit()
        var tags: [TargetPath: TagOutcome] = [:]
    }

    // MARK: Rounds

    /// Publishes a change.
    ///
    /// - Parameter change: Makes it of what is there; called again with what another publisher has published meanwhile.
    /// - Returns: What is there now.
    /// - Throws: ``Refusal``.
    func publish(
        _ change: (NotaryState) async throws(Refusal) -> Change
    ) async throws(Refusal) -> PublishReport {
        for round in 1...Self.maximumRounds {
            let state = try await state()
            let change = try await change(state)
            guard !change.edit.isEmpty else {
                return try await report(change, signed: [], rounds: round, changed: false)
            }
            let files = try await NotarySigning(self, state).files(change.edit)
            do throws(NotaryError) {
                try await client.publish(files)
            } catch .versionTaken {
                continue
            } catch {
                throw Refusal.notary(error, checked: "publishing of \(subject) to \(store.name)")
            }
            return try await report(change, signed: files.keys.sorted(), rounds: round, changed: true)
        }
        throw Refusal(
            .conflict,
            checked: "publishing of \(subject) to \(store.name)",
            found: "others published at this moment, \(Self.maximumRounds) times",
            next: "run the command again"
        )
    }

    /// Reads back as everybody else will, which also remembers what was published.
    func report(
        _ change: Change,
        signed: [RoleName],
        rounds: Int,
        changed: Bool
    ) async throws(Refusal) -> PublishReport {
        let updater = session.updater(pin, repository: repository)
        let read = try await session.reading(store, of: subject, pin: pin) {
            (data) throws(UpdateError<TrustStoreError>) in
            (set: try await updater.refresh(from: TrustDataSource(data: data), now: now), identity: data.identity)
        }
        guard let read else {
            throw Refusal(
                .trustDataMissing,
                checked: "what was published to \(store.name)",
                found: "nothing",
                next: "run the command again"
            )
        }
        let outcome = Publication.Outcome(
            tags: change.tags,
            unmerged: [],
            dropped: [],
            signedRoles: signed,
            takenRoles: [],
            accepted: [],
            bins: 0
        )
        return PublishReport(
            repository: repository,
            store: store.name,
            identity: read.identity,
            changed: changed,
            rounds: rounds,
            outcome: outcome,
            set: read.set
        )
    }

    // MARK: Reading

    /// What is there, verified from the pin and not older than what this machine has seen.
    func state() async throws(Refusal) -> NotaryState {
        let updater = session.updater(pin, repository: repository)
        var readable = store
        readable.findsKept = true
        let state = try await session.reading(readable, of: subject, pin: pin) {
            (data) throws(UpdateError<TrustStoreError>) -> NotaryState in
            let source = TrustDataSource(data: data)
            do throws(UpdateError<TrustStoreError>) {
                _ = try await updater.refresh(from: source, now: now)
            } catch {
                // A publisher signs anew what has expired; whatever else is wrong is somebody else's doing.
                switch error {
                case .metadata(.expired), .metadata(.certificatesExpired): break
                default: throw error
                }
            }
            let set = try await updater.unsafeEditable(from: source, now: now).set
            return try await withDelegated(set, source)
        }
        guard let state else {
            throw Refusal(
                .unsignedRepository,
                checked: "trust data of \(subject) in \(store.name)",
                found: "none",
                next: "trustctl init \(subject.argument) --store \(ShellWord.quoted(store.name))"
            )
        }
        return state
    }

    private func withDelegated(
        _ set: TrustedSet,
        _ source: TrustDataSource
    ) async throws(UpdateError<TrustStoreError>) -> NotaryState {
        let limit = TUFLimits().allRoles
        var files: [RoleName: Verified<Targets>] = [:]
        var unreadable: [RoleName: TUFError] = [:]
        var open = set.targets.payload.delegations?.authorities(atMost: limit) ?? []
        while !open.isEmpty {
            // A role that is delegated to and was never signed is not listed.
            let listed = open.filter { set.snapshot.payload.roles[$0.role] != nil }
            guard files.count + unreadable.count + listed.count <= limit else {
                throw .metadata(.tooManyDelegations(limit: limit))
            }
            let found = try await Concurrently.map(listed, width: Self.width) {
                (authority) throws(UpdateError<TrustStoreError>) in
                (authority.role, try await file(authority, of: set, source))
            }
            open = []
            for (role, result) in found {
                switch result {
                case .success(let file):
                    files[role] = file
                    open += file.payload.delegations?.authorities(atMost: limit) ?? []
                case .failure(let error):
                    unreadable[role] = error
                }
            }
        }
        return NotaryState(set: set, delegated: files, unreadable: unreadable)
    }

    private func file(
        _ authority: RoleAuthority,
        of set: TrustedSet,
        _ source: TrustDataSource
    ) async throws(UpdateError<TrustStoreError>) -> Result<Verified<Targets>, TUFError> {
        let listed: ListedTargets
        do { listed = try set.listed(authority) } catch { throw .metadata(error) }
        let bytes: [UInt8]?
        do {
            bytes = try await source.bytes(of: listed.file, maximumLength: listed.maximumLength)
        } catch {
            throw .source(error)
        }
        guard let bytes else { throw .missing(listed.file) }
        do { return .success(try listed.load(bytes).targets) } catch { return .failure(error) }
    }

    // MARK: Keys

    /// Whether enough keys of a role are at hand.
    func canSign(_ authority: RoleAuthority) async throws(Refusal) -> Bool {
        try await signers.canSign(
            for: authority.role,
            keys: Array(authority.publicKeys.values),
            threshold: authority.threshold
        )
    }

    func refused(_ error: TUFError, _ role: RoleName) -> Refusal {
        Refusal.metadata(error, checked: "the \(role) of \(subject)", pin: pin, subject: subject)
    }
}
