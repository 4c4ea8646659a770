import TUF
import TUFClient
import TrustCrypto

extension Publisher {
    /// Publishing to a subject's collection, if the location is a Notary server.
    ///
    /// - Returns: Nil for any other location.
    /// - Throws: ``Refusal``.
    func notary(_ subject: Subject, at location: StoreLocation?) async throws(Refusal) -> NotaryPublishing? {
        guard let location, location.dialect == .notary else { return nil }
        let reader = try await notaryReader(subject, at: location)
        if let store = reader.store as? NotaryFilesTrustStore { throw store.readOnly }
        guard let store = reader.store as? NotaryTrustStore else { return nil }
        return NotaryPublishing(reader: reader, server: store, signers: signers, lifetimes: lifetimes)
    }

    /// Reads a subject's collection.
    ///
    /// - Throws: ``Refusal``; with ``Reason/noPin`` when nothing is known to check it by.
    func notaryReader(_ subject: Subject, at location: StoreLocation) async throws(Refusal) -> NotaryReader {
        let store = try session.store(for: subject, at: location)
        let repository = subject.description
        let pin: Pin
        if let known = try session.pin(for: repository, dialect: .notary) {
            pin = known
        } else {
            // Tells what is claimed there, and how to pin it.
            pin = try await self.pin(of: session.locate(subject, in: store), dialect: .notary)
        }
        return NotaryReader(
            session: session,
            subject: subject,
            store: store,
            repository: repository,
            pin: pin,
            now: session.clock.now()
        )
    }
}

extension NotaryPublishing {
    // MARK: Tags

    /// Signs tags, or takes them out where there is no record, by Docker's rules: in every role directly below the targets
    /// that may list the tag and whose keys are at hand; in the targets where nothing is delegated.
    ///
    /// - Parameters:
    ///   - tags: The tags.
    ///   - signer: The one signer whose role, beside the releases, is signed; nil for all that are at hand.
    /// - Returns: What was published.
    /// - Throws: ``Refusal``; ``Reason/keyUnavailable`` when no signer's key that may sign a tag is at hand.
    func publish(_ tags: [TargetPath: TargetRecord?], as signer: RoleName?) async throws(Refusal) -> PublishReport {
        // Docker's publishers say length and digest, and nothing else.
        let tags = tags.mapValues { $0.map { TargetRecord(length: $0.length, hashes: $0.hashes) } }
        return try await publish { (state) async throws(Refusal) in
            var change = Change()
            var roles: [TargetPath: [RoleName]] = [:]
            for path in tags.keys { roles[path] = try await rolesToSign(path, as: signer, state) }
            do throws(TUFError) {
                for (path, record) in tags.sorted(by: { $0.key < $1.key }) {
                    change.tags[path] = try apply(path, record, in: roles[path] ?? [], state, &change.edit)
                }
            } catch {
                throw refused(error, .targets)
            }
            return change
        }
    }

    private func apply(
        _ path: TargetPath,
        _ record: TargetRecord?,
        in roles: [RoleName],
        _ state: NotaryState,
        _ edit: inout NotaryEdit
    ) throws(TUFError) -> TagOutcome {
        var before: TargetRecord?
        var changed = false
        // What readers see comes first: the releases, else the targets.
        let ordered = roles.sorted { ($0 == Dialect.releases ? 0 : 1, $0) < ($1 == Dialect.releases ? 0 : 1, $1) }
        for role in ordered {
            let present: TargetRecord?
            if let edited = edit.roles[role] {
                present = edited.records[path]
            } else {
                present = try state.file(of: role)?.payload.record(for: path)
            }
            before = before ?? present
            if let record {
                guard present?.digest(.sha256) != record.digest(.sha256) || present?.length != record.length else {
                    continue
                }
            } else {
                guard present != nil else { continue }
            }
            try edit.edit(role, of: state) { $0.records[path] = record }
            changed = true
        }
        switch (record == nil, changed) {
        case (false, true): return .set(before: before)
        case (false, false): return .unchanged
        case (true, true): return .revoked(before: before)
        case (true, false): return .absent
        }
    }

