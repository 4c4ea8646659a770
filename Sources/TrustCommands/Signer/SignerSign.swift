import ArgumentParser
import ContentTrust
import TUF

/// `trustctl signer sign`
struct SignerSign: TrustCommand {
    static let title = "signer sign"
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Add a signature to a signer's change that waits.",
        discussion: """
            Says what the change does, and asks. With enough signatures it is published at once if the snapshot and timestamp \
            keys are at hand, and else waits for the next trustctl refresh of whoever has them. --discard throws it away.
            """
    )

    @Argument(help: ArgumentHelp("Repository, or oci:PATH.", valueName: "repo"))
    var repository: String

    @Argument(help: SignerName.help)
    var name: String

    @Flag(help: "Throw the change away instead of signing it.")
    var discard = false

    @Flag(name: [.short, .long], help: "Do not ask.")
    var yes = false

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
        return try await context.withPublisher(common, network, keys, for: [subject]) {
            publisher,
            _ async throws(Refusal) in
            let changes = try await publisher.waitingChanges(of: subject, at: location).filter { $0.role == name }
            guard let change = changes.last(where: \.isCurrent) ?? changes.last else {
                throw Refusal(
                    .usage,
                    checked: "what waits for the signer \(name) of \(subject)",
                    found: "nothing",
                    next: "trustctl signer list \(subject.argument)\(store.arguments)"
                )
            }
            var outcomes = PublishOutcomes(
                title: Self.title,
                json: common.json,
                console: context.console,
                suggested: suggested
            )
            let text = WaitingText(subject: subject, change: change, storeArguments: store.arguments)
            for line in text.lines { context.console.alert(line) }
            let question = discard ? "Throw this away?" : "Sign this?"
            guard try yes ? true : Confirmation.isGiven(question, context) else {
                throw Refusal(
                    discard ? .usage : .keyUnavailable,
                    checked: "the change of \(name)",
                    found: "nothing was \(discard ? "thrown away" : "signed")"
                )
            }
            if discard {
                try await publisher.discard(change, of: subject, at: location)
                context.console.note("thrown away")
                context.console.result(common.json ? text.result.line : name.string)
                return .trusted
            }
            outcomes.add(
                try await publisher.sign(change, of: subject, at: location),
                subject: subject,
                storeArguments: store.arguments,
                after: text,
                results: { _ in
                    change.tags.sorted { $0.key < $1.key }.compactMap { tag, change in
                        guard case .signed(let digest?, _) = change else { return nil }
                        return "\(subject.reference(tag: tag))@\(digest)"
                    }
                }
            )
            return outcomes.reason
        }
    }
}
