import ArgumentParser
import CanonicalJSON
import ContentTrust
import TUFClient

/// `trustctl policy test`
struct PolicyTest: TrustCommand {
    static let title = "policy test"
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Try a policy with cases, without asking anybody.",
        discussion: """
            A case names a reference, what verification would find, and what is expected of the policy; docs/policy.md describes \
            the file. Decides as verify --policy does. Exit status 17 when a case does not hold.
            """
    )

    @Argument(help: ArgumentHelp("The policy.", valueName: "file"), completion: .file(extensions: ["json"]))
    var file: String

    @Argument(
        help: ArgumentHelp("The cases; - for standard input.", valueName: "cases"),
        completion: .file(extensions: ["json"])
    )
    var cases: String

    @OptionGroup var common: CommonOptions

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let now = SystemClock().now()
        let policy = try TrustPolicy(contentsOf: file, now: now)
        let bytes = try InputFile.read(cases, limit: PolicyCases.maximumLength, option: "cases", isRegular: true)
        let outcomes = try await policy.outcomes(of: PolicyCases(parsing: bytes, name: cases), at: now)
        let report = PolicyTestReport(
            policy: policy,
            cases: cases,
            outcomes: outcomes,
            unreached: policy.rules(withoutCaseIn: outcomes)
        )
        let style = context.console.style
        for warning in report.warnings {
            context.console.alert("\(style.warning("warning")) \(SafeText.escaped(warning))")
        }
        for line in report.failures(style) { context.console.alert(line) }
        if common.json {
            context.console.result(JSONValue.object(report.json).line)
        } else {
            context.console.result(report.summary)
        }
        return report.reason
    }
}
