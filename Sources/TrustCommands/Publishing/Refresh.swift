import ArgumentParser
import ContentTrust

/// `trustctl refresh`
struct Refresh: TrustCommand {
    static let title = "refresh"
    static let configuration = CommandConfiguration(
        commandName: "refresh",
        abstract: "Sign the timestamp anew, and what else expires soon.",
        discussion: """
            For cron or CI: it needs the timestamp key alone, and the snapshot key where the snapshot expires soon. Run by \
            the publisher it also puts back trust data that the registry has lost. Prints, for each repository, by when \
            it has to be run again.
            """
    )

    @Argument(help: ArgumentHelp("Repositories, or oci:PATH.", valueName: "repo"))
    var repositories: [String]

    @Flag(
        help: "Where files of hash bins are lost and no machine has them: sign these bins anew without a tag."
    )
    var unsafeAcceptLoss = false

    @OptionGroup(title: "Lifetimes") var lifetimes: LifetimeOptions
    @OptionGroup var keys: KeyOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: store.arguments, keys: keys.stores) }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        var subjects: [Subject] = []
        for text in repositories {
            let subject = try ImageReference.subject(parsing: text)
            if !subjects.contains(subject) { subjects.append(subject) }
        }
        let location = try store.location(context.environment)
        let wanted = subjects
        return try await context.withPublisher(
            common,
            network,
            keys,
            lifetimes: lifetimes.choices(),
            for: subjects
        ) { publisher, _ async throws(Refusal) in
            var outcomes = PublishOutcomes(
                title: Self.title,
                json: common.json,
                console: context.console,
                suggested: suggested
            )
            for subject in wanted {
                do throws(Refusal) {
                    let report =
                        unsafeAcceptLoss
                        ? try await publisher.refreshUnsafeAcceptingLoss(subject, at: location)
                        : try await publisher.refresh(subject, at: location)
                    outcomes.add(
                        PublishText(subject: subject, report: report, storeArguments: store.arguments),
                        results: ["\(SafeText.escaped(subject.description)) \(report.firstExpiry.at)"]
                    )
                } catch {
                    guard !Task.isCancelled else { throw error }
                    outcomes.add(error, subject: subject)
                }
            }
            return outcomes.reason
        }
    }
}
