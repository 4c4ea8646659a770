import CanonicalJSON
import TUF
import TrustTestSupport

/// What the fields of each role may be, and what is said of them otherwise.
enum FieldTable {
    static func malformed(_ role: RoleName, _ path: [String]) -> TUFError {
        let name = "signed." + path.joined(separator: ".")
        // Roles are listed in an array, and named by their index.
        return .malformed(role: role, field: name.replacing(/\.roles\.(\d)/) { ".roles[\($0.output.1)]" })
    }

    /// A field that must be so, and is refused as malformed when it is not.
    static func field(
        _ role: RoleName,
        _ path: [String],
        _ isGood: @escaping @Sendable (JSONValue?) -> Bool,
        otherwise: (@Sendable (JSONValue?) -> TUFError?)? = nil
    ) -> Field {
        Field(path: path) { value in
            guard isGood(value) else { return malformed(role, path) }
            return otherwise?(value)
        }
    }

    /// An element of an array of strings. Of a wrong one the array is named.
    static func element(
        _ role: RoleName,
        _ path: [String],
        _ isGood: @escaping @Sendable (String) -> Bool = { _ in true },
        otherwise refusal: TUFError? = nil
    ) -> Field {
        Field(path: path + ["0"]) { value in
            guard let value else { return refusal }
            return value.string.map(isGood) == true ? refusal : malformed(role, path)
        }
    }

    /// Whether a string may be a key id (TAP 12).
    static func isKeyID(_ string: String) -> Bool {
        (1...128).contains(string.utf8.count) && string.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }

    /// Whether a value is an array of which all elements are good strings.
    static func isArray(_ value: JSONValue?, of isGood: (String) -> Bool = { _ in true }) -> Bool {
        value?.array?.allSatisfy { $0.string.map(isGood) == true } == true
    }

    private static func isVersion(_ value: JSONValue?) -> Bool {
        guard let version = value?.integer else { return false }
        return version >= 1 && version < Int64.max
    }

    /// The fields that all roles share. `version` is the one that the file should have.
    private static func common(_ role: RoleName, version: Int64?) -> [Field] {
        [
            field(role, ["_type"], { $0?.isString == true }) { .wrongType(role: role, found: $0?.string ?? "") },
            field(role, ["spec_version"], { $0?.isString == true }) {
                .unsupportedSpecVersion(role: role, found: $0?.string ?? "")
            },
            field(role, ["version"], isVersion) { value in
                guard let version, let found = value?.integer, found != version else { return nil }
                return .versionMismatch(role: role, expected: version, found: found)
            },
            field(role, ["expires"], { _ in false }),
            field(role, ["x-trustctl-repository"], { $0 == nil || $0?.isString == true }) { value in
                .wrongRepository(role: role, expected: "registry.example.com/team/app", found: value?.string)
            },
            field(role, ["x-trustctl-issued"], { $0 == nil }),
            field(role, ["x-trustctl-role"], { $0 == nil || $0?.isString == true }) { value in
                value?.string.map { .wrongRole(role: role, found: $0) }
            },
            field(role, ["x-unknown"], { _ in true }),
        ]
    }

    /// The fields of what a parent says of a file. Of a child that is not read, nil, only the form matters.
    private static func record(_ role: RoleName, _ path: [String], child: RoleName?) -> [Field] {
        [
            field(role, path + ["version"], isVersion) { value in
                guard let child, value != 1 else { return nil }
                return .versionMismatch(role: child, expected: value?.integer ?? 0, found: 1)
            },
            field(role, path + ["length"], { $0 == nil || ($0?.integer ?? -1) >= 0 }) { value in
                guard let child, let length = value?.integer else { return nil }
                return .lengthMismatch(role: child, expected: length, found: -1)
            },
            Field(path: path + ["hashes"]) { value in
                guard let value else { return nil }
                // A member that is no string is the one that is named; hashes of which none is known are no hashes.
                for (name, hash) in value.object ?? [:] where hash.string?.isEmpty ?? true {
                    return malformed(role, path + ["hashes", name])
                }
                return malformed(role, path + ["hashes"])
            },
        ]
    }

