import ArgumentParser

/// `trustctl signer`: people and machines that sign tags with keys of their own.
struct SignerCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "signer",
        abstract: "Let people and machines sign tags with keys of their own.",
        discussion: """
            A signer has a role of its own, for the tags that match its patterns. Whoever wants to become one makes a \
            request (signer request), the publisher adds the signer with it (signer add), and from then on trustctl sign \
            image --signer NAME needs the signer's key alone. Without the snapshot and timestamp keys at hand, or with too few \
            signatures, a change waits in the trust store: for others of the signer's keys (signer sign), and for the next \
            trustctl refresh of whoever has those keys.
            """,
        subcommands: [
            SignerAdd.self, SignerList.self, SignerRemove.self, SignerRequestCommand.self, SignerSign.self,
        ]
    )
}
