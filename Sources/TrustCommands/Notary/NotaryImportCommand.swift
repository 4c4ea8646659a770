import ArgumentParser
import CanonicalJSON
import ContentTrust
import TUF

/// `trustctl notary import`
struct NotaryImportCommand: TrustCommand {
    static let title = "notary import"
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Carry the signed tags of a Notary server over to trust data in the registry.",
        discussion: """
            Verifies the collection by Notary's rules, then publishes the tags that Docker's readers see, with the digests that \
            they have there, as trust data of the repository. The root key signs once: with --key-store docker:DIR it is used \
            where it is. The new root says that it continues the collection, so that whoever has pinned that one follows with \
            trustctl notary follow. Signers whose keys are at hand come along; the others are named, with what they have to do. \
            The collection stays as it is. An interrupted run is simply run again. A later run carries over what is new, and \
            names the tags that the collection has by then revoked or moved: the exit status is 40 (warning) when any is left \
            as it was. --prune takes out what the collection does not list, also what was signed in the registry alone.
            """
    )

    @Argument(help: ArgumentHelp("The collection, by the name of its repository.", valueName: "repo"))
    var collection: String

    @Option(help: ArgumentHelp("Repository that gets the trust data; the same when not given.", valueName: "repo"))
    var to: String?

    @Option(
        help: ArgumentHelp(
            "Where the collection is: notary+https://HOST, notary:PATH for an archive or docker's directory, or notary for the "
                + "server that docker would ask.",
            valueName: "store"
        )
    )
    var from = "notary"

    @Flag(help: "Say what would be carried over, and change nothing.")
    var dryRun = false

    @Flag(help: "Read expired roles all the same: when the server is gone, nobody renews them.")
    var acceptExpired = false

    @Flag(help: "Take tags out of the trust data that the collection does not list.")
    var prune = false

    @OptionGroup(title: "Lifetimes") var lifetimes: LifetimeOptions
    @OptionGroup var keys: KeyOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    @Flag(help: "Store new keys without encryption: whoever can read the key store can sign.")
    var unsafeUnencrypted = false

    var timeLimit: Duration? { network.limit }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let gun = try ImageReference.subject(parsing: collection)
        let subject = try to.map { (text) throws(Refusal) in try ImageReference.subject(parsing: text) } ?? gun
        let source = try StoreOptions.location(parsing: from, option: "--from", context.environment)
        let target = try store.location(context.environment)
        guard target?.dialect != .notary else {
            throw Refusal(
                .usage,
                checked: "--store \(store.store ?? "")",
                found: "a Notary server",
                expected: "a place for trust data of TUF 1.0"
            )
        }
        return try await context.withPublisher(
            common,
            network,
            keys,
            lifetimes: lifetimes.choices(),
            unencryptedUnsafe: unsafeUnencrypted,
            for: [gun, subject]
        ) { publisher, _ async throws(Refusal) in
            let carrying = NotaryImport(
                publisher,
                of: gun,
                at: source,
                to: subject,
                at: target,
                acceptsExpired: acceptExpired,
                prunes: prune
            )
            let report: NotaryImportReport?
            let plan: NotaryImportPlan
            if dryRun {
                report = nil
                plan = try await carrying.plan()
            } else {
                let done = try await carrying.run()
                report = done
                plan = done.plan
            }
            let text = NotaryImportText(subject: subject, plan: plan, report: report, storeArguments: store.arguments)
            for line in text.lines(context.console.style) { context.console.note(line) }
            if common.json {
                context.console.result(JSONValue.object(text.json).line)
            } else {
                context.console.result(lines: text.results)
            }
            return text.reason
        }
    }
}