    static func root() -> [Field] {
        var fields = common(.root, version: 2)
        fields.append(field(.root, ["consistent_snapshot"], { $0 == nil || $0?.boolean != nil }))
        let notMet = TUFError.thresholdNotMet(role: .root, required: 1, valid: 0)
        fields.append(
            Field(path: ["keys"]) { value in
                guard let object = value?.object else { return malformed(.root, ["keys"]) }
                guard let first = object.first(where: { _ in true }) else { return notMet }
                if first.key.isEmpty || !first.value.isObject { return malformed(.root, ["keys", first.key]) }
                return malformed(.root, ["keys", first.key, "keytype"])
            }
        )
        fields.append(
            Field(path: ["roles"]) { value in
                guard let object = value?.object else { return malformed(.root, ["roles"]) }
                guard let first = object.first(where: { _ in true }) else {
                    return malformed(.root, ["roles", "root"])
                }
                if first.key.isEmpty || !first.value.isObject { return malformed(.root, ["roles", first.key]) }
                return malformed(.root, ["roles", first.key, "keyids"])
            }
        )
        for role in RoleName.topLevel {
            // Other roles may be without good keys: what they sign will not count.
            let refusal = role == .root ? notMet : nil
            let path = ["roles", role.string]
            fields.append(
                field(.root, path, { $0?.isObject == true }) { _ in malformed(.root, path + ["keyids"]) }
            )
            fields.append(
                field(.root, path + ["keyids"], { isArray($0, of: isKeyID) }, otherwise: { _ in refusal })
            )
            fields.append(element(.root, path + ["keyids"], isKeyID, otherwise: refusal))
            fields.append(
                field(.root, path + ["threshold"], { ($0?.integer ?? 0) >= 1 }) { value in
                    guard role == .root, let threshold = value?.integer, threshold > 1 else { return nil }
                    return .thresholdNotMet(role: .root, required: Int(threshold), valid: 1)
                }
            )
            let key = ["keys", SimulatedKey.of(role).id]
            fields.append(
                Field(path: key) { value in
                    guard let value else { return refusal }
                    return malformed(.root, value.isObject ? key + ["keytype"] : key)
                }
            )
            for member in ["keytype", "scheme"] {
                fields.append(field(.root, key + [member], { $0?.isString == true }) { _ in refusal })
            }
            fields.append(
                field(.root, key + ["keyval"], { $0?.isObject == true }) { _ in
                    malformed(.root, key + ["keyval", "public"])
                }
            )
            fields.append(field(.root, key + ["keyval", "public"], { $0?.isString == true }) { _ in refusal })
        }
        return fields
    }

    static func timestamp() -> [Field] {
        var fields = common(.timestamp, version: nil)
        fields.append(
            Field(path: ["meta"]) { value in
                guard value?.object?.count == 1 else { return malformed(.timestamp, ["meta"]) }
                return malformed(.timestamp, ["meta", "snapshot.json"])
            }
        )
        let path = ["meta", "snapshot.json"]
        fields.append(
            Field(path: path) { value in
                guard let value else { return malformed(.timestamp, ["meta"]) }
                return malformed(.timestamp, value.isObject ? path + ["version"] : path)
            }
        )
        return fields + record(.timestamp, path, child: .snapshot)
    }

    static func snapshot() -> [Field] {
        var fields = common(.snapshot, version: 1)
        fields.append(
            Field(path: ["meta"]) { value in
                guard let object = value?.object else { return malformed(.snapshot, ["meta"]) }
                guard let first = object.first(where: { _ in true }) else { return .roleNotListed(.targets) }
                return malformed(.snapshot, ["meta", first.key])
            }
        )
        let path = ["meta", "targets.json"]
        fields.append(
            Field(path: path) { value in
                guard let value else { return .roleNotListed(.targets) }
                return malformed(.snapshot, value.isObject ? path + ["version"] : path)
            }
        )
        fields += record(.snapshot, path, child: .targets)
        for role in SwizzledRepository.delegated {
            let path = ["meta", "\(role).json"]
            fields.append(
                Field(path: path) { value in
                    // What is missing is missed by a search.
                    guard let value else { return nil }
                    return malformed(.snapshot, value.isObject ? path + ["version"] : path)
                }
            )
            fields += record(.snapshot, path, child: nil)
        }
        return fields
    }

    static func targets(_ role: RoleName = .targets) -> [Field] {
        var fields = common(role, version: 1)
        fields.append(
            Field(path: ["targets"]) { value in
                guard let object = value?.object else { return malformed(role, ["targets"]) }
                return object.first { _ in true }.map { malformed(role, ["targets", $0.key]) }
            }
        )
        // Records are checked where they lie; which of their fields is wrong comes out when one is read.
        let path = ["targets", "1.0"]
        let wrong = malformed(role, path)
        fields.append(Field(path: path) { $0 == nil ? nil : wrong })
        fields.append(Field(path: path + ["length"]) { ($0?.integer ?? -1) >= 0 ? nil : wrong })
        fields.append(
            Field(path: path + ["hashes"]) { value in
                guard let object = value?.object, !object.isEmpty, object.values.allSatisfy(\.isString) else {
                    return wrong
                }
                return nil
            }
        )
        fields.append(Field(path: path + ["hashes", "sha256"]) { $0?.isString == true ? nil : wrong })
        fields.append(Field(path: path + ["custom"]) { $0 == nil || $0?.isObject == true ? nil : wrong })
        return fields
    }
}
