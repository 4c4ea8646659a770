package import TrustCrypto

/// The keys and the threshold by which one role may speak. It comes out of a verified parent, or of what was pinned.
public struct RoleAuthority: Sendable, Hashable {
    /// The role.
    public let role: RoleName
    /// How many different keys must sign, at least 1.
    public let threshold: Int
    let keys: [KeyID: TUFKey]

    init(role: RoleName, keys: [KeyID: TUFKey], threshold: Int) {
        self.role = role
        self.keys = keys
        self.threshold = threshold
    }

    /// The authority of a role whose parent file has these keys. Key ids that the parent lists without a key count for
    /// nothing.
    init(role: RoleName, roleKeys: RoleKeys, keys: [KeyID: TUFKey]) {
        var own: [KeyID: TUFKey] = [:]
        for id in roleKeys.keyIDs { own[id] = keys[id] }
        self.init(role: role, keys: own, threshold: roleKeys.threshold)
    }

    /// The authority of a role that is about to be delegated to, for the publisher who edits the delegation: what verifies
    /// under it counts once the delegation is published, and not before.
    ///
    /// - Parameters:
    ///   - role: The role, as it is to be delegated to.
    ///   - keys: The keys of the delegating file.
    package init(unsafeProposing role: DelegatedRole, keys: [KeyID: TUFKey]) {
        self.init(role: role.name, roleKeys: role.keys, keys: keys)
    }

    /// The authority of a role under a root that is about to be published, for the publisher who has to sign it.
    ///
    /// - Parameters:
    ///   - role: The role.
    ///   - roleKeys: Its keys and threshold, as the root is to list them.
    ///   - keys: The keys of the root.
    package init(unsafeProposing role: RoleName, _ roleKeys: RoleKeys, keys: [KeyID: TUFKey]) {
        self.init(role: role, roleKeys: roleKeys, keys: keys)
    }

    /// The keys that can be used, by the ids that the parent gives them.
    package var publicKeys: [KeyID: PublicKey] { keys.compactMapValues(\.publicKey) }

    /// The ids by which the parent knows a key.
    ///
    /// - Parameter publicKey: The key.
    /// - Returns: The ids, sorted; none for a key of others.
    package func ids(of publicKey: PublicKey) -> [KeyID] {
        keys.filter { $0.value.publicKey == publicKey }.keys.sorted()
    }
}
