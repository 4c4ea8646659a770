import ArgumentParser

/// `trustctl sign`: what can be signed.
struct SignCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign images.",
        subcommands: [SignImage.self]
    )
}
