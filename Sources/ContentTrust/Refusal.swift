/// A refusal: why the answer is no, in parts that a person and a program can use.
///
/// Strings may quote what a registry or a file said; escape them before they reach a terminal.
public struct Refusal: Error, Sendable, CustomStringConvertible {
    /// The stable reason.
    public let reason: Reason
    /// What was checked.
    public let checked: String
    /// What was found.
    public let found: String
    /// What was expected, where that is not plain from the reason.
    public let expected: String?
    /// The next command to run, or thing to do.
    public let next: String?
    /// The error underneath, for diagnosis.
    public let cause: (any Error)?

    /// A refusal.
    ///
    /// - Parameters:
    ///   - reason: The stable reason.
    ///   - checked: What was checked.
    ///   - found: What was found.
    ///   - expected: What was expected.
    ///   - next: The next command to run, or thing to do.
    ///   - cause: The error underneath.
    public init(
        _ reason: Reason,
        checked: String,
        found: String,
        expected: String? = nil,
        next: String? = nil,
        cause: (any Error)? = nil
    ) {
        self.reason = reason
        self.checked = checked
        self.found = found
        self.expected = expected
        self.next = next
        self.cause = cause
    }

    /// The same with another reason.
    func with(_ reason: Reason) -> Refusal {
        Refusal(reason, checked: checked, found: found, expected: expected, next: next, cause: cause)
    }

    /// The same with other advice.
    func with(next: String?) -> Refusal {
        Refusal(reason, checked: checked, found: found, expected: expected, next: next, cause: cause)
    }

    /// One line for people.
    public var description: String {
        var text = "\(checked): \(found)"
        if let expected { text += " (expected \(expected))" }
        return "\(text) [\(reason.code)]"
    }
}

extension Refusal: Equatable {
    /// Whether all parts but the cause are the same.
    public static func == (lhs: Refusal, rhs: Refusal) -> Bool {
        lhs.reason == rhs.reason && lhs.checked == rhs.checked && lhs.found == rhs.found
            && lhs.expected == rhs.expected && lhs.next == rhs.next
    }
}
