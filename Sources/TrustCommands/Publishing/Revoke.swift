import ArgumentParser
import ContentTrust
import OCI
import TUF

/// `trustctl revoke`
struct Revoke: TrustCommand {
    static let title = "revoke"
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Take tags out of the trust data.",
        discussion: """
            The tag stays in the registry, and verify refuses it with unsigned-tag. A tag that was not signed is refused \
            with the same reason; the others are taken out all the same. Prints REPO:TAG for each tag that was taken out.
            """
    )

    @Argument(help: ArgumentHelp("References with their tags, or oci:PATH:TAG.", valueName: "ref"))
    var references: [String]

    @Option(
        help: ArgumentHelp("Take them out of what a signer of the repository has signed.", valueName: "name")
    )
    var signer: String?

    @OptionGroup var keys: KeyOptions
    @OptionGroup var stores: StoreChoices
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        var groups: [(subject: Subject, tags: [String])] = []
        for text in references {
            let reference = try ImageReference(parsing: text).requireImage()
            // docker's "latest" is not implied: what is taken out has to be named.
            guard let tag = reference.tag?.string, reference.digest == nil else {
                throw Refusal(
                    .usage,
                    checked: "reference \(reference)",
                    found: reference.digest == nil ? "no tag" : "a digest",
                    expected: "REPO:TAG"
                )
            }
            if let index = groups.firstIndex(where: { $0.subject == reference.subject }) {
                if !groups[index].tags.contains(tag) { groups[index].tags.append(tag) }
            } else {
                groups.append((reference.subject, [tag]))
            }
        }
        let choices = try stores.choices(context.environment)
        let wanted = groups
        return try await context.withPublisher(
            common,
            network,
            keys,
            for: groups.map(\.subject)
        ) { publisher, _ async throws(Refusal) in
            var outcomes = PublishOutcomes(title: Self.title, json: common.json, console: context.console)
            for (subject, tags) in wanted {
                for choice in choices {
                    do throws(Refusal) {
                        let report: SignerReport
                        if let signer {
                            let role = try SignerName.parse(signer, at: choice.location)
                            report = try await publisher.revoke(tags, as: role, of: subject, at: choice.location)
                        } else {
                            report = .published(try await publisher.revoke(tags, of: subject, at: choice.location))
                        }
                        func revoked(_ report: PublishReport) -> [String] { tags.filter { report.tags[$0] != .absent } }
                        outcomes.add(
                            report,
                            subject: subject,
                            storeArguments: choice.arguments,
                            results: { revoked($0).map { subject.reference(tag: $0) } },
                            refused: { revoked($0).count == tags.count ? nil : .unsignedTag }
                        )
                    } catch {
                        guard !Task.isCancelled else { throw error }
                        outcomes.add(error, subject: subject, store: choice.name)
                    }
                }
            }
            return outcomes.reason
        }
    }
}
