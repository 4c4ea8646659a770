import CanonicalJSON
import TUF
import TrustCrypto

/// A role as it is shown: whose keys, how many of them, which version, how long.
struct RoleSummary: Sendable {
    let role: RoleName
    /// Ids computed from the keys, sorted; that of the file for a key that cannot be read.
    let keyIDs: [KeyID]
    let threshold: Int
    /// Nil where only the root is known.
    let version: Int64?
    let expires: Instant?

    /// The top-level roles of a verified set.
    static func all(_ set: TrustedSet) -> [RoleSummary] {
        let common = set.common
        return RoleName.topLevel.map { summary($0, root: set.root.payload, common: common[$0]) }
    }

    /// What a root alone says.
    static func all(_ root: Root) -> [RoleSummary] {
        RoleName.topLevel.map { summary($0, root: root, common: $0 == .root ? root.common : nil) }
    }

    private static func summary(_ role: RoleName, root: Root, common: CommonFields?) -> RoleSummary {
        let keys = root.roleKeys(role)
        let ids = Set((keys?.keyIDs ?? []).map { root.keys[$0]?.computedID ?? $0 })
        return RoleSummary(
            role: role,
            keyIDs: ids.sorted(),
            threshold: keys?.threshold ?? 0,
            version: common?.version,
            expires: common?.expires
        )
    }

    /// The object `roles` of `--json` output.
    static func json(_ roles: [RoleSummary]) -> JSONValue {
        var object: JSONObject = [:]
        for role in roles {
            object[role.role.string] = [
                "keyIDs": .array(role.keyIDs.map { .string($0.string) }),
                "threshold": .integer(Int64(role.threshold)),
                "version": role.version.map(JSONValue.integer) ?? .null,
                "expires": .optional(role.expires),
            ]
        }
        return .object(object)
    }

    /// A line for each role and key.
    static func table(_ roles: [RoleSummary]) -> Table {
        var table = Table(header: ["ROLE", "VERSION", "EXPIRES", "THRESHOLD", "KEYS"])
        for role in roles {
            for (index, id) in role.keyIDs.enumerated() {
                guard index == 0 else {
                    table.add(["", "", "", "", id.string])
                    continue
                }
                table.add([
                    role.role.string, role.version.map(String.init) ?? "-", role.expires?.description ?? "-",
                    "\(role.threshold) of \(role.keyIDs.count)", id.string,
                ])
            }
        }
        return table
    }
}
