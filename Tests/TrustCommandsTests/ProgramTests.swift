import CanonicalJSON
import ContentTrust
import Testing

@testable import TrustCommands

@Suite struct ProgramTests {
    @Test func helpGoesToStandardOutput() async {
        let help = await run("--help")
        #expect(help.status == 0)
        #expect(help.output.contains("USAGE: trustctl"))
        #expect(help.errors == "")
    }

    @Test func saysItsVersion() async {
        #expect(await run("--version").output == "trustctl \(Version.string)\n")
    }

    @Test(arguments: [
        ["no-such-command"], ["pin", "no-such"], ["pin", "list", "--no-such"], ["pin", "list", "extra"],
        ["pin", "list", "--quiet", "--verbose"], ["pin", "list", "--home", ""], ["sign", "image"],
        ["sign", "image", "a:1", "--digest", "x", "--digest-file", "y"],
        ["sign", "image", "a:1", "--digest", "x", "--from-file", "y"],
    ])
    func mistakesAreUsage(arguments: [String]) async {
        let result = await runAll(arguments)
        #expect(result.status == Reason.usage.exitCode)
        #expect(result.output == "")
        #expect(result.errors.hasPrefix("Error: "))
    }

    @Test func mistakesAreEscapedAndSaidInJSON() async throws {
        let result = await run("pin", "list", "--\u{1b}[31m", "--json")
        #expect(!result.errors.contains("\u{1b}"))
        #expect(try result.objects.first?["reason"] == "usage")
    }

    @Test func withoutAnyHomeNothingIsGuessed() async {
        let result = await run("pin", "list")
        #expect(result.status == Reason.usage.exitCode)
        #expect(result.errors.contains("TRUSTCTL_HOME"))
    }

    @Test func homeComesFromTheEnvironment() async throws {
        let home = try TemporaryHome()
        let byHome = Environment(variables: ["HOME": home.path, "TRUSTCTL_HOME": ""])
        let added = await run(
            "pin",
            "add",
            "reg.io/a",
            "--root-key",
            String(repeating: "1a", count: 32),
            environment: byHome
        )
        #expect(added.status == 0)
        let explicit = await run("pin", "list", "--home", "\(home.path)/.trustctl")
        #expect(explicit.output.contains("reg.io/a"))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func makesCompletionScripts(shell: String) async {
        let script = await run("--generate-completion-script", shell)
        #expect(script.status == 0)
        #expect(script.output.contains("trustctl"))
    }

    @Test func everyReasonHasItsOwnExitStatus() {
        #expect(Set(Reason.all.map(\.exitCode)).count == Reason.all.count)
        #expect(Set(Reason.all.map(\.code)).count == Reason.all.count)
    }
}
