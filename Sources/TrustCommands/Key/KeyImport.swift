import ArgumentParser
import ContentTrust
import KeyStorage
import TrustCrypto

/// `trustctl key import`
struct KeyImport: TrustCommand {
    static let title = "key import"
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring private keys into the key store.",
        discussion: """
            Reads a file: PEM as openssl writes it (PKCS #8, encrypted or not, SEC 1, PKCS #1), key files and exports of \
            docker and notary, key files of cosign. Or, with --from, a directory of docker's or notary's: ~/.docker/trust, \
            ~/.notary. What is read is left as it is. Prints the ids of the keys that were brought in.

            One key in a file is encrypted with a passphrase of its own in the store. Of several, or with --from, those are \
            brought in that --all or --key name, or that are chosen on a terminal; without a choice they are only listed. \
            They keep their passphrases, and each is asked for once. What a key is for is what its file says; --role and \
            --repository say it of keys that do not.
            """
    )

    @Argument(help: ArgumentHelp("Key file.", valueName: "file"), completion: .file())
    var file: String?

    @Option(
        help: ArgumentHelp("Directory of docker's or notary's keys to read instead of a file.", valueName: "dir"),
        completion: .directory
    )
    var from: String?

    @Flag(help: "Bring in all keys that are found.")
    var all = false

    @Option(help: ArgumentHelp("Bring in this key, by notary's id or its beginning; may be repeated.", valueName: "id"))
    var key: [String] = []

    @Option(
        help: ArgumentHelp("File with the passphrase that opens the keys, where it is another.", valueName: "file"),
        completion: .file()
    )
    var oldPassphraseFile: String?

    @OptionGroup var new: NewKeyOptions
    @OptionGroup var passphrases: PassphraseOptions
    @OptionGroup var common: CommonOptions

    mutating func validate() throws {
        guard (file == nil) != (from == nil) else { throw ValidationError("Name a key file, or --from DIR.") }
        guard !all || key.isEmpty else { throw ValidationError("--all and --key exclude each other.") }
    }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let listing = try await listing()
        if file != nil, !all, key.isEmpty, listing.keys.count + listing.problems.count == 1 {
            return try await single(listing, context)
        }
        return try await KeyMigration(
            listing: listing,
            choice: all ? .all : key.isEmpty ? .ask : .ids(key),
            new: new,
            passphrases: passphrases,
            source: source(context),
            json: common.json,
            context: context
        ).run(try common.trustHome(context.environment))
    }

    private var checked: String { file.map { "the key file \($0)" } ?? "the keys in \(from ?? "")" }

    private func listing() async throws(Refusal) -> ForeignKeyListing {
        do throws(KeyStorageError) {
            if let file { return try await ForeignKeys.inFile(file) }
            return try await ForeignKeys.inDirectory(from ?? "")
        } catch {
            throw Refusal.keys(error, checked: checked)
        }
    }

    private func source(_ context: CommandContext) -> any PassphraseSource {
        if let oldPassphraseFile { return PassphraseInput.file(oldPassphraseFile, context) }
        return passphrases.source(context)
    }

    /// The only key of a file, with a new passphrase.
    private func single(_ listing: ForeignKeyListing, _ context: CommandContext) async throws(Refusal) -> Reason {
        if let problem = listing.problems.first { throw Refusal.keys(problem.error, checked: checked) }
        guard let key = listing.keys.first else { throw Refusal.keys(.fileMissing(path: ""), checked: checked) }
        let attributes = try new.attributes(for: key, canOverride: true)
        let opener = KeyOpener(source: source(context))
        return try await new.keep(attributes, common, passphrases, context, done: "brought in the") {
            () async throws(Refusal) in
            do throws(KeyStorageError) {
                return try await opener.open(key, attributes).key
            } catch {
                throw Refusal.keys(error, checked: checked)
            }
        }
    }
}
