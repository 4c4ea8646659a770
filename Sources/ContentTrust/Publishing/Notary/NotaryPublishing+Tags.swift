import TUF
import TrustCrypto

/// Tags, by Docker's rules.
extension NotaryPublishing {
    /// Signs tags, or takes them out where there is no record, by Docker's rules: in every role directly below the targets
    /// that may list the tag and whose keys are at hand; in the targets where nothing is delegated. What is taken out is taken
    /// out of the targets as well.
    ///
    /// - Parameters:
    ///   - tags: The tags.
    ///   - signer: The one signer whose role, beside the releases, is signed; nil for all that are at hand.
    /// - Returns: What was published.
    /// - Throws: ``Refusal``; ``Reason/keyUnavailable`` when no signer's key that may sign a tag is at hand, or not those of
    ///   every role in which readers would still find a tag that is to be taken out: then nothing is published.
    func publish(_ tags: [TargetPath: TargetRecord?], as signer: RoleName?) async throws(Refusal) -> PublishReport {
        // Docker's publishers say length and digest, and nothing else.
        let tags = tags.mapValues { $0.map { TargetRecord(length: $0.length, hashes: $0.hashes) } }
        return try await publish { (state) async throws(Refusal) in
            var change = Change()
            if let signer, !state.signers.contains(where: { $0.name == signer }) { throw noSuchSigner(signer, state) }
            let signable = try await signable(state)
            for (path, record) in tags.sorted(by: { $0.key < $1.key }) {
                let roles =
                    record == nil
                    ? try rolesToRevoke(path, as: signer, state, signable)
                    : try rolesToSign(path, as: signer, state, signable)
                change.tags[path] = try apply(path, record, in: roles, state, &change.edit)
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
    ) throws(Refusal) -> TagOutcome {
        var before: TargetRecord?
        var changed = false
        // What readers see comes first: the releases, else the targets.
        let ordered = roles.sorted { ($0 == Dialect.releases ? 0 : 1, $0) < ($1 == Dialect.releases ? 0 : 1, $1) }
        for role in ordered {
            let present = try self.record(of: path, in: role, state)
            before = before ?? present
            if let record {
                guard present?.digest(.sha256) != record.digest(.sha256) || present?.length != record.length else {
                    continue
                }
            } else {
                guard present != nil else { continue }
            }
            try self.edit(role, of: state, in: &edit) { $0.records[path] = record }
            changed = true
        }
        switch (record == nil, changed) {
        case (false, true): return .set(before: before)
        case (false, false): return .unchanged
        case (true, true): return .revoked(before: before)
        case (true, false): return .absent
        }
    }

    /// What a role says of a tag now.
    private func record(
        of path: TargetPath,
        in role: RoleName,
        _ state: NotaryState
    ) throws(Refusal) -> TargetRecord? {
        do throws(TUFError) { return try state.file(of: role)?.payload.record(for: path) } catch {
            throw refused(error, role)
        }
    }

    private func noSuchSigner(_ signer: RoleName, _ state: NotaryState) -> Refusal {
        Refusal(
            .usage,
            checked: "the signer \(signer) of \(subject)",
            found: "there is no such signer",
            expected: state.signers.isEmpty
                ? "none: the targets key signs" : state.signers.map(\.name.string).joined(separator: ", "),
            next: "trustctl signer list \(subject.argument)\(store.arguments)"
        )
    }

    // MARK: Roles

    /// In which roles a tag is signed.
    private func rolesToSign(
        _ path: TargetPath,
        as signer: RoleName?,
        _ state: NotaryState,
        _ signable: Set<RoleName>
    ) throws(Refusal) -> [RoleName] {
        guard signer != nil || !state.signers.isEmpty else { return [.targets] }
        let roles = mayList(path, as: signer, state).filter(signable.contains)
        guard roles.isEmpty || signer.map({ !roles.contains($0) }) ?? false else { return roles }
        throw noSigner(of: path, state)
    }

    /// In which roles a tag is taken out: in all that list it and whose keys are at hand, and in those that readers ask at any
    /// rate. These are the releases and the targets, to which readers fall back where the releases do not list a tag.
    private func rolesToRevoke(
        _ path: TargetPath,
        as signer: RoleName?,
        _ state: NotaryState,
        _ signable: Set<RoleName>
    ) throws(Refusal) -> [RoleName] {
        let delegated = mayList(path, as: signer, state)
        if let signer, !delegated.contains(signer) || !signable.contains(signer) { throw noSigner(of: path, state) }
        if delegated.contains(Dialect.releases) { try requireReadableReleases(path, state) }
        var roles: [RoleName] = []
        for role in delegated + [.targets] where try record(of: path, in: role, state) != nil {
            guard !signable.contains(role) else {
                roles.append(role)
                continue
            }
            guard role == .targets || role == Dialect.releases else { continue }
            throw noKeys(of: role, toRevoke: path, state)
        }
        return roles
    }

    /// The roles directly below the targets that may list a tag: a signer's and the releases, or all.
    private func mayList(_ path: TargetPath, as signer: RoleName?, _ state: NotaryState) -> [RoleName] {
        state.signers.filter { $0.scope.contains(path) }.map(\.name).filter {
            signer == nil || $0 == signer || $0 == Dialect.releases
        }
    }

    /// Refuses to take a tag out while what the releases say of it would come back with their next signature.
    private func requireReadableReleases(_ path: TargetPath, _ state: NotaryState) throws(Refusal) {
        guard let releases = state.unreadable[Dialect.releases] else { return }
        if let claims = releases.claims, (try? claims.record(for: path)) == .some(nil) { return }
        let refusal = refused(releases.error, Dialect.releases)
        throw Refusal(
            refusal.reason,
            checked: refusal.checked,
            found: refusal.found,
            expected: "releases that can be read, to take the tag \(path) out of them",
            next: "have them signed anew first: trustctl notary witness \(subject.argument) releases "
                + "--store \(ShellWord.quoted(store.name))",
            cause: refusal.cause
        )
    }

    private func noKeys(of role: RoleName, toRevoke path: TargetPath, _ state: NotaryState) -> Refusal {
        let authority = state.authority(of: role)
        let ids = authority?.publicKeys.keys.sorted().map(\.string).joined(separator: ", ") ?? ""
        return Refusal(
            .keyUnavailable,
            checked: "keys to take the tag \(path) out of \(subject)",
            found: "too few of the role \(role), in which readers would still find it: \(ids)",
            expected: "at least \(authority?.threshold ?? 1) of them",
            next: "nothing was changed; to see what there is: trustctl key list; for a key on another medium: "
                + "--key-store DIR"
        )
    }

    private func noSigner(of path: TargetPath, _ state: NotaryState) -> Refusal {
        let names = state.signers.filter { $0.scope.contains(path) }.map(\.name.string)
        return Refusal(
            .keyUnavailable,
            checked: "keys to sign the tag \(path) of \(subject)",
            found: names.isEmpty
                ? "no signer of the repository may sign it"
                : "none of a signer that may sign it: \(names.joined(separator: ", "))",
            next: "to see what there is: trustctl key list; to become a signer: "
                + "trustctl signer add \(subject.argument) NAME --store \(ShellWord.quoted(store.name))"
        )
    }
}
