public import TUF

/// How bad a finding is.
public enum Severity: Int, Sendable, Hashable, Comparable, CaseIterable {
    /// Worth knowing.
    case note
    /// It will be an error before long, or one lost key away.
    case warning
    /// Verifiers refuse now, or the publisher cannot publish.
    case error

    /// The word for it.
    public var word: String {
        switch self {
        case .note: "note"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// Whether `lhs` is less bad.
    public static func < (lhs: Severity, rhs: Severity) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// One thing that ``TrustDoctor`` found.
///
/// Strings may quote what a registry or a file said; escape them before they reach a terminal.
public struct Finding: Sendable, Hashable {
    /// What it is about.
    public let code: FindingCode
    /// How bad it is.
    public let severity: Severity
    /// What verifiers or publishers are refused with, or will be; nil for what refuses nobody.
    public let reason: Reason?
    /// What was looked at.
    public let checked: String
    /// What was found.
    public let found: String
    /// What was expected, where that is not plain from the code.
    public let expected: String?
    /// Since when it is so, or from when on it will be.
    public let at: Instant?
    /// The role that it is about.
    public let role: RoleName?
    /// The tag that it is about.
    public let tag: String?
    /// What mends it.
    public let remedy: Remedy?

    /// The command that mends it, or what to do, in one line.
    public var next: String? { remedy?.text }

    /// A finding from its parts.
    package init(
        _ code: FindingCode,
        _ severity: Severity,
        reason: Reason? = nil,
        checked: String,
        found: String,
        expected: String? = nil,
        at: Instant? = nil,
        role: RoleName? = nil,
        tag: String? = nil,
        remedy: Remedy? = nil
    ) {
        self.code = code
        self.severity = severity
        self.reason = reason
        self.checked = checked
        self.found = found
        self.expected = expected
        self.at = at
        self.role = role
        self.tag = tag
        self.remedy = remedy
    }
}

extension Finding {
    /// A refusal as a finding.
    ///
    /// - Parameters:
    ///   - refusal: The refusal.
    ///   - severity: How bad it is.
    package init(_ refusal: Refusal, severity: Severity) {
        self.init(
            FindingCode(refusal.reason),
            severity,
            reason: refusal.reason,
            checked: refusal.checked,
            found: refusal.found,
            expected: refusal.expected,
            remedy: refusal.next.map { Remedy(advice: $0) }
        )
    }
}

/// What mends something.
public struct Remedy: Sendable, Hashable {
    /// What to know before the command is run; without a command, what to do.
    public let advice: String?
    /// The command, ready to be pasted into a shell.
    public let command: String?
    /// What to do after it.
    public let then: String?

    /// A remedy from its parts.
    package init(_ command: String? = nil, advice: String? = nil, then: String? = nil) {
        self.advice = advice
        self.command = command
        self.then = then
    }

    /// All of it in one line.
    var text: String {
        let beginning = [advice, command].compactMap { $0 }.joined(separator: ": ")
        return [beginning, then].compactMap { $0 }.joined(separator: "; then ")
    }
}
