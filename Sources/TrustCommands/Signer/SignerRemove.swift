import ArgumentParser
import ContentTrust

/// `trustctl signer remove`
struct SignerRemove: TrustCommand {
    static let title = "signer remove"
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Let a signer sign no more.",
        discussion: """
            The signer's tags are unsigned from then on, unless --keep-tags lets the targets key sign them instead: then look \
            at them first, with trustctl list. Needs the targets key.
            """
    )

    @Argument(help: ArgumentHelp("Repository, or oci:PATH.", valueName: "repo"))
    var repository: String

    @Argument(help: SignerName.help)
    var name: String

    @Flag(help: "Sign the tags for which its word counts with the targets key.")
    var keepTags = false

    @OptionGroup var keys: KeyOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: store.arguments, keys: keys.stores) }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let subject = try ImageReference.subject(parsing: repository)
        let location = try store.location(context.environment)
        let name = try SignerName.parse(name, at: location)
        let report = try await context.withPublisher(common, network, keys, for: [subject]) {
            publisher,
            _ async throws(Refusal) in
            try await publisher.removeSigner(name, keepingTags: keepTags, of: subject, at: location)
        }
        var outcomes = PublishOutcomes(
            title: Self.title,
            json: common.json,
            console: context.console,
            suggested: suggested
        )
        outcomes.add(
            PublishText(subject: subject, report: report, storeArguments: store.arguments),
            results: ["\(SafeText.escaped(subject.description)) \(name)"]
        )
        return outcomes.reason
    }
}
