import ArgumentParser
import ContentTrust
import KeyStorage
import TUF
import TrustCrypto

/// `trustctl key import`
struct KeyImport: TrustCommand {
    static let title = "key import"
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring a private key into the key store.",
        discussion: """
            Reads PEM: PKCS #8, encrypted or not, SEC 1 (EC PRIVATE KEY) and PKCS #1 (RSA PRIVATE KEY). The file is left as \
            it is. In the store the key is encrypted with a passphrase of its own. Prints the key's id.
            """
    )

    @Argument(help: ArgumentHelp("Key file.", valueName: "file"), completion: .file())
    var file: String

    @Option(
        help: ArgumentHelp("File with the passphrase that opens the key file, where it is another.", valueName: "file"),
        completion: .file()
    )
    var oldPassphraseFile: String?

    @OptionGroup var new: NewKeyOptions
    @OptionGroup var passphrases: PassphraseOptions
    @OptionGroup var common: CommonOptions

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        try await new.keep(common, passphrases, context, done: "brought in the") { attributes async throws(Refusal) in
            do throws(KeyStorageError) {
                return try await read(attributes, context)
            } catch {
                throw Refusal.keys(error, checked: "the key file \(file)")
            }
        }
    }

    private func read(
        _ attributes: KeyAttributes,
        _ context: CommandContext
    ) async throws(KeyStorageError) -> PrivateKey {
        guard try await KeyTransfer.isEncrypted(file) else { return try await KeyTransfer.read(file, passphrase: nil) }
        let source: any PassphraseSource =
            if let oldPassphraseFile {
                PassphraseInput.file(oldPassphraseFile, context)
            } else {
                passphrases.source(context)
            }
        let request = PassphraseRequest(
            role: attributes.role,
            repository: attributes.repository,
            keyID: nil,
            purpose: .existing
        )
        return try await source.open(request, withoutAnswer: .keyFile(path: file, .passphraseRequired)) {
            answer async throws(KeyStorageError) in
            try await KeyTransfer.read(file, passphrase: answer.passphrase)
        }
    }
}
