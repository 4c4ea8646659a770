import CanonicalJSON
import ContentTrust
import TUF
import TrustCrypto

/// What was carried over from a Notary server, as programs read it.
extension NotaryImportText {
    /// The object of `--json` output.
    var json: JSONObject {
        var object: JSONObject = [
            "reason": .string(reason.code),
            "exitCode": .integer(Int64(reason.exitCode)),
            "collection": .string(plan.gun),
            "source": .string(plan.source),
            "repository": .string(plan.repository),
            "changed": .boolean(report != nil),
            "expired": .array(plan.expired.map { .string($0.string) }),
            "expiredCertificates": .boolean(plan.hasExpiredCertificates),
            "tags": .array(plan.tags.map(Self.json)),
            "unlistedTags": .array(
                plan.unlisted.map { tag in
                    [
                        "tag": .string(tag.tag), "digest": .string(tag.digest.description),
                        "role": .string(tag.role.string), "isRevoked": .boolean(plan.prunes),
                    ]
                }
            ),
            "unlistedSigners": .array(plan.unlistedSigners.map(JSONValue.string)),
            "signers": .array(
                plan.signers.map { signer -> JSONValue in
                    var object: JSONObject = [
                        "name": .string(signer.name),
                        "threshold": .integer(Int64(signer.threshold)),
                        "keyIDs": .array(signer.keys.map { .string($0.computedID.string) }),
                        "pathPrefixes": .array(signer.prefixes.map(JSONValue.string)),
                        "isCarried": .boolean(signer.isCarried),
                    ]
                    object["why"] = signer.leftBecause.map(JSONValue.string)
                    return .object(object)
                }
            ),
            "missingKeys": .array(plan.missingKeys.map { .string($0.string) }),
            "rootKeyIDs": .array(plan.rootKeys.map { .string($0.computedID.string) }),
            "followCommand": .string(follow),
            "newestRoot": .integer(plan.newestRoot),
            "handedOverRoots": [
                "first": .integer(plan.handedOverRoots.lowerBound), "last": .integer(plan.handedOverRoots.upperBound),
            ],
        ]
        object["pinCommand"] = (plan.pin ?? report?.initialized?.pin).map { .string($0.command) }
        if let report {
            object["store"] = .string(report.published.store)
            object["identity"] = .string(report.published.identity.description)
        }
        return object
    }

    private static func json(_ tag: NotaryImportPlan.Tag) -> JSONValue {
        var object: JSONObject = ["tag": .string(tag.name), "role": .string(tag.role.string)]
        object["digest"] = tag.digest.map { .string($0.description) }
        switch tag.fate {
        case .carried: object["fate"] = "carried"
        case .present: object["fate"] = "present"
        case .differs: object["fate"] = "differs"
        case .left: object["fate"] = "left"
        }
        object["signer"] = tag.signer.map(JSONValue.string)
        object["why"] = Self.why(tag.fate).map(JSONValue.string)
        return .object(object)
    }
}
