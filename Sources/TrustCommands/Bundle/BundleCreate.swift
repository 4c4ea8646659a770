import ArgumentParser
import ContentTrust
import OCI
import TrustCrypto
import TrustTransport

/// `trustctl bundle create`
struct BundleCreate: TrustCommand {
    static let title = "bundle create"
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Write a file that proves what is signed now.",
        discussion: """
            The trust data is verified as resolve does it, and the bundle once more before it is written. REPO takes in all \
            tags, REPO:TAG what one needs. A Notary server's metadata does not say when it was signed: without --tsa nothing \
            in such a bundle proves its time.
            """
    )

    @Argument(help: ArgumentHelp("Repository, or one tag of it; or oci:PATH[:TAG].", valueName: "repo|ref"))
    var reference: String

    @Option(help: ArgumentHelp("The file to write.", valueName: "file"), completion: .file())
    var out: String

    @Flag(help: "Take the place of a file that is there.")
    var replace = false

    @Flag(help: "Put the signed manifest or index in, as the registry serves it for the tag.")
    var withManifest = false

    @Option(
        help: ArgumentHelp("Put the manifest of this platform in, too: OS/ARCH[/VARIANT].", valueName: "platform")
    )
    var platform: String?

    @Option(help: ArgumentHelp("Have it stamped by this service (RFC 3161); needs --tsa-ca.", valueName: "url"))
    var tsa: String?

    @OptionGroup var stamps: TimeStampOptions
    @OptionGroup var verification: VerificationOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: store.arguments) }

    mutating func validate() throws {
        guard (tsa == nil) == (stamps.tsaCa == nil) else {
            throw ValidationError("--tsa and --tsa-ca belong together: a stamp that nobody checked proves nothing.")
        }
    }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let reference = try ImageReference(parsing: reference).requireImage()
        let request = try request(reference, context.environment)
        let authorities = try stamps.authorities()
        let (image, report) = try await context.withVerifier(common, network, verification, for: [reference.subject]) {
            verifier async throws(Refusal) in
            let made = try await verifier.makeBundle(request)
            var bundle = made.bundle
            if let tsa {
                let token = try await context.withSender(common, network.http) { sender async throws(Refusal) in
                    let service = try TimeStampService(tsa, sender: sender)
                    return try await service.stamp(made.bundle.contentDigest, trusting: authorities)
                }
                bundle = bundle.stamped(token)
            }
            var question = BundleQuestion(name: out)
            question.time.authorities = authorities
            question.pin = made.pin
            let opened = try await verifier.open(try TrustBundle(parsing: bundle.bytes, name: out), question)
            return (made.image, BundleReport(bundle: bundle, file: out, opened: opened))
        }
        try write(report.bundle.bytes)
        context.console.note("\(SafeText.escaped(reference.description)): \(report.time)")
        if common.json {
            context.console.result(report.json(image: image).line)
        } else {
            context.console.result(SafeText.escaped(out))
        }
        return .trusted
    }

    private func request(_ reference: ImageReference, _ environment: Environment) throws(Refusal) -> BundleRequest {
        guard reference.tag != nil || reference.digest == nil && !withManifest && platform == nil else {
            throw Refusal(
                .usage,
                checked: "reference \(reference)",
                found: "no tag",
                expected: "REPO:TAG, with a digest, --with-manifest or --platform"
            )
        }
        var request = BundleRequest(subject: reference.subject, tag: reference.tag?.string)
        request.name = out
        request.digest = reference.digest
        request.location = try store.location(environment)
        request.withManifest = withManifest
        request.platform = try platform.map(PlatformArgument.platform)
        return request
    }

    private func write(_ bytes: [UInt8]) throws(Refusal) {
        do throws(FileError) {
            if replace {
                try DurableFile.write(bytes.span, to: out, mode: 0o644)
            } else {
                try NewFile.write(bytes.span, to: out, mode: 0o644)
            }
        } catch {
            if case .other(_, NewFile.existsCode) = error {
                throw Refusal(
                    .usage,
                    checked: "--out \(out)",
                    found: "the file is there already",
                    next: "to write it anew: the same command with --replace",
                    cause: error
                )
            }
            throw Refusal.file(error, checked: "--out \(out)")
        }
    }
}
