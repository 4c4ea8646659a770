import ArgumentParser
import CanonicalJSON
import ContentTrust

/// `trustctl notary follow`
struct NotaryFollow: TrustCommand {
    static let title = "notary follow"
    static let configuration = CommandConfiguration(
        commandName: "follow",
        abstract: "Pin the trust data in a registry that continues a pinned Notary collection.",
        discussion: """
            Needs a pin of the collection on this machine, and nothing else: the trust data is pinned only when as many of the \
            collection's root keys have signed it as had to sign its own root. The Notary server is not asked; it may be gone.
            """
    )

    @Argument(help: ArgumentHelp("The collection, by the name of its repository.", valueName: "repo"))
    var collection: String

    @Option(help: ArgumentHelp("Repository with the trust data; the same when not given.", valueName: "repo"))
    var to: String?

    @Flag(help: "Take the place of another pin of the repository.")
    var replace = false

    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let gun = try ImageReference.subject(parsing: collection)
        let subject = try to.map { (text) throws(Refusal) in try ImageReference.subject(parsing: text) } ?? gun
        let location = try store.location(context.environment)
        let followed = try await context.withSession(common, network, for: [subject]) { session async throws(Refusal) in
            try await TrustVerifier(session: session).follow(gun, to: subject, at: location, replacing: replace)
        }
        let line = PinText.line(followed.pin)
        context.console.note(
            SafeText.escaped(
                "\(followed.gun) continues there, signed by the keys of Notary's root \(followed.notaryRoot)"
            )
        )
        context.console.note(followed.isNew ? "pinned \(line)" : "already pinned: \(line)")
        if common.json {
            var object = PinText.json(followed.pin)
            object["changed"] = .boolean(followed.isNew)
            object["continues"] = .string(followed.gun)
            context.console.result(JSONValue.object(object).line)
        } else {
            context.console.result(followed.pin.command)
        }
        return .trusted
    }
}
