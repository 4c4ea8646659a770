import ArgumentParser
import ContentTrust
import TUF

/// `trustctl notary witness`
struct NotaryWitness: TrustCommand {
    static let title = "notary witness"
    static let configuration = CommandConfiguration(
        commandName: "witness",
        abstract: "Sign signers' roles on a Notary server anew, as they stand.",
        discussion: """
            For roles whose keys were changed, or that have expired: nobody can verify them until one of their present keys has \
            signed them. Look at what they list first.
            """
    )

    @Argument(help: ArgumentHelp("The collection, by the name of its repository.", valueName: "repo"))
    var repository: String

    @Argument(help: ArgumentHelp("Signers, or releases.", valueName: "name"))
    var names: [String]

    @OptionGroup(title: "Lifetimes") var lifetimes: LifetimeOptions
    @OptionGroup var keys: KeyOptions
    @OptionGroup var server: NotaryServerOption
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: server.arguments, keys: keys.stores) }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let subject = try ImageReference.subject(parsing: repository)
        let location = try server.location(context.environment)
        var roles: [RoleName] = []
        for name in names { roles.append(try SignerName.parse(name, at: location)) }
        let wanted = roles
        let report = try await context.withPublisher(
            common,
            network,
            keys,
            lifetimes: lifetimes.choices(),
            for: [subject]
        ) { publisher, _ async throws(Refusal) in
            try await publisher.witness(wanted, of: subject, at: location)
        }
        var outcomes = PublishOutcomes(
            title: Self.title,
            json: common.json,
            console: context.console,
            suggested: suggested
        )
        outcomes.add(
            PublishText(subject: subject, report: report, storeArguments: server.arguments),
            results: wanted.map { SafeText.escaped("\(subject) \($0)") }
        )
        return outcomes.reason
    }
}
