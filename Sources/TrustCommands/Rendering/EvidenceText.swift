import CanonicalJSON
import ContentTrust
import TUF

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
    static func json(_ evidence: Evidence) -> JSONValue { evidence.json }
}
