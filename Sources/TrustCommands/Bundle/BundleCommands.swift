import ArgumentParser

/// `trustctl bundle`: verdicts that can be proved again.
struct BundleCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle",
        abstract: "Files that prove a verdict again, off line and years later.",
        discussion: """
            A bundle carries the metadata from the first root to a tag, and what says when it was made: the signed timestamp \
            role, or a time stamp of RFC 3161. It is verified for that time, by the same rules as trust data in a registry.
            """,
        subcommands: [BundleCreate.self, BundleVerify.self]
    )
}
