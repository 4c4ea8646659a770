import ArgumentParser
import CanonicalJSON
import ContentTrust
import OCI
import TUF
import TrustCrypto

/// `trustctl signer request`
struct SignerRequestCommand: TrustCommand {
    static let title = "signer request"
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "Ask to become a signer, or to sign with another key: writes a file for the publisher.",
        discussion: """
            The file holds the public key and the signer's first signature; the private key stays here. Where several people \
            are to share a role, each of them adds a key to the same file: --join. The publisher runs trustctl signer add \
            --request FILE.
            """
    )

    @Argument(help: ArgumentHelp("Repository, or oci:PATH.", valueName: "repo"))
    var repository: String

    @Argument(help: SignerName.help)
    var name: String

    @Option(help: ArgumentHelp("File to write the request to.", valueName: "file"), completion: .file())
    var out: String?

    @Option(help: ArgumentHelp("Request of others to add a key to.", valueName: "file"), completion: .file())
    var join: String?

    @OptionGroup var signerKeys: SignerKeyOptions
    @OptionGroup var keys: KeyOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: store.arguments, keys: keys.stores) }

    mutating func validate() throws {
        guard (out == nil) != (join == nil) else {
            throw ValidationError("Either --out, for a new request, or --join.")
        }
    }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let subject = try ImageReference.subject(parsing: repository)
        let location = try store.location(context.environment)
        let name = try SignerName.parse(name, at: location)
        let home = try common.trustHome(context.environment)
        let joined: SignerRequest? = if let join { try SignerRequestFile.read(join, of: name) } else { nil }
        let request = try await context.withPublisher(
            common,
            network,
            keys,
            unencryptedUnsafe: signerKeys.unsafeUnencrypted,
            for: [subject]
        ) { publisher, _ async throws(Refusal) in
            let overview = try await publisher.signerOverview(of: subject, at: location)
            var request: SignerRequest
            if let joined {
                guard joined.repository.map({ $0.utf8.elementsEqual(overview.repository.utf8) }) ?? false else {
                    throw Refusal(
                        .wrongRepository,
                        checked: "the request \(join ?? "")",
                        found: joined.repository ?? "no repository",
                        expected: overview.repository
                    )
                }
                request = joined
            } else {
                request = try await publisher.requestSigner(name, of: subject, at: location)
            }
            let own = try await signerKeys.keys(
                of: name,
                repository: overview.repository,
                publisher.signers,
                keys.stores,
                home,
                context.console
            )
            for key in own { request = try await request.joined(by: key, from: publisher.signers) }
            return request
        }
        let path = out ?? join ?? ""
        try write(request, to: path)
        let ids = request.keys.map(\.computedID.string)
        context.console.note(
            SafeText.escaped(
                "the request has the keys \(ids.joined(separator: ", ")); give it to the publisher, who compares them and "
                    + "runs: trustctl signer add \(subject.argument) \(name) --request \(path) --tag PATTERN"
            )
        )
        let object: JSONValue = [
            "reason": .string(Reason.trusted.code),
            "exitCode": 0,
            "repository": .string(subject.description),
            "signer": .string(name.string),
            "file": .string(path),
            "keyIDs": .array(ids.map(JSONValue.string)),
        ]
        context.console.result(common.json ? object.line : SafeText.escaped(path))
        return .trusted
    }

    private func write(_ request: SignerRequest, to path: String) throws(Refusal) {
        let bytes = request.bytes
        do throws(FileError) {
            if join != nil {
                try DurableFile.write(bytes.span, to: path, mode: 0o644)
            } else {
                try NewFile.write(bytes.span, to: path, mode: 0o644)
            }
        } catch {
            if case .other(_, NewFile.existsCode) = error {
                throw Refusal(.usage, checked: "--out \(path)", found: "the file is there already", cause: error)
            }
            throw Refusal.file(error, checked: "the request \(path)")
        }
    }
}
