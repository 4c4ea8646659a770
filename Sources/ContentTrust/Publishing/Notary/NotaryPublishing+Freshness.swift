import TUF

/// Signing anew what nobody changes.
extension NotaryPublishing {
    /// Notary's programs sign anew what expires within half a year.
    static var renewal: Int64 { 183 * 86_400 }

    /// Signs anew what expires soon and has its keys at hand. The server does so for its own roles when they are asked for.
    ///
    /// - Returns: What was published.
    /// - Throws: ``Refusal``; ``Reason/expired``, after all that could be was signed anew, when readers still refuse a role
    ///   whose keys are elsewhere.
    func refresh() async throws(Refusal) -> PublishReport {
        var expired: (role: RoleName, at: Instant)?
        let report = try await publish { (state) async throws(Refusal) in
            var change = Change()
            expired = nil
            func isDue(_ common: CommonFields) -> Bool { common.expires.seconds(since: now) < Self.renewal }
            if isDue(state.root.common), try await canSign(state.root.authority(for: .root)) {
                change.edit.root = NotaryEdit.NewRoot(keys: state.root.keys, roles: state.root.roles)
            }
            for role in [.targets] + state.delegations.keys {
                guard let file = state.file(of: role), isDue(file.payload.common),
                    let authority = state.authority(of: role)
                else { continue }
                let at = file.payload.common.expires
                if try await canSign(authority) {
                    try edit(role, of: state, in: &change.edit)
                } else if role == .targets || role == Dialect.releases, at <= now {
                    expired = (role, at)
                }
            }
            if isDue(state.set.snapshot.payload.common) {
                change.edit.renewsSnapshot = try await canSign(state.root.authority(for: .snapshot))
            }
            return change
        }
        guard let expired else { return report }
        throw Refusal(
            .expired,
            checked: "the role \(expired.role) of \(subject) in \(store.name)",
            found: "it expired at \(expired.at), and its keys are not at hand: readers refuse what it lists",
            next: "where its keys are: trustctl refresh \(subject.argument)\(store.arguments)"
        )
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
                guard let unreadable = state.unreadable[role] else {
                    try edit(role, of: state, in: &change.edit)
                    continue
                }
                // Signed by keys that no longer count: what it lists is taken over as it stands.
                guard let claims = unreadable.claims else { throw illegible(role, unreadable.error) }
                do throws(TUFError) { change.edit.roles[role] = try NotaryEdit.Role(claims) } catch {
                    throw refused(error, role)
                }
            }
            return change
        }
    }

    /// What nobody can read nobody can sign as it stands: a role without its tags would say that they were taken out.
    private func illegible(_ role: RoleName, _ error: TUFError) -> Refusal {
        let refusal = refused(error, role)
        return Refusal(
            refusal.reason,
            checked: refusal.checked,
            found: "\(refusal.found), and what it lists cannot be read",
            expected: "a file that can be signed as it stands",
            next: "begin the role anew, without the tags that it had: trustctl sign image "
                + "\(subject.argument(tag: "TAG")) --store \(ShellWord.quoted(store.name))",
            cause: error
        )
    }
}
