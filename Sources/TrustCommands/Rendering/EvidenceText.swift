import CanonicalJSON
import ContentTrust
import TUF
import TrustCrypto

/// Evidence as people and programs read it.
enum EvidenceText {
    /// How fresh the trust data is: `timestamp 3 h old, good until 2026-12-07T12:00:00Z`.
    static func freshness(_ evidence: Evidence) -> String {
        var parts: [String] = []
        if let issued = evidence.issued {
            parts.append("timestamp \(DurationText.words(evidence.verifiedAt.seconds(since: issued))) old")
        }
        let age = evidence.verifiedAt.seconds(since: evidence.lastCheck)
        if age > 0 { parts.append("last asked \(DurationText.words(age)) ago") }
        parts.append("good until \(evidence.firstExpiry.at)")
        return parts.joined(separator: ", ")
    }

    /// The object `trustData` of `--json` output.
    static func json(_ evidence: Evidence) -> JSONValue {
        var roles: JSONObject = [:]
        for (role, version) in evidence.versions {
            roles[role.string] = [
                "version": .integer(version),
                "expires": .optional(evidence.expires[role]),
                "signers": .array((evidence.signers[role] ?? []).sorted().map { .string($0.string) }),
            ]
        }
        return [
            "repository": .optional(evidence.signedRepository),
            "store": .string(evidence.store),
            "pin": .string(evidence.pin),
            "issued": .optional(evidence.issued),
            "lastCheck": .string(evidence.lastCheck.description),
            "verifiedAt": .string(evidence.verifiedAt.description),
            "roles": .object(roles),
        ]
    }
}
