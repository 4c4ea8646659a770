package import CanonicalJSON
import TUF
import TrustCrypto

extension Evidence {
    /// The object `trustData` of `--json` output and of records (docs/schemas/common.schema.json).
    package var json: JSONValue {
        var roles: JSONObject = [:]
        for (role, version) in versions {
            roles[role.string] = [
                "version": .integer(version),
                "expires": .optional(expires[role]),
                "signers": .array((signers[role] ?? []).sorted().map { .string($0.string) }),
            ]
        }
        return [
            "repository": .optional(signedRepository),
            "store": .string(store),
            "pin": .string(pin),
            "issued": .optional(issued),
            "lastCheck": .string(lastCheck.description),
            "verifiedAt": .string(verifiedAt.description),
            "roles": .object(roles),
        ]
    }
}

extension JSONValue {
    /// The string, or `null` for nil.
    fileprivate static func optional(_ text: (some CustomStringConvertible)?) -> JSONValue {
        text.map { .string($0.description) } ?? .null
    }
}
