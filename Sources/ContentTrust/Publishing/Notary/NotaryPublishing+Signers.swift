package import TUF
import TrustCrypto

/// How signers are called on Notary servers.
package enum NotarySigner {
    /// The role of a signer. Names are Docker's: `alice` is `targets/alice`.
    ///
    /// - Parameter name: The signer's name, or that of the role.
    /// - Returns: The role.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    package static func role(named name: String) throws(Refusal) -> RoleName {
        let prefix = "\(RoleName.targets)/"
        let full = name.utf8.starts(with: prefix.utf8) ? name : prefix + name
        guard NotaryDraft.isRoleName(full), let role = try? RoleName(full) else {
            throw Refusal(
                .usage,
                checked: "the signer \(name.prefix(80))",
                found: "not a name for one on Notary servers",
                expected: "small letters, digits, - and _"
            )
        }
        return role
    }
}

/// Signers by Docker's rules: the role of each, directly below the targets, and its keys in the releases beside it.
extension NotaryPublishing {
    /// Lets a signer sign, or gives a present one other keys. Needs the targets key.
    func put(_ signer: NewSigner) async throws(Refusal) -> PublishReport {
        let name = try Self.person(signer.role.name)
        guard !signer.role.isTerminating, signer.before == nil, signer.first == nil else {
            throw Refusal(
                .usage,
                checked: "the signer \(name)",
                found: "an order among signers, or a request",
                expected: "on Notary servers the keys of the signer, and nothing of these"
            )
        }
        var keys: [TUFKey] = []
        for key in signer.keys { keys.append(try Publisher.notary(key)) }
        let prefixes = try Self.prefixes(signer.role.scope, of: name)
        return try await publish { (state) async throws(Refusal) in
            var change = Change()
            let before = state.delegations[name]
            let releases = state.delegations[Dialect.releases]
            let former = Set(before?.keys.keyIDs ?? [])
            let ids = keys.map(\.computedID)
            // The releases keep the keys of other signers, also those that this one had too, and get these.
            let shared = Self.keys(ofOthersThan: name, state)
            let others = (releases?.keys.keyIDs ?? []).filter {
                (shared.contains($0) || !former.contains($0)) && !ids.contains($0)
            }
            let own: DelegatedRole
            let all: DelegatedRole
            do throws(TUFError) {
                own = try DelegatedRole(
                    name: name,
                    keys: RoleKeys(keyIDs: ids, threshold: signer.role.keys.threshold),
                    isTerminating: false,
                    scope: .prefixes(prefixes)
                )
                all = try DelegatedRole(
                    name: Dialect.releases,
                    keys: RoleKeys(keyIDs: others + ids, threshold: releases?.keys.threshold ?? 1),
                    isTerminating: false,
                    scope: releases?.scope ?? .prefixes([""])
                )
            } catch {
                throw refused(error, .targets)
            }
            guard own != before || all != releases else { return change }
            try edit(.targets, of: state, in: &change.edit) { targets in
                targets.put(own, keys: keys)
                targets.put(all, keys: [])
            }
            for role in [own, all] { try await resign(role, state, &change.edit) }
            return change
        }
    }

    /// Signs a role anew whose present file too few of its new keys have signed, where these are at hand: else nobody could
    /// verify it until somebody who has them does.
    private func resign(
        _ role: DelegatedRole,
        _ state: NotaryState,
        _ edit: inout NotaryEdit
    ) async throws(Refusal) {
        // One that was delegated to before is still listed, and nobody can verify it either: it begins anew. What is delegated
        // to and unreadable is for whoever looks at it first, and signs it as a witness.
        guard state.set.snapshot.payload.roles[role.name] != nil, state.unreadable[role.name] == nil else { return }
        let signed = state.file(of: role.name)?.signers.intersection(role.keys.keyIDs).count ?? 0
        guard signed < role.keys.threshold, let keys = edit.roles[.targets]?.keys,
            try await canSign(RoleAuthority(unsafeProposing: role, keys: keys))
        else { return }
        try self.edit(role.name, of: state, in: &edit)
    }