    /// In which roles a tag is signed.
    private func rolesToSign(
        _ path: TargetPath,
        as signer: RoleName?,
        _ state: NotaryState
    ) async throws(Refusal) -> [RoleName] {
        guard signer != nil || !state.signers.isEmpty else { return [.targets] }
        if let signer, !state.signers.contains(where: { $0.name == signer }) {
            throw Refusal(
                .usage,
                checked: "the signer \(signer) of \(subject)",
                found: "there is no such signer",
                expected: state.signers.isEmpty
                    ? "none: the targets key signs" : state.signers.map(\.name.string).joined(separator: ", "),
                next: "trustctl signer list \(subject.argument)\(store.arguments)"
            )
        }
        var roles: [RoleName] = []
        for delegated in state.signers where delegated.scope.contains(path) {
            guard signer == nil || delegated.name == signer || delegated.name == Dialect.releases else { continue }
            guard let authority = state.authority(of: delegated.name), try await canSign(authority) else { continue }
            roles.append(delegated.name)
        }
        if let signer, !roles.contains(signer) { roles = [] }
        guard roles.isEmpty else { return roles }
        let names = state.signers.filter { $0.scope.contains(path) }.map(\.name.string)
        throw Refusal(
            .keyUnavailable,
            checked: "keys to sign the tag \(path) of \(subject)",
            found: names.isEmpty
                ? "no signer of the repository may sign it"
                : "none of a signer that may sign it: \(names.joined(separator: ", "))",
            next: "to see what there is: trustctl key list; to become a signer: "
                + "trustctl signer add \(subject.argument) NAME --store \(ShellWord.quoted(store.name))"
        )
    }

    // MARK: Freshness

    /// Notary's programs sign anew what expires within half a year.
    private static var renewal: Int64 { 183 * 86_400 }

    /// Signs anew what expires soon and has its keys at hand. The server does so for its own roles when they are asked for.
    func refresh() async throws(Refusal) -> PublishReport {
        try await publish { (state) async throws(Refusal) in
            var change = Change()
            func isDue(_ common: CommonFields) -> Bool { common.expires.seconds(since: now) < Self.renewal }
            if isDue(state.root.common), try await canSign(state.root.authority(for: .root)) {
                change.edit.root = NotaryEdit.NewRoot(keys: state.root.keys, roles: state.root.roles)
            }
            for role in [.targets] + state.delegations.keys {
                guard let file = state.file(of: role), isDue(file.payload.common),
                    let authority = state.authority(of: role), try await canSign(authority)
                else { continue }
                do throws(TUFError) { try change.edit.edit(role, of: state) { _ in } } catch {
                    throw refused(error, role)
                }
            }
            if isDue(state.set.snapshot.payload.common) {
                change.edit.renewsSnapshot = try await canSign(state.root.authority(for: .snapshot))
            }
            return change
        }
    }

    /// Signs anew delegated roles whose files nobody can verify, or that are to be signed by other keys from now on.
    func witness(_ roles: [RoleName]) async throws(Refusal) -> PublishReport {
        try await publish { (state) async throws(Refusal) in
            var change = Change()
            for role in roles {
                guard state.authority(of: role) != nil else {
                    throw Refusal(
                        .usage,
                        checked: "the role \(role) of \(subject)",
                        found: "nobody delegates to it",
                        next: "trustctl signer list \(subject.argument) --store \(ShellWord.quoted(store.name))"
                    )
                }
                do throws(TUFError) {
                    if let claims = state.unreadable[role]?.claims {
                        // Signed by keys that no longer count: what it lists is taken over as it stands.
                        change.edit.roles[role] = try NotaryEdit.Role(claims)
                    } else {
                        try change.edit.edit(role, of: state) { _ in }
                    }
                } catch {
                    throw refused(error, role)
                }
            }
            return change
        }
    }
}
