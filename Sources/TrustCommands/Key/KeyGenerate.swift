import ArgumentParser
import ContentTrust
import KeyStorage
import TUF

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
        try await new.keep(common, passphrases, context, done: "made the") { attributes async throws(Refusal) in
            do throws(KeyStorageError) {
                return try await KeyGeneration.key(keyType.algorithm)
            } catch {
                throw Refusal.keys(error, checked: "a new \(attributes.role) key")
            }
        }
    }
}
