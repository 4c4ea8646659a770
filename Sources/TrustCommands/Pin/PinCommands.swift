import ArgumentParser

/// `trustctl pin`: what this machine trusts beforehand.
struct PinCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pin",
        abstract: "What this machine trusts beforehand.",
        discussion: """
            A pin names the root keys, or the root file, that the trust data of a repository must come from. Without one \
            verify refuses with no-pin.
            """,
        subcommands: [PinAdd.self, PinList.self, PinRemove.self]
    )
}
