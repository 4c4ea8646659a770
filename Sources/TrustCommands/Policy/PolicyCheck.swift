import ArgumentParser
import CanonicalJSON
import ContentTrust
import TUFClient

/// `trustctl policy check`
struct PolicyCheck: TrustCommand {
    static let title = "policy check"
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what is wrong with a policy, with line and column.",
        discussion: "Unknown keys, contradictions and rules that can never count are errors."
    )

    @Argument(help: ArgumentHelp("The policy.", valueName: "file"), completion: .file(extensions: ["json"]))
    var file: String

    @OptionGroup var common: CommonOptions

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let policy = try TrustPolicy(contentsOf: file, now: SystemClock().now())
        for warning in policy.warnings {
            context.console.alert(
                "\(context.console.style.warning("warning")) \(SafeText.escaped("\(file) \(warning)"))"
            )
        }
        if common.json {
            let object: JSONObject = [
                "reason": .string(Reason.trusted.code), "exitCode": 0, "policy": .string(file),
                "rules": .integer(Int64(policy.rules.count)), "warnings": .array(policy.warnings.map(JSONValue.string)),
            ]
            context.console.result(JSONValue.object(object).line)
        } else {
            context.console.note("\(SafeText.escaped(file)) is a policy with \(policy.rules.count) rules")
        }
        return .trusted
    }
}
