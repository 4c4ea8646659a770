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
            let files = try await NotarySigning(self, state).files(change.edit)
            do throws(NotaryError) {
                try await client.publish(files)
            } catch .versionTaken {
                continue
            } catch .invalidUpdate("ErrBadHierarchy", _) where files[.snapshot] == nil {
                throw noSnapshotKey
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

    // MARK: Keys

    /// The server signs no snapshot, and this machine has not signed one.
    private var noSnapshotKey: Refusal {
        Refusal(
            .keyUnavailable,
            checked: "the snapshot key of \(subject)",
            found: "neither in the key stores nor on the server",
            next: "name the key store that has it: --key-store DIR; where it is lost, with the root key: "
                + "trustctl key rotate \(subject.argument) --role snapshot --server-managed\(store.arguments)"
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

    func refused(_ error: TUFError, _ role: RoleName) -> Refusal { reader.refused(error, role) }
}
