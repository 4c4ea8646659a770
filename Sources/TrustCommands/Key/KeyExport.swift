import ArgumentParser
import CanonicalJSON
import ContentTrust
import KeyStorage
import TUF
import TrustCrypto

/// The forms of exported private keys.
enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
    case pem
    case docker
    case notary
}

/// `trustctl key export`
struct KeyExport: TrustCommand {
    static let title = "key export"
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a key as PEM.",
        discussion: """
            A private key is written as PKCS #8, encrypted with the passphrase that opened it, or with the one in \
            --new-passphrase-file. --format docker and --format notary write what docker trust key load and notary key \
            import read: the role, the repository and notary's id with it, and an encryption that only a strong passphrase \
            makes strong. A file is made with mode 0600, and none is overwritten.
            """
    )

    @Argument(help: ArgumentHelp("Id of the key, or its beginning.", valueName: "key"))
    var key: String

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("File to write instead of standard output.", valueName: "file"),
        completion: .file()
    )
    var output: String?

    @Option(help: ArgumentHelp("Form of the private key.", valueName: "format"))
    var format = ExportFormat.pem

    @Flag(help: "Write the public key.")
    var publicKey = false

    @Option(
        help: ArgumentHelp("File with the passphrase for the exported key.", valueName: "file"),
        completion: .file()
    )
    var newPassphraseFile: String?

    @Flag(help: "Write the private key without encryption: whoever can read it can sign.")
    var unsafeUnencrypted = false

    @OptionGroup var keys: KeyOptions
    @OptionGroup var common: CommonOptions

    mutating func validate() throws {
        guard [publicKey, unsafeUnencrypted, newPassphraseFile != nil].count(where: { $0 }) <= 1 else {
            throw ValidationError("--public-key, --unsafe-unencrypted and --new-passphrase-file exclude each other.")
        }
        guard format == .pem || !(publicKey || unsafeUnencrypted) else {
            throw ValidationError(
                "--format \(format.rawValue) goes with neither --public-key nor --unsafe-unencrypted."
            )
        }
        guard !common.json || output != nil else { throw ValidationError("--json needs --output.") }
    }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let stores = keys.stores.stores(try common.trustHome(context.environment))
        let (record, store) = try await KeySelection.find(key, in: stores)
        let pem: SecretBytes
        do throws(KeyStorageError) {
            pem = try await self.pem(record, store, context)
        } catch {
            throw Refusal.keys(error, checked: "the key \(record.keyID)")
        }
        guard let output else {
            let text = pem.withBytes { bytes in String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self) }
            context.console.result(lines: text.split(separator: "\n").map(String.init))
            return .trusted
        }
        do throws(FileError) {
            try pem.withBytes { (bytes) throws(FileError) in
                try NewFile.write(bytes, to: output, mode: publicKey ? 0o644 : 0o600)
            }
        } catch {
            if case .other(_, NewFile.existsCode) = error {
                throw Refusal(.usage, checked: "--output \(output)", found: "a file that is there already")
            }
            throw Refusal.file(error, checked: "--output \(output)")
        }
        context.console.note(
            "wrote the \(publicKey ? "public " : "")\(KeyText.line(record)) to \(SafeText.escaped(output))"
        )
        if common.json { context.console.result(JSONValue.object(KeyText.json(record)).line) }
        return .trusted
    }

    private func pem(
        _ record: KeyRecord,
        _ store: any KeyStore,
        _ context: CommandContext
    ) async throws(KeyStorageError) -> SecretBytes {
        if publicKey, let known = record.publicKey { return SecretBytes(copying: Array(known.pem.utf8).span) }
        let source = RememberingPassphrases(keys.passphrases.source(context))
        let opened = try await store.unlock(record, asking: source)
        if publicKey { return SecretBytes(copying: Array(opened.publicKey.pem.utf8).span) }
        if unsafeUnencrypted {
            do throws(KeyFileError) {
                return try PrivateKeyFile.encodeUnencryptedUnsafe(opened)
            } catch {
                throw .keyFile(path: "", error)
            }
        }
        let answer: PassphraseAnswer
        if let newPassphraseFile {
            let file = PassphraseInput.file(newPassphraseFile, context)
            answer = try await file.newPassphrase(for: record.attributes, keyID: record.keyID)
        } else if let last = source.last {
            answer = last
        } else {
            // A key that is stored without encryption leaves the store with it.
            answer = try await source.newPassphrase(for: record.attributes, keyID: record.keyID)
        }
        guard format == .pem else {
            let export = try await KeyTransfer.notary(
                opened,
                record.attributes,
                passphrase: answer.passphrase,
                isExport: true
            )
            return export.bytes.withBytes { bytes in SecretBytes(copying: bytes) }
        }
        let encrypted = try await KeyTransfer.encrypted(opened, passphrase: answer.passphrase)
        return SecretBytes(copying: encrypted.span)
    }
}
