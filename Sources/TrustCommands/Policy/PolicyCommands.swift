import ArgumentParser

/// `trustctl policy`: what a verifier demands, per repository.
struct PolicyCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "What is demanded of images, per repository.",
        discussion: """
            A policy is a JSON file of rules, of which the most specific one counts; docs/policy.md describes it. verify, \
            resolve and the doors for container runtimes decide by it.
            """,
        subcommands: [PolicyCheck.self, PolicyExplain.self, PolicyTest.self, PolicyImportCommand.self]
    )
}
