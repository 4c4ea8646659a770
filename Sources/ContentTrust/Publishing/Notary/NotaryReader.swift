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
        let updater = session.updater(pin, repository: repository)
        let state = try await session.reading(readable, of: subject, pin: pin) {
            (data) throws(UpdateError<TrustStoreError>) -> NotaryState in
            let source = TrustDataSource(data: data)
            do throws(UpdateError<TrustStoreError>) {
                _ = try await updater.refresh(from: source, now: now)
            } catch {
                // A publisher signs anew what has expired; whatever else is wrong is somebody else's doing.
                switch error {
                case .metadata(.expired), .metadata(.certificatesExpired): break
                default: throw await session.explained(error, of: data, pin: pin, repository: repository)
                }
            }
            let set = try await updater.unsafeEditable(from: source, now: now).set
            return try await withDelegated(set, source)
        }
        guard let state else {
            throw try session.missing(subject, in: store, repository: repository, pin: pin)
        }
        return state
    }

    /// A verified set with the files of all its delegated roles.
    ///
    /// - Parameters:
    ///   - set: The set.
    ///   - source: What it was read from.
    /// - Returns: Both; of a file that nobody can verify, why.
    /// - Throws: ``UpdateError``.
    func withDelegated(
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
        let bytes: [UInt8]?
        do {
            bytes = try await source.bytes(of: listed.file, maximumLength: listed.maximumLength)
        } catch {
            throw .source(error)
        }
        guard let bytes else { throw .missing(listed.file) }
        do {
            return .success(try listed.load(bytes))
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
