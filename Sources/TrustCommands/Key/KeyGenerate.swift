import ArgumentParser
import ContentTrust
import KeyStorage
import TUF
import TUFClient
import TrustCrypto

/// `trustctl key generate`
struct KeyGenerate: TrustCommand {
    static let title = "key generate"
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Make a key and keep it.",
        discussion: "trustctl init makes the keys of a repository by itself. Prints the key's id."
    )

    @Option(help: ArgumentHelp("Algorithm.", valueName: "type"))
    var keyType = KeyAlgorithmArgument.ecdsaP256

    @OptionGroup var new: NewKeyOptions
    @OptionGroup var passphrases: PassphraseOptions
    @OptionGroup var common: CommonOptions

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let attributes = try new.attributes()
        let store = new.store(try common.trustHome(context.environment))
        do throws(KeyStorageError) {
            let key = try await KeyGeneration.key(keyType.algorithm)
            let record = try await KeyWork.add(
                key,
                attributes,
                to: store,
                passphrases: new.unsafeUnencrypted ? nil : passphrases.source(context)
            )
            KeyText.show(record, done: "made the", json: common.json, on: context.console)
            return .trusted
        } catch {
            throw Refusal.keys(error, checked: "a new \(attributes.role) key")
        }
    }
}
