import TUF

/// What a Notary server has of a collection, as a publisher reads it: verified from the pin, whatever has expired.
struct NotaryState: Sendable {
    /// The set as readers search it, with what they would read of delegated roles.
    let roles: DelegatedRoles
    /// The files of delegated roles.
    let delegated: [RoleName: Verified<Targets>]
    /// Delegated roles whose files nobody can verify: their keys were changed after they had signed.
    let unreadable: [RoleName: Unreadable]

    /// A file that the snapshot lists, and its role's keys did not sign.
    struct Unreadable: Error, Sendable {
        let error: TUFError
        /// What it claims, for whoever is to sign it anew; nil when it is no metadata.
        let claims: Targets?
    }

    /// The roles of the root.
    var set: TrustedSet { roles.set }

    var root: Root { self.set.root.payload }

    /// The file of a targets role.
    func file(of role: RoleName) -> Verified<Targets>? { role == .targets ? set.targets : delegated[role] }

    /// Every targets role that is delegated to, by what its delegator says.
    var delegations: [RoleName: DelegatedRole] {
        var found: [RoleName: DelegatedRole] = [:]
        for file in [set.targets] + delegated.values {
            guard case .listed(let roles) = file.payload.delegations?.roles else { continue }
            for role in roles { found[role.name] = role }
        }
        return found
    }

    /// To whom the targets delegate, in their order.
    var signers: [DelegatedRole] {
        guard case .listed(let roles) = set.targets.payload.delegations?.roles else { return [] }
        return roles
    }

    /// Who may speak for a role.
    func authority(of role: RoleName) -> RoleAuthority? {
        if RoleName.topLevel.contains(role) { return root.authority(for: role) }
        for file in [set.targets] + delegated.values {
            if let authority = file.payload.delegations?.authority(of: role) { return authority }
        }
        return nil
    }
}
