public import CanonicalJSON
public import TrustCrypto

/// Root metadata: which keys may speak for the top-level roles (TUF 1.0.34 §4.3).
public struct Root: RolePayload, Hashable {
    /// `root`.
    public static let typeName = "root"

    /// The fields that all kinds of metadata share.
    public let common: CommonFields
    /// Whether file names of metadata begin with their version (§6.2). False when the field is missing.
    public let consistentSnapshot: Bool
    /// The keys, by the ids that this root gives them.
    public let keys: [KeyID: TUFKey]
    /// Key ids and threshold of the four top-level roles, and of further roles (such as `mirrors`) where a root has them.
    public let roles: [RoleName: RoleKeys]

    /// Reads and checks the payload.
    ///
    /// - Parameters:
    ///   - signed: The object under `signed`.
    ///   - role: The role that the file was asked for as.
    ///   - dialect: The form that it must have.
    /// - Throws: ``TUFError``.
    public init(decoding signed: JSONNode, role: RoleName, dialect: Dialect) throws(TUFError) {
        switch dialect {
        case .tuf1: try self.init(tuf1: signed, role: role)
        case .notary: try self.init(notary: signed, role: role)
        }
    }

    init(common: CommonFields, consistentSnapshot: Bool, keys: [KeyID: TUFKey], roles: [RoleName: RoleKeys]) {
        self.common = common
        self.consistentSnapshot = consistentSnapshot
        self.keys = keys
        self.roles = roles
    }

    private init(tuf1 signed: JSONNode, role: RoleName) throws(TUFError) {
        let reader = try ObjectReader(signed, role: role, path: "signed")
        common = try CommonFields(reader, type: Self.typeName, role: role)
        consistentSnapshot = try reader.optionalBoolean("consistent_snapshot") ?? false
        keys = try reader.keys("keys")
        var roles: [RoleName: RoleKeys] = [:]
        let rolesReader = try reader.object("roles")
        for (name, value) in rolesReader.node.members {
            guard let roleName = try? RoleName(name) else { throw rolesReader.malformed(name) }
            roles[roleName] = try ObjectReader(value, role: role, path: "\(rolesReader.path).\(name)").roleKeys()
        }
        for name in RoleName.topLevel where roles[name] == nil { throw rolesReader.malformed(name.string) }
        self.roles = roles
    }

    /// Key ids and threshold of one of the four top-level roles.
    ///
    /// - Parameter role: One of ``RoleName/topLevel``; every root that was read has them all.
    /// - Returns: The role's keys, or nil for a role that this root does not define.
    public func roleKeys(_ role: RoleName) -> RoleKeys? { roles[role] }

    /// The keys and threshold by which `role` may speak under this root. Kept inside the package: authority comes out of a
    /// verified root only.
    package func authority(for role: RoleName) -> RoleAuthority {
        guard let roleKeys = roles[role] else { return RoleAuthority(role: role, keys: [:], threshold: .max) }
        return RoleAuthority(role: role, roleKeys: roleKeys, keys: keys)
    }
}
