import CanonicalJSON
public import TrustCrypto

/// What a targets role delegates to others, in the order of their priority (TUF 1.0.34 §4.5, TAP 15).
public struct Delegations: Sendable {
    /// To whom targets are delegated.
    public enum Roles: Sendable {
        /// Roles that are told one by one.
        case listed([DelegatedRole])
        /// Hash bins.
        case succinct(SuccinctRoles)
    }

    /// The keys, by the ids that this file gives them. They mean nothing in another file.
    public let keys: [KeyID: TUFKey]
    /// The roles.
    public let roles: Roles

    init(keys: [KeyID: TUFKey], roles: Roles) {
        self.keys = keys
        self.roles = roles
    }

    init(decoding reader: ObjectReader) throws(TUFError) {
        keys = try reader.keys("keys")
        guard reader.node["succinct_roles"] == nil else {
            // With both, implementations would search in different orders.
            guard reader.node["roles"] == nil else { throw reader.malformed("succinct_roles") }
            roles = .succinct(try SuccinctRoles(decoding: reader.object("succinct_roles")))
            return
        }
        var listed: [DelegatedRole] = []
        var names: Set<RoleName> = []
        for element in try reader.array("roles").elements {
            let role = try DelegatedRole(
                decoding: ObjectReader(element, role: reader.role, path: "\(reader.path).roles[\(listed.count)]")
            )
            guard names.insert(role.name).inserted else { throw reader.malformed("roles") }
            listed.append(role)
        }
        roles = .listed(listed)
    }

    /// The roles that may list a target, by priority, up to the first that ends the search.
    ///
    /// - Parameter path: The target.
    /// - Returns: Name, keys and threshold of each, and whether it ends the search.
    func delegations(for path: TargetPath) -> [Delegation] {
        switch roles {
        case .succinct(let bins):
            let name = bins.roleName(ofBin: bins.bin(of: path))
            return [delegation(name, bins.keys, isTerminating: true)]
        case .listed(let listed):
            var delegations: [Delegation] = []
            for role in listed where role.scope.contains(path) {
                delegations.append(delegation(role.name, role.keys, isTerminating: role.isTerminating))
                if role.isTerminating { break }
            }
            return delegations
        }
    }

    /// Who may speak for each role, by priority.
    ///
    /// - Parameter limit: How many are told at most, and one more, so that too many can be noticed.
    /// - Returns: Name, keys and threshold of each.
    public func authorities(atMost limit: Int) -> [RoleAuthority] {
        switch roles {
        case .succinct(let bins):
            (0..<min(bins.count, limit + 1)).map { authority(bins.roleName(ofBin: $0), bins.keys) }
        case .listed(let listed):
            listed.prefix(limit + 1).map { authority($0.name, $0.keys) }
        }
    }

    /// Who may speak for a role.
    ///
    /// - Parameter role: A role that is delegated to here.
    /// - Returns: Its keys and threshold; nil for any other role.
    public func authority(of role: RoleName) -> RoleAuthority? {
        switch roles {
        case .succinct(let bins):
            bins.contains(role) ? authority(role, bins.keys) : nil
        case .listed(let listed):
            listed.first { $0.name == role }.map { authority(role, $0.keys) }
        }
    }

    private func authority(_ role: RoleName, _ roleKeys: RoleKeys) -> RoleAuthority {
        RoleAuthority(role: role, roleKeys: roleKeys, keys: keys)
    }

    private func delegation(_ name: RoleName, _ roleKeys: RoleKeys, isTerminating: Bool) -> Delegation {
        Delegation(authority: authority(name, roleKeys), isTerminating: isTerminating)
    }
}

/// One step of a search: who may speak, and whether nobody may after it.
struct Delegation: Sendable {
    let authority: RoleAuthority
    let isTerminating: Bool

    var role: RoleName { authority.role }
}

/// A role that targets are delegated to (§4.5).
public struct DelegatedRole: Sendable, Hashable {
    /// The name, which is none of the top-level roles'.
    public let name: RoleName
    /// Its keys and threshold.
    public let keys: RoleKeys
    /// Whether a search for a target in its scope ends with it, found or not.
    public let isTerminating: Bool
    /// Which targets it may list.
    public let scope: Scope

    /// Which targets a role may list.
    public enum Scope: Sendable, Hashable {
        /// Those that match one of the patterns.
        case paths([PathPattern])
        /// Those the lower-case hexadecimal SHA-256 of whose path begins with one of these.
        case pathHashPrefixes([String])
        /// Those that begin with one of these; the empty one is the beginning of all. Notary's dialect alone has it.
        case prefixes([String])

        /// Whether a target is among them.
        ///
        /// - Parameter path: The target.
        /// - Returns: Whether the role may list it.
        public func contains(_ path: TargetPath) -> Bool {
            switch self {
            case .paths(let patterns):
                return patterns.contains { $0.matches(path) }
            case .pathHashPrefixes(let prefixes):
                let digest = Digest.compute(.sha256, over: Array(path.string.utf8).span).hex
                return prefixes.contains { digest.utf8.starts(with: $0.utf8) }
            case .prefixes(let prefixes):
                return prefixes.contains { path.string.utf8.starts(with: $0.utf8) }
            }
        }
    }

    /// A delegated role.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - keys: Its keys and threshold.
    ///   - isTerminating: Whether a search in its scope ends with it.
    ///   - scope: Which targets it may list.
    /// - Throws: ``TUFError/invalidName(_:)`` for the name of a top-level role.
    public init(name: RoleName, keys: RoleKeys, isTerminating: Bool, scope: Scope) throws(TUFError) {
        guard !RoleName.topLevel.contains(name) else { throw .invalidName(name.string) }
        self.name = name
        self.keys = keys
        self.isTerminating = isTerminating
        self.scope = scope
    }

    init(decoding reader: ObjectReader) throws(TUFError) {
        guard let isTerminating = try reader.optionalBoolean("terminating") else {
            throw reader.malformed("terminating")
        }
        // With both, or none, implementations would not agree on what the role may list.
        let scope: Scope
        switch (reader.node["paths"] == nil, reader.node["path_hash_prefixes"] == nil) {
        case (false, true): scope = .paths(try reader.strings("paths").map(PathPattern.init))
        case (true, false): scope = .pathHashPrefixes(try reader.strings("path_hash_prefixes"))
        default: throw reader.malformed("paths")
        }
        do {
            try self.init(
                name: RoleName(reader.string("name")),
                keys: reader.roleKeys(),
                isTerminating: isTerminating,
                scope: scope
            )
        } catch .invalidName {
            throw reader.malformed("name")
        }
    }

    /// The object that metadata carries, with the fields of `object` that this module does not know.
    func json(editing object: JSONObject) -> JSONObject {
        var object = object
        object["name"] = .string(name.string)
        object["keyids"] = .array(keys.keyIDs.map { .string($0.string) })
        object["threshold"] = .integer(Int64(keys.threshold))
        object["terminating"] = .boolean(isTerminating)
        object["paths"] = nil
        object["path_hash_prefixes"] = nil
        switch scope {
        case .paths(let patterns): object["paths"] = .array(patterns.map { .string($0.string) })
        case .pathHashPrefixes(let prefixes): object["path_hash_prefixes"] = .array(prefixes.map(JSONValue.string))
        case .prefixes: preconditionFailure("TUF 1.0 has no delegations by prefix")
        }
        return object
    }
}
