import TrustCrypto

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
}
