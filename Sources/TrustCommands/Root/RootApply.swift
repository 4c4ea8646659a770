import ArgumentParser
import ContentTrust
import TUF

/// `trustctl root apply`
struct RootApply: TrustCommand {
    static let title = "root apply"
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Publish a proposal that enough root keys have signed.",
        discussion: """
            Roles whose keys it changes are signed anew in the same publish: their new keys, and the timestamp key, must be at \
            hand. Whoever has pinned an earlier root follows by itself.
            """
    )

    @Argument(help: ArgumentHelp("Repository, or oci:PATH.", valueName: "repo"))
    var repository: String

    @Argument(help: ArgumentHelp("The proposal.", valueName: "file"), completion: .file())
    var file: String

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
        let proposal = try ProposalFile.read(file)
        let report = try await context.withPublisher(
            common,
            network,
            keys,
            lifetimes: lifetimes.choices(),
            for: [subject]
        ) { publisher, _ async throws(Refusal) in
            try await publisher.applyRoot(proposal, of: subject, at: location, file: file)
        }
        var outcomes = PublishOutcomes(
            title: Self.title,
            json: common.json,
            console: context.console,
            suggested: suggested
        )
        outcomes.add(
            PublishText(subject: subject, report: report, storeArguments: store.arguments),
            results: ["\(SafeText.escaped(subject.description)) \(proposal.proposed.common.version)"]
        )
        return outcomes.reason
    }
}
