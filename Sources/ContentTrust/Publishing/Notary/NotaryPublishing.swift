import NotaryAPI
import OCI
import TUF
import TUFClient
import TrustCrypto

/// Publishing to one collection on a Notary server: read, change, sign, send, and again when another publisher was faster.
struct NotaryPublishing: Sendable {
    let reader: NotaryReader
    let server: NotaryTrustStore
    let signers: any SignerSource
    let lifetimes: LifetimeChoices

    private static var maximumRounds: Int { 8 }

    private var delivery: NotaryDelivery {
        NotaryDelivery(client: server.client, subject: subject, storeName: store.name)
    }
    var client: NotaryClient { server.client }
    var session: TrustSession { reader.session }
    var subject: Subject { reader.subject }
    var store: any TrustStore { reader.store }
    var repository: String { reader.repository }
    var pin: Pin { reader.pin }
    var now: Instant { reader.now }

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
            let state = try await reader.state()
            let change = try await change(state)
            guard !change.edit.isEmpty else {
                return try await report(change, signed: [], rounds: round, changed: false)
            }
            try requireCertificates(state, change.edit.root)
            let files = try await NotarySigning(self, state).files(change.edit)
            try checkReadable(state, after: files)
            let delivered = try await delivery.deliver(files) { error in
                if case .invalidUpdate("ErrBadHierarchy", _) = error, files[.snapshot] == nil { return noSnapshotKey }
                return refused(error, state)
            }
            guard case .stored = delivered else { continue }
            do throws(Refusal) {
                let report = try await report(change, signed: files.keys.sorted(), rounds: round, changed: true)
                try await remember(files)
                return report
            } catch {
                throw error.afterPublishing
            }
        }
        throw Refusal(
            .conflict,
            checked: "publishing of \(subject) to \(store.name)",
            found: "others published at this moment, \(Self.maximumRounds) times",
            next: "run the command again"
        )
    }

    /// Refuses to publish what nobody could read afterwards, because the root stays expired.
    private func checkReadable(_ state: NotaryState, after files: [RoleName: [UInt8]]) throws(Refusal) {
        let expires = state.root.common.expires
        guard files[.root] == nil, expires <= now else { return }
        throw Refusal(
            .expired,
            checked: "the root of \(subject) in \(store.name)",
            found: "it expired at \(expires), so that nobody would read what is published; nothing was published",
            next: "first, with the root key at hand: trustctl refresh \(subject.argument) "
                + "--store \(ShellWord.quoted(store.name))"
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
        var report = PublishReport(
            repository: repository,
            store: store.name,
            identity: read.identity,
            changed: changed,
            rounds: rounds,
            outcome: outcome,
            set: read.set
        )
        let limit = now.advanced(bySeconds: Self.renewal)
        report.endingCertificates = EndingCertificate.all(of: read.set.root.payload, before: limit)
        return report
    }

    /// Keeps delegated roles in mind that were published, as whoever verifies them does.
    private func remember(_ files: [RoleName: [UInt8]]) async throws(Refusal) {
        let cache = session.cache(pin, repository: repository)
        for (role, bytes) in files where !RoleName.topLevel.contains(role) {
            do { try await cache.keep(bytes, ofDelegated: role) } catch {
                throw refused(.cache(error))
            }
        }
    }

    // MARK: Keys

    /// The server signs no snapshot, and this machine has not signed one.
    private var noSnapshotKey: Refusal {
        Refusal(
            .keyUnavailable,
            checked: "the snapshot key of \(subject)",
            found: "neither in the key stores nor on the server",
            next: "name the key store that has it: --key-store DIR; where it is lost, with the root key: "
                + "trustctl key rotate \(subject.argument)\(store.arguments) --role snapshot --server-managed"
        )
    }

    /// Whether enough keys of a role are at hand.
    func canSign(_ authority: RoleAuthority) async throws(Refusal) -> Bool {
        try await signers.canSign(
            for: authority.role,
            keys: Array(authority.publicKeys.values),
            threshold: authority.threshold
        )
    }

    /// Which of the targets, and those to whom they delegate, have enough keys at hand.
    func signable(_ state: NotaryState) async throws(Refusal) -> Set<RoleName> {
        var found: Set<RoleName> = []
        for role in [.targets] + state.signers.map(\.name) {
            if let authority = state.authority(of: role), try await canSign(authority) { found.insert(role) }
        }
        return found
    }

    // MARK: Edits

    /// Changes a role, as it is now or was changed before, or has it signed anew as it stands.
    func edit(
        _ role: RoleName,
        of state: NotaryState,
        in edit: inout NotaryEdit,
        _ change: (inout NotaryEdit.Role) -> Void = { _ in }
    ) throws(Refusal) {
        do throws(TUFError) { try edit.edit(role, of: state, change) } catch { throw refused(error, role) }
    }

    func refused(_ error: TUFError, _ role: RoleName) -> Refusal { reader.refused(error, role) }

    func refused(_ error: UpdateError<TrustStoreError>) -> Refusal {
        Refusal.update(error, subject: subject, store: store.name, pin: pin)
    }
}
