import ArgumentParser

/// `trustctl key`: the key store.
struct KeyCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "The key store.",
        discussion: """
            Each key is a file in TRUSTCTL_HOME/keys, encrypted with a passphrase, that openssl pkey -in FILE reads, too. \
            Keys are named by their ids, or by the beginning of one.
            """,
        subcommands: [
            KeyGenerate.self, KeyList.self, KeyImport.self, KeyExport.self, KeyPasswd.self, KeyRotate.self,
            KeyRemove.self,
        ]
    )
}
