import CanonicalJSON
import ContentTrust
import TUF

/// A finding as people and programs read it.
struct FindingText: Sendable {
    let finding: Finding
    var style = Style(isColored: false)

    /// Escaped lines.
    var lines: [String] {
        let severity = style.paint(finding.severity.word, finding.severity)
        var lines = ["\(severity) [\(finding.code)] \(SafeText.escaped(finding.checked))"]
        lines.append(field("found", finding.found))
        if let expected = finding.expected { lines.append(field("expected", expected)) }
        if let next = finding.next { lines.append(field("next", next)) }
        return lines
    }

    private func field(_ name: String, _ text: String) -> String {
        style.faint("  \(name):" + String(repeating: " ", count: 9 - name.count)) + SafeText.escaped(text)
    }

    /// The object of `--json` output.
    var json: JSONValue {
        var object: JSONObject = [
            "code": .string(finding.code.string),
            "severity": .string(finding.severity.word),
            "checked": .string(finding.checked),
            "found": .string(finding.found),
        ]
        object["reason"] = finding.reason.map { .string($0.code) }
        object["exitCode"] = finding.reason.map { .integer(Int64($0.exitCode)) }
        object["expected"] = finding.expected.map(JSONValue.string)
        object["at"] = finding.at.map { .string($0.description) }
        object["role"] = finding.role.map { .string($0.string) }
        object["tag"] = finding.tag.map(JSONValue.string)
        object["next"] = finding.next.map(JSONValue.string)
        object["command"] = finding.remedy?.command.map(JSONValue.string)
        return .object(object)
    }
}

extension Style {
    /// A text in the colour of a severity.
    func paint(_ text: String, _ severity: Severity) -> String {
        switch severity {
        case .error: bad(text)
        case .warning: warning(text)
        case .note: text
        }
    }
}
