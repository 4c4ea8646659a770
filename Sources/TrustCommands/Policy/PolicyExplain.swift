import ArgumentParser
import CanonicalJSON
import ContentTrust
import TUFClient

/// `trustctl policy explain`
struct PolicyExplain: TrustCommand {
    static let title = "policy explain"
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say which rule counts for an image, why, and what it demands.",
        discussion: "Nobody is asked. Without a rule for it the image is refused, and so is the question."
    )

    @Argument(help: ArgumentHelp("The image or repository, as docker writes it.", valueName: "ref"))
    var reference: String

    @Option(help: ArgumentHelp("The policy.", valueName: "file"), completion: .file(extensions: ["json"]))
    var policy: String

    @OptionGroup var common: CommonOptions

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let subject = try ImageReference(parsing: reference).subject
        let now = SystemClock().now()
        let policy = try TrustPolicy(contentsOf: policy, now: now)
        let (rule, pattern) = try policy.requiredRule(for: subject)
        let others = policy.rules.filter { other in
            other.number != rule.number && other.repositories.contains { $0.matches(subject.description) }
        }
        let text = PolicyText(rule: rule, now: now)
        if common.json {
            var object = text.json
            object["reason"] = .string(Reason.trusted.code)
            object["exitCode"] = 0
            object["repository"] = .string(subject.description)
            object["pattern"] = .string(pattern.description)
            object["otherRules"] = .array(others.map { .integer(Int64($0.number)) })
            context.console.result(JSONValue.object(object).line)
        } else {
            var lines = ["\(subject): rule \(rule.number), line \(rule.line), for \(pattern)"]
            if !others.isEmpty {
                lines.append(
                    "  closer than \(others.map { "rule \($0.number)" }.joined(separator: ", ")), which match it too"
                )
            }
            context.console.result(lines: (lines + text.lines).map(SafeText.escaped))
        }
        return .trusted
    }
}
