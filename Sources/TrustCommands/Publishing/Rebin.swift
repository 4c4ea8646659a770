import ArgumentParser
import ContentTrust

/// `trustctl rebin`
struct Rebin: TrustCommand {
    static let title = "rebin"
    static let configuration = CommandConfiguration(
        commandName: "rebin",
        abstract: "Spread the tags of a repository over hash bins, in one publish.",
        discussion: """
            With very many tags, whoever verifies one of them need not read them all, and signing one writes one bin. \
            About 500 tags a bin are a good measure; auto begins with none and makes more as the tags become many. 0 \
            takes the tags back into one file.
            """
    )

    @Argument(help: ArgumentHelp("Repository, or oci:PATH.", valueName: "repo"))
    var repository: String

    @Option(help: BinsArgument.help)
    var bins: BinsArgument

    @OptionGroup(title: "Lifetimes") var lifetimes: LifetimeOptions
    @OptionGroup var keys: KeyOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: store.arguments, keys: keys.stores) }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let subject = try ImageReference.subject(parsing: repository)
        let location = try store.location(context.environment)
        let report = try await context.withPublisher(
            common,
            network,
            keys,
            lifetimes: lifetimes.choices(),
            for: [subject]
        ) { publisher, _ async throws(Refusal) in
            try await publisher.rebin(bins.choice, of: subject, at: location)
        }
        var outcomes = PublishOutcomes(
            title: Self.title,
            json: common.json,
            console: context.console,
            suggested: suggested
        )
        outcomes.add(
            PublishText(subject: subject, report: report, storeArguments: store.arguments),
            results: ["\(SafeText.escaped(subject.description)) \(report.bins)"]
        )
        return outcomes.reason
    }
}
