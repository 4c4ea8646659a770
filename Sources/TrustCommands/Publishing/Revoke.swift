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
    var suggested: SuggestedOptions { SuggestedOptions(common, network, keys: keys.stores) }

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
            var outcomes = PublishOutcomes(
                title: Self.title,
                json: common.json,
                console: context.console,
                suggested: suggested
            )
            for (subject, tags) in wanted {
                // Shown when all stores have answered: a tag that only some of them had is taken out, and repeating what was
                // half done ends well.
                var answers: [(choice: StoreChoices.Choice, answer: Result<SignerReport, Refusal>)] = []
                for choice in choices {
                    let answer = await revoke(tags, of: subject, in: choice, publisher)
                    answers.append((choice, answer))
                    if Task.isCancelled { break }
                }
                let absent = Self.absentEverywhere(tags, answers.map(\.answer))
                for (choice, answer) in answers {
                    switch answer {
                    case .success(let report):
                        outcomes.add(
                            report,
                            subject: subject,
                            storeArguments: choice.arguments,
                            results: { report in
                                tags.filter { report.tags[$0] != .absent }.map {
                                    choice.result(subject.reference(tag: $0), besides: choices)
                                }
                            },
                            refused: { _ in absent ? .unsignedTag : nil }
                        )
                    case .failure(let refusal):
                        guard !Task.isCancelled else { throw refusal }
                        outcomes.add(refusal, subject: subject, in: choice)
                    }
                }
            }
            return outcomes.reason
        }
    }

    private func revoke(
        _ tags: [String],
        of subject: Subject,
        in choice: StoreChoices.Choice,
        _ publisher: Publisher
    ) async -> Result<SignerReport, Refusal> {
        do throws(Refusal) {
            guard let signer else {
                return .success(.published(try await publisher.revoke(tags, of: subject, at: choice.location)))
            }
            let role = try SignerName.parse(signer, at: choice.location)
            return .success(try await publisher.revoke(tags, as: role, of: subject, at: choice.location))
        } catch {
            return .failure(error)
        }
    }

    /// Whether some tag was in none of the stores that answered. Where one could not be asked, or waits for signatures,
    /// that is not known.
    private static func absentEverywhere(_ tags: [String], _ answers: [Result<SignerReport, Refusal>]) -> Bool {
        var reports: [PublishReport] = []
        for answer in answers {
            guard case .success(.published(let report)) = answer else { return false }
            reports.append(report)
        }
        return tags.contains { tag in reports.allSatisfy { $0.tags[tag] == .absent } }
    }
}
