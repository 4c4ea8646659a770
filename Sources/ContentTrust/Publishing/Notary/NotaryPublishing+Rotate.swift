import NotaryAPI
import TUF
import TUFClient
import TrustCrypto

extension NotaryPublishing {
    /// Gives roles new keys, in one publish. Timestamp keys are the server's always, snapshot keys where they were or where
    /// it is said, the others are made here.
    ///
    /// - Parameters:
    ///   - rotation: What is replaced.
    ///   - publisher: Makes the keys.
    ///   - file: Where it is noted what is replaced, before any key is made.
    /// - Returns: What was replaced and published.
    /// - Throws: ``Refusal``.
    func rotate(
        _ rotation: KeyRotation,
        _ publisher: Publisher,
        note file: String
    ) async throws(Refusal) -> RotationReport {
        // One set of new keys, however often another publisher is faster.
        var added: [RoleName: [TUFKey]] = [:]
        var before: Root?
        var after: NotaryEdit.NewRoot?
        let published = try await publish { (state) async throws(Refusal) in
            if Self.has(added, state.root) { return Change() }
            let replaced = try replaced(by: rotation, state.root)
            let ids = replaced.mapValues { Set($0.map(\.computedID)) }
            let note = RotationNote(root: state.set.root, replaced: ids)
            try Publisher.filing { () throws(FileError) in try note.write(file) }
            var root = NotaryEdit.NewRoot(keys: state.root.keys, roles: state.root.roles)
            var change = Change()
            for role in rotation.roles {
                let old = replaced[role] ?? []
                if added[role] == nil { added[role] = try await newKeys(for: role, old, rotation, state, publisher) }
                let kept = state.root.keys(of: role).filter { !old.contains($0) }
                root.roles[role] = try roleKeys(of: role, kept + (added[role] ?? []), state.root)
                for key in added[role] ?? [] { root.keys[key.computedID] = key }
                if role == .targets { try edit(.targets, of: state, in: &change.edit) }
                if role == .snapshot { change.edit.renewsSnapshot = true }
            }
            // Former root keys stay: whoever follows a rotation from far back needs them.
            let formerRoots = Set(state.root.keys.filter { $0.value.certificates != nil }.keys)
            let used = Set(root.roles.values.flatMap(\.keyIDs)).union(formerRoots)
            root.keys = root.keys.filter { used.contains($0.key) }
            change.edit.root = root
            before = state.root
            after = root
            return change
        }
        guard let before, let after else {
            throw Refusal(.internalDefect, checked: "the keys of \(subject)", found: "nothing was rotated")
        }
        let roles = rotation.roles.map { role in
            let now = Set(after.roles[role]?.keyIDs ?? [])
            return RotationReport.Role(
                role: role,
                replaced: before.keys(of: role).filter { !now.contains($0.computedID) },
                added: added[role] ?? []
            )
        }
        return report(roles, after: after.roles, published, finishesEarlierRun: false)
    }

    func report(
        _ roles: [RotationReport.Role],
        after: [RoleName: RoleKeys],
        _ published: PublishReport,
        finishesEarlierRun: Bool
    ) -> RotationReport {
        RotationReport(
            roles: roles,
            finishesEarlierRun: finishesEarlierRun,
            pin: Pin(
                scope: .repository(repository),
                dialect: .notary,
                anchor: .keys(Set(after[.root]?.keyIDs ?? []), threshold: after[.root]?.threshold ?? 1)
            ),
            listedKeys: Set(after.values.flatMap(\.keyIDs)),
            published: published
        )
    }

    /// Whether the keys that are made now are a root's already: the server took the update, and the answer was lost.
    private static func has(_ added: [RoleName: [TUFKey]], _ root: Root) -> Bool {
        !added.isEmpty && added.allSatisfy { role, keys in keys.allSatisfy(root.keys(of: role).contains) }
    }

    // MARK: Old keys

    /// The keys that are to go, role by role.
    private func replaced(by rotation: KeyRotation, _ root: Root) throws(Refusal) -> [RoleName: [TUFKey]] {
        let known = Set(rotation.roles.flatMap { root.keys(of: $0) }.flatMap(\.pinnableIDs))
        if let stranger = rotation.replaced.subtracting(known).sorted().first {
            throw Refusal(
                .usage,
                checked: "the key \(stranger)",
                found: "no key of the roles \(rotation.roles.map(\.string).joined(separator: ", ")) of \(subject)",
                next: "trustctl inspect \(subject.argument) --store \(ShellWord.quoted(store.name))"
            )
        }
        var replaced: [RoleName: [TUFKey]] = [:]
        for role in rotation.roles { replaced[role] = try Self.replaced(role, rotation, root) }
        return replaced
    }

