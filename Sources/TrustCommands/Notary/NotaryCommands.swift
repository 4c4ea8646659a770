import ArgumentParser

/// `trustctl notary`: what concerns Notary servers alone.
struct NotaryCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notary",
        abstract: "Notary servers, and what has to be kept of them.",
        discussion: """
            All commands that read trust data take --store notary+https://HOST for a Notary server, and --store notary:PATH for \
            an archive of this group's or for the directory of docker or notary.
            """,
        subcommands: [
            NotaryImportCommand.self, NotaryFollow.self, NotaryExportCommand.self, NotaryWitness.self,
            NotaryDelete.self, NotaryMirrorCommand.self,
        ]
    )
}
