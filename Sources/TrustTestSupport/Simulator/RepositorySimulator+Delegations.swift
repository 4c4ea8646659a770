public import CanonicalJSON
public import TUF

extension RepositorySimulator {
    /// Delegates to a role, which gets an empty file of version 1 if it has none, signed by the keys. Call `publish()` or
    /// `link()` then.
    ///
    /// - Parameters:
    ///   - name: The role.
    ///   - parent: Who delegates: the top-level targets, or a delegated role that has a file.
    ///   - keys: The keys that the delegator gives it.
    ///   - threshold: How many must sign.
    ///   - isTerminating: Whether searches end with it.
    ///   - scope: `paths` or `path_hash_prefixes`.
    public func delegate(
        to name: RoleName,
        from parent: RoleName = .targets,
        keys: [SimulatedKey],
        threshold: Int64 = 1,
        isTerminating: Bool = false,
        scope: JSONObject = ["paths": ["*"]]
    ) {
        var role: JSONObject = [
            "name": .string(name.string), "keyids": .array(keys.map { .string($0.id) }),
            "threshold": .integer(threshold), "terminating": .boolean(isTerminating),
        ]
        role.merge(scope)
        changeDelegations(of: parent, keys: keys) { delegations in
            delegations["roles"] = .array((delegations["roles"]?.array ?? []) + [.object(role)])
        }
        add(name, signedBy: keys)
    }

    /// Delegates to hash bins (TAP 15), each of which gets an empty file.
    ///
    /// - Parameters:
    ///   - prefix: What the names of the bins begin with.
    ///   - bitLength: How many bits choose the bin.
    ///   - parent: Who delegates.
    ///   - keys: The keys of all bins.
    public func delegateToBins(
        _ prefix: String,
        bitLength: Int,
        from parent: RoleName = .targets,
        keys: [SimulatedKey]
    ) {
        changeDelegations(of: parent, keys: keys) { delegations in
            delegations["succinct_roles"] = [
                "keyids": .array(keys.map { .string($0.id) }), "threshold": 1,
                "bit_length": .integer(Int64(bitLength)), "name_prefix": .string(prefix),
            ]
        }
        let digits = String((1 << bitLength) - 1, radix: 16).utf8.count
        for bin in 0..<(1 << bitLength) {
            let number = String(bin, radix: 16)
            let padding = String(repeating: "0", count: digits - number.utf8.count)
            if let name = try? RoleName("\(prefix)-\(padding)\(number)") { add(name, signedBy: keys) }
        }
    }

    private func add(_ name: RoleName, signedBy keys: [SimulatedKey]) {
        if delegated[name] == nil { delegated[name] = SimulatedTargets(expires: targets.expires) }
        if signers[name] == nil { signers[name] = keys }
    }

    private func changeDelegations(of parent: RoleName, keys: [SimulatedKey], _ change: (inout JSONObject) -> Void) {
        func changed(_ old: JSONObject?) -> JSONObject {
            var delegations = old ?? [:]
            var all = delegations["keys"]?.object ?? [:]
            for key in keys { all[key.id] = key.json }
            delegations["keys"] = .object(all)
            change(&delegations)
            return delegations
        }
        if parent == .targets {
            targets.delegations = changed(targets.delegations)
        } else {
            delegated[parent]?.delegations = changed(delegated[parent]?.delegations)
        }
    }
}