    private static func replaced(
        _ role: RoleName,
        _ rotation: KeyRotation,
        _ root: Root
    ) throws(Refusal) -> [TUFKey] {
        let keys = root.keys(of: role)
        var chosen = keys.filter { !rotation.replaced.isDisjoint(with: $0.pinnableIDs) }
        let isNamed = !chosen.isEmpty
        let own = rotation.newKeys[role].map { new in keys.filter { $0.publicKey == new.publicKey } } ?? []
        if !isNamed { chosen = own.isEmpty ? keys : own }
        // A root key that stays gets a new certificate, and takes no other key's place.
        guard own.isEmpty || role == .root && own.allSatisfy(chosen.contains) else {
            throw Refusal(
                .usage,
                checked: "the key \(own.map(\.computedID.string).joined(separator: ", "))",
                found: "it is a \(role) key already"
            )
        }
        let count = distinct(chosen).count
        guard count == 1 || count > 1 && isNamed && rotation.newKeys[role] == nil else {
            throw Refusal(
                .usage,
                checked: "the \(role) keys",
                found: "\(count) of them: \(chosen.map(\.computedID.string).sorted().joined(separator: ", "))",
                next: "say which is to be replaced: --replace ID"
            )
        }
        return chosen
    }

    /// Each key once: a root may list one under several certificates.
    private static func distinct(_ keys: [TUFKey]) -> [TUFKey] {
        var ids: Set<KeyID> = []
        return keys.filter { ids.insert($0.notaryCanonicalID).inserted }
    }

    /// A role with other keys, as many of which must sign as before.
    private func roleKeys(of role: RoleName, _ keys: [TUFKey], _ root: Root) throws(Refusal) -> RoleKeys {
        let threshold = root.roleKeys(role)?.threshold ?? 1
        let count = Self.distinct(keys).count
        guard count >= threshold else {
            throw Refusal(
                .usage,
                checked: "the \(role) keys that there are to be",
                found: "\(count) of them",
                expected: "at least \(threshold), as many as must sign"
            )
        }
        return RoleKeys(keyIDs: keys.map(\.computedID), threshold: threshold)
    }

    // MARK: New keys

    /// As many keys as are replaced.
    private func newKeys(
        for role: RoleName,
        _ old: [TUFKey],
        _ rotation: KeyRotation,
        _ state: NotaryState,
        _ publisher: Publisher
    ) async throws(Refusal) -> [TUFKey] {
        // Where a snapshot key was, unless it is said.
        var wasHere = true
        if role == .snapshot { wasHere = try await canSign(state.root.authority(for: .snapshot)) }
        let isServers =
            role == .timestamp
            || role == .snapshot && (rotation.serverManaged ?? !(wasHere || rotation.newKeys[role] != nil))
        guard !isServers || rotation.newKeys[role] == nil else { throw heldByServer(role) }
        let distinct = Self.distinct(old)
        // Those that a run made which was interrupted come first.
        let label = RotationNote.label(after: state.set.root, of: repository)
        var made: [TUFKey] = []
        if let given = rotation.newKeys[role] {
            made = [given]
        } else if !isServers {
            made = Array(try await publisher.signers.keys(for: role, labelled: label).prefix(distinct.count))
        }
        for replaced in distinct.dropFirst(made.count) {
            if isServers {
                made.append(try await newServerKey(for: role))
                continue
            }
            let algorithm = wasHere ? replaced.publicKey?.algorithm : nil
            made.append(
                try await publisher.signers.makeKey(
                    for: role,
                    repository: role == .root ? nil : repository,
                    algorithm: rotation.algorithm ?? algorithm ?? .ecdsaP256,
                    label: label
                )
            )
        }
        if isServers { return made }
        guard role != .root else {
            return try await publisher.certified(made, for: pin.signedName ?? repository, now: now)
        }
        var listed: [TUFKey] = []
        for key in made { listed.append(try Publisher.notary(key)) }
        return listed
    }

    private func heldByServer(_ role: RoleName) -> Refusal {
        Refusal(
            .usage,
            checked: "the new \(role) key of \(subject)",
            found: "one of yours, for a role that the server signs",
            expected: "no --key: \(store.name) makes it"
        )
    }

    private func newServerKey(for role: RoleName) async throws(Refusal) -> TUFKey {
        do throws(NotaryError) {
            return try await client.newServerKey(of: role)
        } catch {
            throw Refusal.notary(error, checked: "a new \(role) key of \(store.name)")
        }
    }
}
