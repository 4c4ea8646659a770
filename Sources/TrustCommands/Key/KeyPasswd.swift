import ArgumentParser
import ContentTrust
import KeyStorage
import TUF

/// `trustctl key passwd`
struct KeyPasswd: TrustCommand {
    static let title = "key passwd"
    static let configuration = CommandConfiguration(
        commandName: "passwd",
        abstract: "Change the passphrase of a key.",
        discussion: """
            The present passphrase comes from where all others come from; the new one from --new-passphrase-file, from the \
            helper program, or from the terminal. Copies of the old file still open with the old one.
            """
    )

    @Argument(help: ArgumentHelp("Id of the key, or its beginning.", valueName: "key"))
    var key: String

    @Option(help: ArgumentHelp("File with the new passphrase.", valueName: "file"), completion: .file())
    var newPassphraseFile: String?

    @OptionGroup var keys: KeyOptions
    @OptionGroup var common: CommonOptions

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let stores = keys.stores.stores(try common.trustHome(context.environment))
        let (record, store) = try await KeySelection.find(key, in: stores)
        do throws(KeyStorageError) {
            let source = RememberingPassphrases(keys.passphrases.source(context))
            // Opened first: whoever mistypes the old passphrase should not have typed a new one.
            _ = try await store.unlock(record, asking: source)
            let new = try await newPassphrase(record, context)
            try await store.changePassphrase(of: record.keyID, from: source.last?.passphrase, to: new)
        } catch {
            throw Refusal.keys(error, checked: "the passphrase of the key \(record.keyID)")
        }
        KeyText.show(record, done: "changed the passphrase of the", json: common.json, on: context.console)
        return .trusted
    }

    /// The variables and `--passphrase-file` hold the old passphrase, so they are not asked for the new one.
    private func newPassphrase(_ record: KeyRecord, _ context: CommandContext) async throws(KeyStorageError)
        -> Passphrase
    {
        var sources: [any PassphraseSource] = []
        if let newPassphraseFile { sources.append(PassphraseInput.file(newPassphraseFile, context)) }
        if let helper = keys.passphrases.passphraseHelper {
            sources.append(HelperPassphrases(program: helper, environment: context.environment.forPrograms))
        }
        sources.append(TerminalPassphrases())
        let chain = PassphraseChain(
            sources,
            ways: ["--new-passphrase-file FILE", "--passphrase-helper PROGRAM", "a terminal"]
        )
        return try await chain.newPassphrase(for: record.attributes, keyID: record.keyID).passphrase
    }
}
