import CanonicalJSON
import ContentTrust

/// What keeps containerd from asking, as people and programs read it.
struct ContainerdText: Sendable {
    let path: String
    let findings: [Finding]
    /// From which severity on a finding decides the exit status.
    let threshold: Severity
    let style: Style

    /// The reason that decides the exit status: that of the first of the worst findings.
    var reason: Reason {
        guard let worst = findings.map(\.severity).max(), worst >= threshold, worst > .note else { return .trusted }
        guard worst == .error else { return .warning }
        return findings.first { $0.severity == .error }?.reason ?? .policy
    }

    /// The lines for standard output.
    var lines: [String] {
        let head = SafeText.escaped("containerd (\(path))")
        guard !findings.isEmpty else { return ["\(head): \(style.good("asks the verifier on every pull"))"] }
        return ["\(head): \(findings.count == 1 ? "1 finding" : "\(findings.count) findings")"]
            + findings.flatMap { [""] + FindingText(finding: $0, style: style).lines }
    }

    /// The object of `--json` output.
    var json: JSONValue {
        [
            "reason": .string(reason.code),
            "exitCode": .integer(Int64(reason.exitCode)),
            "containerd": .string(path),
            "findings": .array(findings.map { FindingText(finding: $0).json }),
        ]
    }
}
