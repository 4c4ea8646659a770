import CanonicalJSON
import TrustCrypto

extension Root {
    init(notary signed: JSONNode, role: RoleName) throws(TUFError) {
        let reader = try ObjectReader(signed, role: role, path: "signed")
        try reader.refuseLookalikes(of: CommonFields.notaryNames + ["consistent_snapshot", "keys", "roles"])
        let keys = try reader.notaryKeys("keys")
        var roles: [RoleName: RoleKeys] = [:]
        let rolesReader = try reader.object("roles")
        for (name, _) in rolesReader.node.members {
            guard let roleName = try? RoleName(name) else { throw rolesReader.malformed(name) }
            let entry = try rolesReader.object(name)
            try entry.refuseLookalikes(of: ["keyids", "threshold"])
            let roleKeys = try entry.notaryRoleKeys()
            guard roleKeys.keyIDs.allSatisfy({ keys[$0] != nil }) else { throw rolesReader.malformed(name) }
            roles[roleName] = roleKeys
        }
        for name in RoleName.topLevel where roles[name] == nil { throw rolesReader.malformed(name.string) }
        self.init(
            common: try CommonFields(notary: reader, type: "Root"),
            consistentSnapshot: false,
            keys: keys,
            roles: roles
        )
    }
}

extension Timestamp {
    init(notary signed: JSONNode, role: RoleName) throws(TUFError) {
        let reader = try ObjectReader(signed, role: role, path: "signed")
        try reader.refuseLookalikes(of: CommonFields.notaryNames + ["meta"])
        self.init(
            common: try CommonFields(notary: reader, type: "Timestamp"),
            snapshot: try MetaRecord(notary: reader.object("meta").object("snapshot"))
        )
    }
}

extension Snapshot {
    init(notary signed: JSONNode, role: RoleName) throws(TUFError) {
        let reader = try ObjectReader(signed, role: role, path: "signed")
        try reader.refuseLookalikes(of: CommonFields.notaryNames + ["meta"])
        let meta = try reader.object("meta")
        var roles: [RoleName: MetaRecord] = [:]
        for (name, _) in meta.node.members {
            guard let roleName = try? RoleName(name) else { throw meta.malformed(name) }
            roles[roleName] = try MetaRecord(notary: meta.object(name))
        }
        for name in [RoleName.root, .targets] where roles[name] == nil { throw meta.malformed(name.string) }
        self.init(common: try CommonFields(notary: reader, type: "Snapshot"), roles: roles)
    }
}

extension Targets {
    static func notary(_ signed: JSONNode, role: RoleName) throws(TUFError) -> Targets {
        let reader = try ObjectReader(signed, role: role, path: "signed")
        try reader.refuseLookalikes(of: CommonFields.notaryNames + ["delegations", "targets"])
        let delegations = try reader.optionalObject("delegations").map { (object) throws(TUFError) in
            try Delegations(notary: object)
        }
        let records = try reader.optionalObject("targets")
        // A record that cannot be read must not wait for the one who asks for its tag.
        if let records { try TargetRecord.checkNotary(records) }
        return Targets(
            common: try CommonFields(notary: reader, type: "Targets"),
            delegations: delegations,
            records: records,
            dialect: .notary
        )
    }
}

extension TargetRecord {
    private static let notaryNames = ["custom", "hashes", "length"]

    /// Checks what can be wrong with records without making them, for the same reason as in TUF 1.0.
    static func checkNotary(_ records: ObjectReader) throws(TUFError) {
        for (name, record) in records.node.memberNodes {
            guard name.withUTF8({ TargetPath.lengths.contains($0.count) }) == true, record.kind == .object,
                let length = record["length"]?.integer, length >= 0,
                let hashes = record["hashes"], hashes.kind == .object,
                hashes.memberNodes.allSatisfy({ $0.value.kind == .string })
            else {
                throw records.malformed(name.string ?? "")
            }
            // Nearly all have these two members, and no other that could be taken for one.
            guard record.count > 2 else { continue }
            try ObjectReader(record, role: records.role, path: "\(records.path).\(name.string ?? "")")
                .refuseLookalikes(of: notaryNames)
        }
    }

    /// What Notary says of a target: `custom` may be any value there.
    init(notary reader: ObjectReader) throws(TUFError) {
        try reader.refuseLookalikes(of: Self.notaryNames)
        self.init(
            length: try reader.integer("length", atLeast: 0),
            hashes: try reader.notaryHashes(),
            custom: reader.node["custom"]?.value().object,
            json: reader.node.value()
        )
    }
}

extension Delegations {
    init(notary reader: ObjectReader) throws(TUFError) {
        try reader.refuseLookalikes(of: ["keys", "roles"])
        let keys = try reader.notaryKeys("keys")
        var listed: [DelegatedRole] = []
        for element in try reader.optionalArray("roles") {
            let entry = try ObjectReader(
                element,
                role: reader.role,
                path: "\(reader.path).roles[\(listed.count)]"
            )
            try entry.refuseLookalikes(of: ["keyids", "name", "paths", "threshold"])
            let name = try entry.string("name")
            let roleKeys = try entry.notaryRoleKeys()
            guard let roleName = try? RoleName(name), Self.isChild(name, of: reader.role.string),
                !listed.contains(where: { $0.name == roleName }),
                roleKeys.keyIDs.allSatisfy({ keys[$0] != nil })
            else { throw entry.malformed("name") }
            var prefixes: [String] = []
            for path in try entry.optionalArray("paths") {
                guard let prefix = path.string else { throw entry.malformed("paths") }
                prefixes.append(prefix)
            }
            listed.append(
                try DelegatedRole(name: roleName, keys: roleKeys, isTerminating: false, scope: .prefixes(prefixes))
            )
        }
        self.init(keys: keys, roles: .listed(listed))
    }

    /// Whether a name is one that Notary allows, directly below the role that delegates.
    static func isChild(_ name: String, of parent: String) -> Bool {
        guard name.utf8.count < 256, name.utf8.starts(with: "\(parent)/".utf8) else { return false }
        let last = name.utf8.dropFirst(parent.utf8.count + 1)
        return !last.isEmpty
            && last.allSatisfy {
                (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x5f
            }
    }
}
