import TUF
import TrustCrypto

/// What is to be published to a Notary server, not yet signed.
struct NotaryEdit: Sendable {
    /// A targets role that is signed anew.
    struct Role: Sendable {
        /// What it lists.
        var records: [TargetPath: TargetRecord] = [:]
        /// To whom it delegates, in their order.
        var roles: [DelegatedRole] = []
        /// The keys of these.
        var keys: [KeyID: TUFKey] = [:]

        init() {}

        init(_ targets: Targets) throws(TUFError) {
            var records: [TargetPath: TargetRecord] = [:]
            try targets.forEach { (path, record) in records[path] = record }
            self.records = records
            guard let delegations = targets.delegations else { return }
            if case .listed(let listed) = delegations.roles { roles = listed }
            keys = delegations.keys
        }

        /// Adds a role, or puts it in the place of the one with its name, and drops keys that no role has.
        mutating func put(_ role: DelegatedRole, keys added: [TUFKey]) {
            if let index = roles.firstIndex(where: { $0.name == role.name }) {
                roles[index] = role
            } else {
                roles.append(role)
            }
            for key in added { keys[key.computedID] = key }
            dropUnusedKeys()
        }

        /// Takes a role out.
        mutating func remove(_ name: RoleName) {
            roles.removeAll { $0.name == name }
            dropUnusedKeys()
        }

        private mutating func dropUnusedKeys() {
            let used = Set(roles.flatMap(\.keys.keyIDs))
            keys = keys.filter { used.contains($0.key) }
        }
    }

    /// A root that follows the present one.
    struct NewRoot: Sendable {
        var keys: [KeyID: TUFKey]
        var roles: [RoleName: RoleKeys]
    }

    /// Targets roles to sign anew, as they are to be.
    var roles: [RoleName: Role] = [:]
    /// Roles that are no longer delegated to.
    var removed: Set<RoleName> = []
    /// The root that is to follow, if one is.
    var root: NewRoot?
    /// Whether the snapshot is signed anew although nothing else is.
    var renewsSnapshot = false

    var isEmpty: Bool { roles.isEmpty && removed.isEmpty && root == nil && !renewsSnapshot }

    /// A role to change, as it is now.
    mutating func edit(
        _ role: RoleName,
        of state: NotaryState,
        _ change: (inout Role) -> Void
    ) throws(TUFError) {
        var edited: Role
        if let present = roles[role] {
            edited = present
        } else if let file = state.file(of: role) {
            edited = try Role(file.payload)
        } else {
            edited = Role()
        }
        change(&edited)
        roles[role] = edited
    }
}
