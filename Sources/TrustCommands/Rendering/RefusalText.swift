import CanonicalJSON
import ContentTrust

/// Refusals as people and programs read them.
enum RefusalText {
    /// The lines for standard error: the answer first, then what was checked, found and expected, and what to do next.
    ///
    /// - Parameters:
    ///   - refusal: The refusal.
    ///   - subject: What it is about, such as a reference or a command.
    ///   - style: Colours.
    /// - Returns: Escaped lines.
    static func lines(_ refusal: Refusal, subject: String, style: Style) -> [String] {
        let verdict = refusal.reason == .usage ? "error" : "refused"
        let head =
            "\(style.bad(verdict)) \(SafeText.escaped(subject)): \(refusal.reason.meaning) [\(refusal.reason.code)]"
        var lines = [head, field("checked", refusal.checked, style), field("found", refusal.found, style)]
        if let expected = refusal.expected { lines.append(field("expected", expected, style)) }
        if let next = refusal.next { lines.append(field("next", next, style)) }
        return lines
    }

    private static func field(_ name: String, _ text: String, _ style: Style) -> String {
        let label = "  \(name):" + String(repeating: " ", count: 9 - name.count)
        return style.faint(label) + SafeText.escaped(text)
    }

    /// The members of a refusal's object in `--json` output.
    static func json(_ refusal: Refusal) -> JSONObject { refusal.json }
}
