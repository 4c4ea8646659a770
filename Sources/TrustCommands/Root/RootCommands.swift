import ArgumentParser

/// `trustctl root`: changes of the root, from machine to machine.
struct RootCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "root",
        abstract: "Change the root: its keys, and which keys it gives the other roles.",
        discussion: """
            A change travels as a file: root propose writes it on a machine with network, root sign signs it wherever a root \
            key is, off line and key by key, and root apply publishes it once enough have signed.
            """,
        subcommands: [RootPropose.self, RootSign.self, RootApply.self]
    )
}
