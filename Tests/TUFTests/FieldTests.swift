import CanonicalJSON
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

/// Every field of every role is removed, retyped, enlarged and emptied in turn, and signed by the right keys: each has its
/// one answer.
@Suite struct FieldTests {
    private let repository = RepositorySimulator()

    private func nextRoot() -> JSONObject {
        var signed = repository.signed(.root)
        signed["version"] = 2
        signed["x-unknown"] = ["x": [1]]
        return signed
    }

    // MARK: What the fields may be

    private static func malformed(_ role: RoleName, _ path: [String]) -> TUFError {
        .malformed(role: role, field: "signed." + path.joined(separator: "."))
    }

    /// A field that must be so, and is refused as malformed when it is not.
    private static func field(
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
            field(role, ["x-unknown"], { _ in true }),
        ]
    }

    /// The fields of what a parent says of a file.
    private static func record(_ role: RoleName, _ path: [String], child: RoleName) -> [Field] {
        [
            field(role, path + ["version"], isVersion) { value in
                value == 1 ? nil : .versionMismatch(role: child, expected: value?.integer ?? 0, found: 1)
            },
            field(role, path + ["length"], { $0 == nil || ($0?.integer ?? -1) >= 0 }) { value in
                value.map { .lengthMismatch(role: child, expected: $0.integer ?? 0, found: -1) }
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

    private static func rootFields(_ ids: [RoleName: String]) -> [Field] {
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
                field(
                    .root,
                    path + ["keyids"],
                    { value in value?.array?.allSatisfy { $0.string.map { $0 == "x" } ?? false } ?? false },
                    otherwise: { _ in refusal }
                )
            )
            fields.append(
                field(.root, path + ["threshold"], { ($0?.integer ?? 0) >= 1 }) { value in
                    guard role == .root, let threshold = value?.integer, threshold > 1 else { return nil }
                    return .thresholdNotMet(role: .root, required: Int(threshold), valid: 1)
                }
            )
            let key = ["keys", ids[role] ?? ""]
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

    private static func timestampFields() -> [Field] {
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

    private static func snapshotFields() -> [Field] {
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
        return fields + record(.snapshot, path, child: .targets)
    }

    private static func targetsFields() -> [Field] {
        var fields = common(.targets, version: 1)
        fields.append(
            Field(path: ["targets"]) { value in
                guard let object = value?.object else { return malformed(.targets, ["targets"]) }
                return object.first { _ in true }.map { malformed(.targets, ["targets", $0.key]) }
            }
        )
        // Records are checked where they lie; which of their fields is wrong comes out when one is read.
        let path = ["targets", "1.0"]
        let wrong = malformed(.targets, path)
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
        // What lies in it is tested by itself.
        fields.append(
            Field(path: ["delegations"]) { value in
                guard let value else { return nil }
                return .malformed(role: .targets, field: "signed.delegations" + (value.isObject ? ".keys" : ""))
            }
        )
        return fields
    }

    // MARK: Tests

    @Test func root() {
        var ids: [RoleName: String] = [:]
        for role in RoleName.topLevel { ids[role] = SimulatedKey.of(role).id }
        check(.root, .object(nextRoot()), Self.rootFields(ids))
    }

    @Test func timestamp() {
        check(.timestamp, .object(repository.signed(.timestamp)), Self.timestampFields())
    }

    @Test func snapshot() {
        check(.snapshot, .object(repository.signed(.snapshot)), Self.snapshotFields())
    }

    @Test func targets() {
        check(.targets, .object(repository.signed(.targets)), Self.targetsFields())
    }

    private func check(_ role: RoleName, _ signed: JSONValue, _ fields: [Field]) {
        let judge = Judge(repository)
        // Linking may have changed what lies under `signed`.
        let signed = role == .root ? signed : .object(repository.signed(role))
        let keys = repository.currentSigners(role)
        #expect(judge.refusal(of: RepositorySimulator.envelope(signed, signedBy: keys), as: role) == nil)
        var count = 0
        for field in fields {
            for value in Swizzler.values {
                guard let changed = Swizzler.setting(field.path[...], of: signed, to: value) else { continue }
                let file = RepositorySimulator.envelope(changed, signedBy: keys)
                let found = judge.refusal(of: file, as: role)
                // A macro for each of thousands of cases would take longer than they do.
                if !Self.same(found, field.refusal(value)) {
                    Issue.record("\(field.name) = \(value.map { "\($0)" } ?? "nothing"): \(String(describing: found))")
                }
                count += 1
            }
        }
        #expect(count == fields.count * Swizzler.values.count)
        // The table is complete: there is no field that it does not name.
        let named = Set(fields.map(\.path))
        for path in Swizzler.paths(in: signed) where !path.contains(where: { Int($0) != nil }) {
            #expect(named.contains(path) || path.starts(with: ["x-unknown"]), "\(path.joined(separator: "."))")
        }
    }

    /// Equality but for the length that a file happens to have.
    private static func same(_ found: TUFError?, _ expected: TUFError?) -> Bool {
        if case .lengthMismatch(let role, let length, _)? = found,
            case .lengthMismatch(role, length, _)? = expected
        {
            return true
        }
        return found == expected
    }

    /// Without the right signature it does not matter which field was changed: none is looked at.
    @Test(arguments: RoleName.topLevel)
    func unsignedChanges(_ role: RoleName) throws {
        let judge = Judge(repository)
        let signed = JSONValue.object(role == .root ? nextRoot() : repository.signed(role))
        let keys = repository.currentSigners(role)
        let entries = keys.map { $0.signatureEntry(over: RepositorySimulator.canonical(signed)) }
        for path in Swizzler.paths(in: signed) {
            for value in Swizzler.values {
                guard let changed = Swizzler.setting(path[...], of: signed, to: value), changed != signed else {
                    continue
                }
                let file = JSONValue.object(["signatures": .array(entries), "signed": changed])
                let found = judge.refusal(of: file.jsonBytes(pretty: false), as: role)
                if found != .thresholdNotMet(role: role, required: 1, valid: 0) {
                    Issue.record("\(path.joined(separator: ".")): \(String(describing: found))")
                }
            }
        }
    }

    /// A number that the canonical form does not have cannot have been signed.
    @Test(arguments: RoleName.topLevel, ["1.5", "1.0", "1e2", "-0", "9223372036854775808", "-9223372036854775809"])
    func numbersWithoutCanonicalForm(_ role: RoleName, _ text: String) throws {
        let judge = Judge(repository)
        let number = try #require(JSONNumber(text))
        for member in ["version", "x-unknown"] {
            var signed = role == .root ? nextRoot() : repository.signed(role)
            let entries = repository.currentSigners(role).map {
                $0.signatureEntry(over: RepositorySimulator.canonical(.object(signed)))
            }
            signed[member] = .number(number)
            let file = JSONValue.object(["signatures": .array(entries), "signed": .object(signed)])
            #expect(
                judge.refusal(of: file.jsonBytes(pretty: false), as: role)
                    == .notJSON(role: role, .notCanonicalizable(number: text))
            )
        }
    }

    /// Some readers take the first of two members of one name, some the last.
    @Test(arguments: RoleName.topLevel)
    func duplicateMembers(_ role: RoleName) throws {
        let judge = Judge(repository)
        let signed = JSONValue.object(role == .root ? nextRoot() : repository.signed(role))
        let text = String(
            decoding: RepositorySimulator.envelope(signed, signedBy: repository.currentSigners(role)),
            as: UTF8.self
        )
        for path in Swizzler.paths(in: signed) where Int(path[path.count - 1]) == nil {
            let name = path[path.count - 1]
            let duplicated = text.replacing("\"\(name)\":", with: "\"\(name)\":0,\"\(name)\":", maxReplacements: 1)
            #expect(judge.refusal(of: Array(duplicated.utf8), as: role) == .notJSON(role: role, .duplicateKey(name)))
        }
    }

    @Test(arguments: RoleName.topLevel)
    func otherRolesFiles(_ role: RoleName) {
        let judge = Judge(repository)
        for other in RoleName.topLevel where other != role {
            // Signed by the right key, and still another role's metadata.
            let file = RepositorySimulator.envelope(
                .object(repository.signed(other)),
                signedBy: repository.currentSigners(role)
            )
            #expect(judge.refusal(of: file, as: role) == .wrongType(role: role, found: other.string))
        }
    }

    @Test(arguments: [
        "1.0", "1.0.0", "1.0.34", "1.34", "1.999999999.999999999", "1.0.00", "1.00",
    ])
    func goodSpecVersions(_ version: String) {
        #expect(specVersionRefusal(version) == nil)
    }

    @Test(arguments: [
        "", "1", "1.", "1..0", ".1.0", "1.0.0.0", "2.0.0", "2.0", "0.9", "10.0.0", "01.0.0", "1.0.x", "v1.0.0",
        "1.0.0-rc1",
        "1.0.0+x", " 1.0.0", "1.0.0 ", "1.0\n", "-1.0.0", "1.-1", "1.0.1234567890", "１.0.0", "1,0", "1.0.0.",
        "1.0\u{301}",
    ])
    func badSpecVersions(_ version: String) {
        #expect(specVersionRefusal(version) == .unsupportedSpecVersion(role: .targets, found: version))
    }

    private func specVersionRefusal(_ version: String) -> TUFError? {
        let judge = Judge(repository)
        var signed = repository.signed(.targets)
        signed["spec_version"] = .string(version)
        let file = RepositorySimulator.envelope(.object(signed), signedBy: [.of(.targets)])
        return judge.refusal(of: file, as: .targets)
    }
}
