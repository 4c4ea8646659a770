import ArgumentParser
import CanonicalJSON
import ContentTrust

/// `trustctl notary delete`
struct NotaryDelete: TrustCommand {
    static let title = "notary delete"
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a collection on a Notary server, with all its history.",
        discussion: """
            Nobody can verify its tags from then on. Keys, pins and what was seen stay on this machine. Take an archive first: \
            trustctl notary mirror.
            """
    )

    @Argument(help: ArgumentHelp("The collection, by the name of its repository.", valueName: "repo"))
    var repository: String

    @Flag(name: [.short, .long], help: "Do not ask.")
    var yes = false

    @OptionGroup var server: NotaryServerOption
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: server.arguments) }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let subject = try ImageReference.subject(parsing: repository)
        let location = try server.location(context.environment)
        let question = "Delete all trust data of \(SafeText.escaped(subject.description)) on the Notary server?"
        guard try yes ? true : Confirmation.isGiven(question, context) else {
            throw Refusal(.usage, checked: "the wish to do this", found: "no")
        }
        try await context.withSession(common, network, for: [subject]) { session async throws(Refusal) in
            try await session.deleteFromNotary(subject, at: location)
        }
        context.console.note("deleted the trust data of \(SafeText.escaped(subject.description)) there")
        if common.json {
            let object: JSONObject = [
                "reason": .string(Reason.trusted.code), "exitCode": 0, "repository": .string(subject.description),
                "changed": true,
            ]
            context.console.result(JSONValue.object(object).line)
        }
        return .trusted
    }
}