    /// Takes a signer out, its keys out of the releases and, where a key of these is at hand, its tags. Needs the targets key.
    func remove(_ signer: RoleName, keepingTags keepsTags: Bool) async throws(Refusal) -> PublishReport {
        let name = try Self.person(signer)
        guard !keepsTags else {
            throw Refusal(
                .usage,
                checked: "the tags of \(name)",
                found: "on a Notary server the targets do not take over what signers have signed",
                next: "let another signer sign them first"
            )
        }
        return try await publish { (state) async throws(Refusal) in
            guard let present = state.delegations[name] else {
                throw Refusal(
                    .usage,
                    checked: "the signer \(name) of \(subject)",
                    found: "there is none",
                    next: "trustctl signer list \(subject.argument) --store \(ShellWord.quoted(store.name))"
                )
            }
            var change = Change()
            change.edit.removed = [name]
            try edit(.targets, of: state, in: &change.edit) { $0.remove(name) }
            guard let former = state.delegations[Dialect.releases] else { return change }
            let releases: DelegatedRole
            do throws(TUFError) { releases = try Self.releases(former, without: present, state) } catch {
                throw refused(error, .targets)
            }
            guard !releases.keys.keyIDs.isEmpty else {
                // Nobody could sign them, and nobody verify what is there. The snapshot goes on listing it: who hides
                // the releases of others is not to be mistaken for who has none.
                try edit(.targets, of: state, in: &change.edit) { $0.remove(Dialect.releases) }
                return change
            }
            try edit(.targets, of: state, in: &change.edit) { $0.put(releases, keys: []) }
            try await signReleases(without: present, state, &change.edit)
            return change
        }
    }

    /// Signs the releases anew without the tags of a signer who leaves, where a key is at hand that may. What that signer
    /// was the only one to sign must not get another signature by it.
    private func signReleases(
        without signer: DelegatedRole,
        _ state: NotaryState,
        _ edit: inout NotaryEdit
    ) async throws(Refusal) {
        guard let targets = edit.roles[.targets], let file = state.file(of: Dialect.releases),
            let releases = targets.roles.first(where: { $0.name == Dialect.releases })
        else { return }
        let others = targets.roles.filter { $0.name != Dialect.releases }.compactMap { state.file(of: $0.name) }
        let own = state.file(of: signer.name)
        // Whether somebody who stays has signed the file as it is.
        let staysValid = file.signers.intersection(releases.keys.keyIDs).count >= releases.keys.threshold
        let (before, after): ([TargetPath: TargetRecord], [TargetPath: TargetRecord])
        do throws(TUFError) {
            before = try NotaryEdit.Role(file.payload).records
            var kept: [TargetPath: TargetRecord] = [:]
            for (path, record) in before {
                func lists(_ file: Verified<Targets>) throws(TUFError) -> Bool {
                    try file.payload.record(for: path)?.digest(.sha256) == record.digest(.sha256)
                }
                var isKept = false
                for other in others where try lists(other) { isKept = true }
                if !isKept, staysValid { isKept = try !(own.map(lists) ?? false) }
                if isKept { kept[path] = record }
            }
            after = kept
        } catch {
            throw refused(error, Dialect.releases)
        }
        guard after != before || !staysValid,
            try await canSign(RoleAuthority(unsafeProposing: releases, keys: targets.keys))
        else { return }
        try self.edit(Dialect.releases, of: state, in: &edit) { $0.records = after }
    }

    /// The releases without the keys that only this signer has.
    private static func releases(
        _ role: DelegatedRole,
        without signer: DelegatedRole,
        _ state: NotaryState
    ) throws(TUFError) -> DelegatedRole {
        let kept = keys(ofOthersThan: signer.name, state)
        let ids = role.keys.keyIDs.filter { kept.contains($0) || !signer.keys.keyIDs.contains($0) }
        return try DelegatedRole(
            name: role.name,
            keys: RoleKeys(keyIDs: ids, threshold: role.keys.threshold),
            isTerminating: false,
            scope: role.scope
        )
    }

    /// The keys that other signers have.
    private static func keys(ofOthersThan name: RoleName, _ state: NotaryState) -> Set<KeyID> {
        let others = state.signers.filter { $0.name != name && $0.name != Dialect.releases }
        return Set(others.flatMap(\.keys.keyIDs))
    }

    /// The role of one signer, which the releases are not.
    private static func person(_ signer: RoleName) throws(Refusal) -> RoleName {
        let name = try NotarySigner.role(named: signer.string)
        guard name != Dialect.releases else {
            throw Refusal(
                .usage,
                checked: "the signer \(name)",
                found: "the role of all signers",
                expected: "the name of a person or machine"
            )
        }
        return name
    }

    /// Notary delegates by the beginning of a tag.
    private static func prefixes(_ scope: DelegatedRole.Scope, of name: RoleName) throws(Refusal) -> [String] {
        func refusal(_ found: String) -> Refusal {
            Refusal(
                .usage,
                checked: "what \(name) may sign",
                found: found,
                expected: "on Notary servers the beginning of tags and a star: --tag 'v1.*', or --tag '*' for all"
            )
        }
        switch scope {
        case .prefixes(let prefixes): return prefixes
        case .pathHashPrefixes: throw refusal("a choice by hashes")
        case .paths(let patterns):
            var prefixes: [String] = []
            for pattern in patterns {
                let text = pattern.string
                guard text.utf8.last == UInt8(ascii: "*"),
                    !text.dropLast().utf8.contains(where: { "*?[]\\".utf8.contains($0) })
                else { throw refusal("the pattern \(text)") }
                prefixes.append(String(text.dropLast()))
            }
            return prefixes
        }
    }
}
