import TUF
import TUFClient

/// Reads one collection as a publisher does: verified from the pin, whatever has expired. No verdict may come of it.
struct NotaryReader: Sendable {
    let session: TrustSession
    let subject: Subject
    let store: any TrustStore
    let repository: String
    let pin: Pin
    let now: Instant

    private static var width: Int { 8 }

    /// What is there, verified from the pin and not older than what this machine has seen.
    func state() async throws(Refusal) -> NotaryState {
        var readable = store
        if var server = store as? NotaryTrustStore {
            server.findsKept = true
            readable = server
        }
        let state = try await session.reading(readable, of: subject, pin: pin) {
            (data) throws(UpdateError<TrustStoreError>) in try await read(data).state
        }
        guard let state else {
            throw try session.missing(subject, in: store, repository: repository, pin: pin)
        }
        return state
    }

    /// What a set has, verified from the pin and not older than what this machine has seen, whatever has expired.
    ///
    /// - Parameter data: The set.
    /// - Returns: All of it, and what has expired first, if anything has.
    /// - Throws: ``UpdateError``.
    func read(
        _ data: any TrustData
    ) async throws(UpdateError<TrustStoreError>) -> (state: NotaryState, expired: TUFError?) {
        let source = TrustDataSource(data: data)
        let updater = session.updater(pin, repository: repository)
        var expired: TUFError?
        do throws(UpdateError<TrustStoreError>) {
            _ = try await updater.refresh(from: source, now: now)
        } catch {
            // A publisher signs anew what has expired; whatever else is wrong is somebody else's doing.
            switch error {
            case .metadata(.expired(let role, let at)): expired = .expired(role: role, at: at)
            case .metadata(.certificatesExpired(let at)): expired = .certificatesExpired(at: at)
            default: throw await session.explained(error, of: data, pin: pin, repository: repository)
            }
        }
        let set = try await updater.unsafeEditable(from: source, now: now).set
        try await refuseOlder(set)
        return (try await withDelegated(set, source), expired)
    }

    /// Refuses a set that is older than what this machine has seen, as a refresh does: one that ended at something expired
    /// has not come to compare the rest.
    private func refuseOlder(_ set: TrustedSet) async throws(UpdateError<TrustStoreError>) {
        let seen: CachedMetadata
        do { seen = try await cache.load() } catch { throw .cache(error) }
        let root = set.root.payload.common.version
        if let known = seen.roots.keys.max(), known > root {
            throw .metadata(.rollback(role: .root, known: known, offered: root))
        }
        func compare<Payload: RolePayload>(
            _ offered: Verified<Payload>,
            with seen: [UInt8]?,
            _ role: RoleName
        ) throws(UpdateError<TrustStoreError>) {
            // What the present keys did not sign binds nobody.
            guard let seen, let known: Verified<Payload> = set.binding(seen, as: role, under: set.root) else { return }
            let version = (known: known.payload.common.version, offered: offered.payload.common.version)
            guard version.offered < version.known else { return }
            throw .metadata(.rollback(role: role, known: version.known, offered: version.offered))
        }
        try compare(set.timestamp, with: seen.timestamp, .timestamp)
        try compare(set.snapshot, with: seen.snapshot, .snapshot)
        try compare(set.targets, with: seen.targets, .targets)
        guard set.lacksReleases else { return }
        let releases: [UInt8]?
        do { releases = try await cache.delegated(Dialect.releases) } catch { throw .cache(error) }
        do { try set.checkReleases(releases) } catch { throw .metadata(error) }
    }

    private var cache: SeenTrustCache { session.cache(pin, repository: repository) }

    /// A verified set with the files of all its delegated roles.
    ///
    /// - Parameters:
    ///   - set: The set.
    ///   - source: What it was read from.
    /// - Returns: Both; of a file that nobody can verify, why.
    /// - Throws: ``UpdateError``.
    private func withDelegated(
        _ set: TrustedSet,
        _ source: TrustDataSource
    ) async throws(UpdateError<TrustStoreError>) -> NotaryState {
        let limit = TUFLimits().allRoles
        var roles = DelegatedRoles(of: set)
        var files: [RoleName: Verified<Targets>] = [:]
        var unreadable: [RoleName: NotaryState.Unreadable] = [:]
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
                    roles.insert(file)
                    files[role] = file.targets
                    open += file.targets.payload.delegations?.authorities(atMost: limit) ?? []
                case .failure(let error):
                    unreadable[role] = error
                }
            }
        }
        return NotaryState(roles: roles, delegated: files, unreadable: unreadable)
    }

    private func file(
        _ authority: RoleAuthority,
        of set: TrustedSet,
        _ source: TrustDataSource
    ) async throws(UpdateError<TrustStoreError>) -> Result<LoadedTargets, NotaryState.Unreadable> {
        let listed: ListedTargets
        do { listed = try set.listed(authority) } catch { throw .metadata(error) }
        let kept: [UInt8]?
        do { kept = try await cache.delegated(authority.role) } catch { throw .cache(error) }
        let bytes = try await bytes(of: listed, kept: kept, source)
        let loaded: LoadedTargets
        do {
            loaded = try listed.load(bytes, after: kept)
        } catch .rollback(let role, let known, let offered) {
            throw .metadata(.rollback(role: role, known: known, offered: offered))
        } catch {
            let claims = try? Envelope(
                parsing: bytes,
                role: authority.role,
                maximumLength: listed.maximumLength,
                dialect: .notary
            )
            .inspect(as: Targets.self, role: authority.role)
            .unverified
            return .failure(NotaryState.Unreadable(error: error, claims: claims))
        }
        if bytes != kept {
            do { try await cache.keep(bytes, ofDelegated: authority.role) } catch { throw .cache(error) }
        }
        return .success(loaded)
    }

    private func bytes(
        of listed: ListedTargets,
        kept: [UInt8]?,
        _ source: TrustDataSource
    ) async throws(UpdateError<TrustStoreError>) -> [UInt8] {
        if let kept, listed.isCurrent(kept) { return kept }
        let found: [UInt8]?
        do {
            found = try await source.bytes(of: listed.file, maximumLength: listed.maximumLength)
        } catch {
            throw .source(error)
        }
        guard let found else { throw .missing(listed.file) }
        return found
    }

    /// The signers, and the releases, as those who manage them see them.
    func overview() async throws(Refusal) -> SignerOverview {
        let state = try await state()
        let keys = state.set.targets.payload.delegations?.keys ?? [:]
        return SignerOverview(
            repository: repository,
            signers: state.signers.map { role in
                let common = state.file(of: role.name)?.payload.common
                return SignerOverview.Signer(
                    role: role,
                    keys: role.keys.keyIDs.compactMap { keys[$0] },
                    version: common?.version,
                    isLost: false,
                    expires: common?.expires
                )
            }
        )
    }

    func refused(_ error: TUFError, _ role: RoleName) -> Refusal {
        Refusal.metadata(error, checked: "the \(role) of \(subject)", pin: pin, subject: subject)
    }
}
