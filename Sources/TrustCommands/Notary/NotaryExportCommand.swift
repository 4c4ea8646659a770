import ArgumentParser
import CanonicalJSON
import ContentTrust
import OCI
import TUF

/// `trustctl notary export`
struct NotaryExportCommand: TrustCommand {
    static let title = "notary export"
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the signed tags of trust data in the registry to a Notary server.",
        discussion: """
            For those who cannot verify anything else yet. The trust data is verified first; the collection is made where there \
            is none. Tags that it has and the trust data does not list are told, and taken out with --prune. To publish every \
            change to both places, sign with --store registry --store notary+https://HOST.
            """
    )

    @Argument(help: ArgumentHelp("Repository with the trust data, or oci:PATH.", valueName: "repo"))
    var repository: String

    @Option(help: ArgumentHelp("The server: notary+https://HOST, or notary for docker's.", valueName: "store"))
    var to: String

    @Option(
        name: .customLong("as"),
        help: ArgumentHelp("The collection, by the name of its repository; the same when not given.", valueName: "repo")
    )
    var collection: String?

    @Flag(help: "Take tags out that the trust data does not list.")
    var prune = false

    @OptionGroup(title: "Lifetimes") var lifetimes: LifetimeOptions
    @OptionGroup var keys: KeyOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    @Flag(help: "Store new keys without encryption: whoever can read the key store can sign.")
    var unsafeUnencrypted = false

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: store.arguments, keys: keys.stores) }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let subject = try ImageReference.subject(parsing: repository)
        let gun = try collection.map { (text) throws(Refusal) in try ImageReference.subject(parsing: text) } ?? subject
        let server = try StoreOptions.location(parsing: to, option: "--to", context.environment)
        let location = try store.location(context.environment)
        guard server.dialect == .notary, location?.dialect != .notary else {
            throw Refusal(
                .usage,
                checked: "--to \(to)",
                found: "not from the registry to a Notary server",
                expected: "--to notary+https://HOST"
            )
        }
        let report = try await context.withPublisher(
            common,
            network,
            keys,
            lifetimes: lifetimes.choices(),
            unencryptedUnsafe: unsafeUnencrypted,
            for: [subject, gun]
        ) { publisher, _ async throws(Refusal) in
            try await publisher.exportToNotary(subject, at: location, as: gun, on: server, prunes: prune)
        }
        let arguments = " --store \(ShellWord.quoted(to))"
        if let made = report.initialized {
            for line in InitializeText(subject: gun, report: made, storeArguments: arguments).lines {
                context.console.note(line)
            }
            context.console.note(SafeText.escaped(made.pin.command))
        }
        for (tags, fate) in [(report.prunedTags, "taken out"), (report.foreignTags, "left there")] where !tags.isEmpty {
            context.console.note(
                SafeText.escaped(
                    "\(fate), because the trust data does not list them: "
                        + tags.prefix(PublishText.namedTags).joined(separator: ", ")
                        + (tags.count > PublishText.namedTags ? ", ..." : "")
                )
            )
        }
        var outcomes = PublishOutcomes(
            title: Self.title,
            json: common.json,
            console: context.console,
            suggested: suggested
        )
        outcomes.add(
            PublishText(
                subject: gun,
                report: report.published,
                images: report.tags.map { tag in
                    ImageToSign(
                        tag: tag.tag,
                        descriptor: Descriptor(
                            mediaType: tag.mediaType ?? .octetStream,
                            digest: tag.digest,
                            size: tag.size
                        )
                    )
                },
                storeArguments: arguments
            ),
            results: report.tags.map { SafeText.escaped("\(gun.reference(tag: $0.tag))@\($0.digest)") }
        )
        return outcomes.reason
    }
}
