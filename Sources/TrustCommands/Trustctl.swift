import ArgumentParser

/// The root command.
struct Trustctl: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trustctl",
        abstract: "Signed, fresh tags for container images.",
        discussion: """
            Trust data (TUF metadata) says which digest a tag means today. It lives in the registry beside the image, is \
            made by keys that the publisher holds, and is checked against what this machine has pinned.

            Results go to standard output, everything else to standard error. The exit status says why an answer is no; \
            docs/cli/exit-codes.md has the table.
            """,
        version: "trustctl \(Version.string)",
        subcommands: [
            Initialize.self, SignCommands.self, Revoke.self, Verify.self, Resolve.self, List.self, Inspect.self,
            Lint.self,
            PinCommands.self, Refresh.self, Doctor.self, Rebin.self, SignerCommands.self, RootCommands.self,
            KeyCommands.self, PolicyCommands.self, BundleCommands.self, ContainerdVerifier.self, NotaryCommands.self,
            TUFCommands.self,
        ]
    )
}
