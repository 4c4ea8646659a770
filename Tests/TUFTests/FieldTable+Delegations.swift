import CanonicalJSON
import TUF

/// `delegations`. What is wrong with it makes the file of the delegator worthless; what is only odd takes the voice of the
/// role that it is odd about, which a search tells.
extension FieldTable {
    /// The whole object.
    static func delegations(_ role: RoleName) -> Field {
        Field(path: ["delegations"]) { value in
            value.map { malformed(role, ["delegations"] + ($0.isObject ? ["keys"] : [])) }
        }
    }

    /// Roles that are listed one by one: one with `paths`, one with `path_hash_prefixes`.
    static func listedRoles(_ role: RoleName, keys: [String]) -> [Field] {
        let roles = ["delegations", "roles"]
        var fields = [delegations(role)] + delegationKeys(role, keys)
        fields.append(
            Field(path: roles) { value in
                guard let array = value?.array else { return malformed(role, roles) }
                return array.first.map { malformed(role, roles + ["0"] + ($0.isObject ? ["terminating"] : [])) }
            }
        )
        // Beside roles that are listed there are no bins.
        fields.append(field(role, ["delegations", "succinct_roles"], { $0 == nil }))
        for (index, scope, other) in [("0", "paths", "path_hash_prefixes"), ("1", "path_hash_prefixes", "paths")] {
            let path = roles + [index]
            fields.append(
                Field(path: path) { value in
                    guard let value else { return nil }
                    return malformed(role, value.isObject ? path + ["terminating"] : path)
                }
            )
            fields.append(field(role, path + ["name"], isRoleName))
            fields.append(field(role, path + ["terminating"], { $0?.boolean != nil }))
            fields.append(
                Field(path: path + [scope]) { value in
                    guard let value else { return malformed(role, path + ["paths"]) }
                    return isArray(value) ? nil : malformed(role, path + [scope])
                }
            )
            fields.append(element(role, path + [scope]))
            // Exactly one of the two says what a role may list.
            fields.append(Field(path: path + [other]) { $0 == nil ? nil : malformed(role, path + ["paths"]) })
            fields += roleKeys(role, path)
        }
        return fields
    }

    /// Hash bins (TAP 15).
    static func bins(_ role: RoleName, key: String) -> [Field] {
        let path = ["delegations", "succinct_roles"]
        var fields = [delegations(role)] + delegationKeys(role, [key])
        fields.append(
            Field(path: path) { value in
                guard let value else { return malformed(role, ["delegations", "roles"]) }
                return malformed(role, value.isObject ? path + ["bit_length"] : path)
            }
        )
        fields.append(Field(path: ["delegations", "roles"]) { $0 == nil ? nil : malformed(role, path) })
        fields.append(field(role, path + ["bit_length"], { (1...32).contains($0?.integer ?? 0) }))
        fields.append(
            field(role, path + ["name_prefix"]) { value in
                guard let prefix = value?.string else { return false }
                return prefix.utf8.count < 511 && !prefix.utf8.contains(0)
            }
        )
        return fields + roleKeys(role, path)
    }

    private static func isRoleName(_ value: JSONValue?) -> Bool {
        guard let name = value?.string else { return false }
        return (1...512).contains(name.utf8.count) && !name.utf8.contains(0)
    }

    private static func roleKeys(_ role: RoleName, _ path: [String]) -> [Field] {
        [
            field(role, path + ["keyids"], { isArray($0, of: isKeyID) }), element(role, path + ["keyids"], isKeyID),
            field(role, path + ["threshold"], { ($0?.integer ?? 0) >= 1 }),
        ]
    }

    private static func delegationKeys(_ role: RoleName, _ ids: [String]) -> [Field] {
        let keys = ["delegations", "keys"]
        var fields = [
            Field(path: keys) { value in
                guard let object = value?.object else { return malformed(role, keys) }
                guard let first = object.first(where: { _ in true }) else { return nil }
                let isKey = isKeyID(first.key) && first.value.isObject
                return malformed(role, keys + [first.key] + (isKey ? ["keytype"] : []))
            }
        ]
        for id in ids {
            let path = keys + [id]
            fields.append(
                Field(path: path) { value in
                    value.map { malformed(role, $0.isObject ? path + ["keytype"] : path) }
                }
            )
            for member in ["keytype", "scheme"] {
                fields.append(field(role, path + [member], { $0?.isString == true }))
            }
            fields.append(
                Field(path: path + ["keyval"]) { value in
                    malformed(role, path + ["keyval"] + (value?.isObject == true ? ["public"] : []))
                }
            )
            fields.append(field(role, path + ["keyval", "public"], { $0?.isString == true }))
        }
        return fields
    }
}
