import TUF
import TUFClient

/// Searches verified trust data for tags, through the roles that they are delegated to.
struct TagSearch: Sendable {
    /// Where the files of delegated roles come from.
    enum Source: Sendable {
        /// The set that was located, or the one that has replaced it since.
        case store(LocatedTrustData, any TrustData)
        /// What this machine has seen.
        case seen(Subject)
        /// A bundle, and what was read of it.
        case bundle(BundleSource, Updater<MemoryTrustCache>, Subject)
    }

    let session: TrustSession
    let repository: String
    let pin: Pin
    let source: Source

    /// Whose tags.
    var subject: Subject {
        switch source {
        case .store(let located, _): located.subject
        case .seen(let subject), .bundle(_, _, let subject): subject
        }
    }

    /// Looks for a target.
    ///
    /// - Returns: The set that answers, which is a newer one where `roles` was replaced meanwhile, and what it says.
    func find(
        _ path: TargetPath,
        in roles: DelegatedRoles
    ) async throws(Refusal) -> (roles: DelegatedRoles, found: FoundTarget?) {
        let updater = session.updater(pin, repository: repository)
        switch source {
        case .seen(let subject):
            do {
                var roles = roles
                let found = try await updater.findOffline(path, in: &roles)
                return (roles, found)
            } catch {
                throw Self.refusal(error, subject: subject, pin: pin)
            }
        case .bundle(let bundle, let updater, let subject):
            do {
                var roles = roles
                let found = try await updater.find(path, in: &roles, from: bundle)
                return (roles, found)
            } catch {
                throw bundle.refusal(error, subject: subject, pin: pin)
            }
        case .store(let located, let first):
            return try await reading(located, first, roles) { (data, roles) throws(UpdateError<TrustStoreError>) in
                var roles = roles
                let found = try await updater.find(path, in: &roles, from: TrustDataSource(data: data))
                return (roles, found)
            }
        }
    }

    /// Loads every role of the set.
    func all(_ roles: DelegatedRoles) async throws(Refusal) -> DelegatedRoles {
        let updater = session.updater(pin, repository: repository)
        switch source {
        case .seen(let subject):
            do {
                return try await updater.all(roles, from: NoSource?.none)
            } catch {
                throw Self.refusal(error, subject: subject, pin: pin)
            }
        case .bundle(let bundle, let updater, let subject):
            do {
                return try await updater.all(roles, from: bundle)
            } catch {
                throw bundle.refusal(error, subject: subject, pin: pin)
            }
        case .store(let located, let first):
            return try await reading(located, first, roles) { (data, roles) throws(UpdateError<TrustStoreError>) in
                try await updater.all(roles, from: TrustDataSource(data: data))
            }
        }
    }

    /// The file of a role that the targets delegate to themselves.
    ///
    /// - Returns: The file, verified, and what it may list; nil for a role that is none of them or never signed.
    func file(
        of role: RoleName,
        in roles: DelegatedRoles
    ) async throws(Refusal) -> (scope: DelegatedRole.Scope, targets: Verified<Targets>)? {
        let updater = session.updater(pin, repository: repository)
        switch source {
        case .seen(let subject):
            do {
                return try await updater.file(of: role, in: roles, from: NoSource?.none)
            } catch {
                throw Self.refusal(error, subject: subject, pin: pin)
            }
        case .bundle(let bundle, let updater, let subject):
            do {
                return try await updater.file(of: role, in: roles, from: bundle)
            } catch {
                throw bundle.refusal(error, subject: subject, pin: pin)
            }
        case .store(let located, let first):
            return try await reading(located, first, roles) { (data, roles) throws(UpdateError<TrustStoreError>) in
                try await updater.file(of: role, in: roles, from: TrustDataSource(data: data))
            }
        }
    }

    /// Reads of the set that was verified, and of a newer one once a file of it is gone.
    private func reading<Value>(
        _ located: LocatedTrustData,
        _ first: any TrustData,
        _ roles: DelegatedRoles,
        _ read: (any TrustData, DelegatedRoles) async throws(UpdateError<TrustStoreError>) -> Value
    ) async throws(Refusal) -> Value {
        let updater = session.updater(pin, repository: repository)
        let value = try await session.reading(located.store, of: located.subject, pin: pin, first: first) {
            (data) throws(UpdateError<TrustStoreError>) in
            guard data.identity != first.identity else { return try await read(data, roles) }
            let set = try await updater.refresh(from: TrustDataSource(data: data), now: roles.set.verifiedAt)
            return try await read(data, DelegatedRoles(of: set))
        }
        guard let value else {
            throw Refusal(
                .trustDataMissing,
                checked: "trust data of \(located.subject) in \(located.store.name)",
                found: "none, after it was read a moment ago",
                next: "run the command again"
            )
        }
        return value
    }

    private static func refusal(_ error: UpdateError<Never>, subject: Subject, pin: Pin) -> Refusal {
        if case .missing(let file) = error {
            return Refusal(
                .unreachable,
                checked: "what this machine has seen of \(subject)",
                found: "no \(file.name)",
                next: "run the same command once without --offline"
            )
        }
        return Refusal.update(error, subject: subject, store: "this machine's cache", pin: pin)
    }
}

extension Updater {
    /// The file of a role that the targets delegate to, and what it may list; nil when there is none.
    func file<Source: MetadataSource>(
        of role: RoleName,
        in roles: DelegatedRoles,
        from source: Source?
    ) async throws(UpdateError<Source.Failure>) -> (scope: DelegatedRole.Scope, targets: Verified<Targets>)? {
        let set = roles.set
        guard case .listed(let delegated) = set.targets.payload.delegations?.roles,
            let scope = delegated.first(where: { $0.name == role })?.scope,
            let authority = set.targets.payload.delegations?.authority(of: role),
            set.snapshot.payload.roles[role] != nil
        else { return nil }
        let listed: ListedTargets
        do { listed = try set.listed(authority) } catch { throw .metadata(error) }
        if let here = roles.targets(of: listed) { return (scope, here) }
        return (scope, try await file(listed, from: source).targets)
    }

    /// Loads every role of a set, some files at once.
    func all<Source: MetadataSource>(
        _ roles: DelegatedRoles,
        from source: Source?
    ) async throws(UpdateError<Source.Failure>) -> DelegatedRoles {
        var roles = roles
        while true {
            let missing: [ListedTargets]
            do { missing = try roles.missing() } catch { throw .metadata(error) }
            guard !missing.isEmpty else { return roles }
            let files = try await Concurrently.map(missing, width: 8) {
                (listed) throws(UpdateError<Source.Failure>) in
                try await file(listed, from: source)
            }
            for file in files { roles.insert(file) }
        }
    }
}
