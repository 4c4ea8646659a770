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
    /// - Returns: What was replaced and published.
    /// - Throws: ``Refusal``.
    func rotate(_ rotation: KeyRotation, _ publisher: Publisher) async throws(Refusal) -> RotationReport {
        // One set of new keys, however often another publisher is faster.
        var added: [RoleName: [TUFKey]] = [:]
        var before: Root?
        var after: NotaryEdit.NewRoot?
        let published = try await publish { (state) async throws(Refusal) in
            var root = NotaryEdit.NewRoot(keys: state.root.keys, roles: state.root.roles)
            var change = Change()
            for role in rotation.roles {
                let old = state.root.keys(of: role)
                if added[role] == nil { added[role] = try await newKeys(for: role, rotation, old, publisher) }
                let kept = try Self.kept(role, old, rotation)
                let new = kept + (added[role] ?? [])
                let threshold = state.root.roleKeys(role)?.threshold ?? 1
                root.roles[role] = RoleKeys(keyIDs: new.map(\.computedID), threshold: min(threshold, new.count))
                for key in new { root.keys[key.computedID] = key }
                if role == .targets {
                    do throws(TUFError) { try change.edit.edit(.targets, of: state) { _ in } } catch {
                        throw refused(error, .targets)
                    }
                }
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
        let ids = Set(after.roles[.root]?.keyIDs ?? [])
        return RotationReport(
            roles: roles,
            finishesEarlierRun: false,
            pin: Pin(
                scope: .repository(repository),
                dialect: .notary,
                anchor: .keys(ids, threshold: after.roles[.root]?.threshold ?? 1)
            ),
            listedKeys: Set(after.roles.values.flatMap(\.keyIDs)),
            published: published
        )
    }

    private static func kept(
        _ role: RoleName,
        _ old: [TUFKey],
        _ rotation: KeyRotation
    ) throws(Refusal) -> [TUFKey] {
        guard !rotation.replaced.isEmpty else {
            guard old.count <= 1 || role != .root else {
                throw Refusal(
                    .usage,
                    checked: "the \(role) keys",
                    found: "\(old.count) of them: \(old.map(\.computedID.string).sorted().joined(separator: ", "))",
                    next: "say which is to be replaced: --replace ID"
                )
            }
            return []
        }
        return old.filter { rotation.replaced.isDisjoint(with: $0.pinnableIDs) }
    }

    private func newKeys(
        for role: RoleName,
        _ rotation: KeyRotation,
        _ old: [TUFKey],
        _ publisher: Publisher
    ) async throws(Refusal) -> [TUFKey] {
        switch role {
        case .timestamp:
            guard rotation.newKeys[role] == nil else { throw heldByServer(role) }
            return [try await newServerKey(for: role)]
        case .snapshot:
            // Where it was, unless it is said.
            let isHere = try await canSign(
                RoleAuthority(
                    unsafeProposing: role,
                    RoleKeys(keyIDs: old.map(\.computedID), threshold: 1),
                    keys: Dictionary(old.map { ($0.computedID, $0) }) { first, _ in first }
                )
            )
            guard rotation.serverManaged.map({ !$0 }) ?? (isHere || rotation.newKeys[role] != nil) else {
                guard rotation.newKeys[role] == nil else { throw heldByServer(role) }
                return [try await newServerKey(for: role)]
            }
            return [try Publisher.notary(try await key(for: role, rotation, publisher))]
        case .root:
            return try await publisher.certified(
                [try await key(for: role, rotation, publisher)],
                for: pin.signedName ?? repository,
                now: now
            )
        default:
            return [try Publisher.notary(try await key(for: role, rotation, publisher))]
        }
    }

    private func key(
        for role: RoleName,
        _ rotation: KeyRotation,
        _ publisher: Publisher
    ) async throws(Refusal) -> TUFKey {
        if let key = rotation.newKeys[role] { return key }
        return try await publisher.signers.makeKey(
            for: role,
            repository: role == .root ? nil : repository,
            algorithm: rotation.algorithm ?? .ecdsaP256
        )
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
