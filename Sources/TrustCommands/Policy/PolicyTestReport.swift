import CanonicalJSON
import ContentTrust

/// What came out of the cases of a policy, as people and programs read it.
struct PolicyTestReport: Sendable {
    let policy: TrustPolicy
    let cases: String
    let outcomes: [PolicyCase.Outcome]
    /// The rules that counted in no case.
    let unreached: [TrustPolicy.Rule]

    private var failed: [PolicyCase.Outcome] { outcomes.filter { !$0.differences.isEmpty } }

    /// The reason that the command ends with.
    var reason: Reason { failed.isEmpty ? .trusted : .policy }

    /// What is no failure and should be known.
    var warnings: [String] {
        policy.warnings.map { "\(policy.name) \($0)" }
            + unreached.map { rule in
                let patterns = rule.repositories.prefix(3).map(\.description).joined(separator: ", ")
                return "\(policy.name) line \(rule.line): rule \(rule.number), for \(patterns)"
                    + (rule.repositories.count > 3 ? " and others" : "") + ", counts in no case"
            }
    }

    /// One line for people.
    var summary: String { "\(outcomes.count - failed.count) of \(outcomes.count) cases hold" }

    /// The lines of cases that do not hold: escaped.
    func failures(_ style: Style) -> [String] {
        failed.flatMap { outcome in
            let one = outcome.testedCase
            var lines = [
                "\(style.bad("failed")) \(SafeText.escaped("\(cases) line \(one.line): \(one.name)"))",
                "  checked:  \(SafeText.escaped("\(one.question.reference) in the policy \(policy.name)"))",
            ]
            for difference in outcome.differences {
                let words = "the \(difference.member) is \(difference.found), and not \(difference.expected)"
                lines.append("  found:    \(SafeText.escaped(words))")
            }
            lines.append("  by:       \(SafeText.escaped(Self.rule(outcome)))")
            if let refusal = outcome.refusal { lines.append("  refused:  \(SafeText.escaped(refusal.description))") }
            if let admission = outcome.admission {
                lines.append("  admitted: \(SafeText.escaped(AdmissionText.words(admission)))")
            }
            return lines
        }
    }

    private static func rule(_ outcome: PolicyCase.Outcome) -> String {
        guard let (rule, pattern) = outcome.rule else { return "no rule" }
        return "rule \(rule.number), line \(rule.line), for \(pattern)"
    }

    /// The members of `--json` output.
    var json: JSONObject {
        [
            "reason": .string(reason.code), "exitCode": .integer(Int64(reason.exitCode)),
            "policy": .string(policy.name),
            "cases": .array(outcomes.map { .object(Self.json($0)) }),
            "passed": .integer(Int64(outcomes.count - failed.count)), "failed": .integer(Int64(failed.count)),
            "rulesWithoutCase": .array(unreached.map { .integer(Int64($0.number)) }),
            "warnings": .array(warnings.map(JSONValue.string)),
        ]
    }

    private static func json(_ outcome: PolicyCase.Outcome) -> JSONObject {
        let one = outcome.testedCase
        var object: JSONObject = [
            "name": .string(one.name), "line": .integer(Int64(one.line)),
            "reference": .string(one.question.reference),
            "passed": .boolean(outcome.differences.isEmpty),
            "admitted": .boolean(outcome.admission != nil),
            "reason": .string(outcome.reason.code),
        ]
        object["admission"] = outcome.admission.map { .string($0.code) }
        object["rule"] = outcome.rule.map { rule, pattern in
            [
                "number": .integer(Int64(rule.number)), "line": .integer(Int64(rule.line)),
                "pattern": .string(pattern.description),
            ]
        }
        if let refusal = outcome.refusal { object["refusal"] = .object(RefusalText.json(refusal)) }
        object["differences"] = .array(
            outcome.differences.map { difference in
                [
                    "member": .string(difference.member), "expected": .string(difference.expected),
                    "found": .string(difference.found),
                ]
            }
        )
        return object
    }
}
