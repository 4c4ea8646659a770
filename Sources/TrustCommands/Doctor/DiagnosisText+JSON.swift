import CanonicalJSON
import ContentTrust
import TUF
import TrustCrypto

extension DiagnosisText {
    /// The object of `--json` output.
    var json: JSONValue {
        var roles: JSONObject = [:]
        for role in diagnosis.roles { roles[role.name] = json(role) }
        return [
            "reason": .string(reason.code),
            "exitCode": .integer(Int64(reason.exitCode)),
            "repository": .string(diagnosis.subject.description),
            "signedRepository": .string(diagnosis.repository),
            "store": .string(diagnosis.store),
            "pin": .optional(diagnosis.pin?.scope),
            "examinedAt": .string(diagnosis.examinedAt.description),
            "worst": .optional(diagnosis.worst?.word),
            "counts": .object(counts),
            "verified": .boolean(diagnosis.origin == .store || diagnosis.origin == .memory),
            "rolesFrom": .string(diagnosis.origin.rawValue),
            "roles": .object(roles),
            "files": json(diagnosis.files),
            "tags": json(diagnosis.tags),
            "findings": .array(diagnosis.findings.map { FindingText(finding: $0).json }),
        ]
    }

    private var counts: JSONObject {
        var counts: JSONObject = [:]
        for severity in Severity.allCases {
            counts[severity.word] = .integer(Int64(diagnosis.count(severity)))
        }
        return counts
    }

    private func json(_ extent: Diagnosis.Extent?) -> JSONValue {
        guard let extent else { return .null }
        return ["checked": .integer(Int64(extent.checked)), "all": .integer(Int64(extent.all))]
    }

    private func json(_ role: RoleForecast) -> JSONValue {
        [
            "count": .integer(Int64(role.count)),
            "version": role.version.map(JSONValue.integer) ?? .null,
            "issued": .optional(role.issued),
            "expires": .optional(role.expires),
            "secondsLeft": role.expires.map { .integer($0.seconds(since: diagnosis.examinedAt)) } ?? .null,
            "threshold": .integer(Int64(role.threshold)),
            "spareKeys": .integer(Int64(role.spareKeys)),
            "keysHere": .integer(Int64(role.keysHere)),
            "keys": .array(role.keys.map(json)),
        ]
    }

    private func json(_ key: RoleKey) -> JSONValue {
        [
            "keyID": .string(key.keyID.string),
            "algorithm": .optional(key.publicKey?.algorithm.commandLineName),
            "location": .optional(key.place),
            "encrypted": key.isEncrypted.map(JSONValue.boolean) ?? .null,
        ]
    }
}
