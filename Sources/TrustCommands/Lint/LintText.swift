import CanonicalJSON
import ContentTrust
import OCI
import TrustCrypto

/// What a lint found, as people and programs read it.
struct LintText: Sendable {
    let report: LintReport
    /// The reference, in full.
    let reference: String

    /// The lines for standard output.
    var table: [String] {
        var table = Table(header: ["TOOL", "STATE", "SIGNED BY", "WHERE", "WHY"])
        for finding in report.findings {
            var place = finding.place
            if finding.digest != report.image.digest { place += " (of \(finding.digest))" }
            table.add([
                finding.tool.rawValue, Self.words(finding.state), finding.signer ?? "", place, Self.why(finding),
            ])
        }
        return table.lines
    }

    private static func words(_ state: LintFinding.State) -> String {
        switch state {
        case .valid: "valid"
        case .unchecked: "not checked"
        case .invalid: "invalid"
        case .unseen: "could not look"
        case .unsigned: "unsigned"
        case .notAsked: "not asked"
        }
    }

    private static func why(_ finding: LintFinding) -> String {
        let why = finding.why ?? ""
        guard let claimed = finding.claimedReference, !claimed.isEmpty else { return why }
        return why.isEmpty ? "names \(claimed)" : "\(why); names \(claimed)"
    }

    /// A line for standard error.
    func line(_ note: LintNote, _ style: Style) -> String {
        "\(style.warning("note")) \(SafeText.escaped(reference)): \(SafeText.escaped(note.text)) [\(note.code.rawValue)]"
    }

    /// The object of `--json` output.
    func json(_ refusal: Refusal?) -> JSONValue {
        var object: JSONObject =
            refusal.map(RefusalText.json) ?? ["reason": .string(Reason.trusted.code), "exitCode": 0]
        object["reference"] = .string(reference)
        object["digest"] = .string(report.image.digest.description)
        object["mediaType"] = .string(report.image.mediaType.string)
        object["findings"] = .array(report.findings.map(Self.json))
        object["notes"] = .array(
            report.notes.map { note in
                var object: JSONObject = [
                    "code": .string(note.code.rawValue), "text": .string(note.text),
                    "digests": .array(note.digests.map { .string($0.description) }),
                ]
                object["tool"] = note.tool.map { .string($0.rawValue) }
                return .object(object)
            }
        )
        return .object(object)
    }

    private static func json(_ finding: LintFinding) -> JSONValue {
        var object: JSONObject = [
            "tool": .string(finding.tool.rawValue), "state": .string(finding.state.rawValue),
            "digest": .string(finding.digest.description), "place": .string(finding.place),
        ]
        object["signer"] = finding.signer.map(JSONValue.string)
        object["claimedReference"] = finding.claimedReference.map(JSONValue.string)
        object["why"] = finding.why.map(JSONValue.string)
        object["refusal"] = finding.refusal.map { .string($0.reason.code) }
        return .object(object)
    }
}
