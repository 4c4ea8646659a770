import ArgumentParser
import ContentTrust

/// `trustctl resolve`
struct Resolve: TrustCommand {
    static let title = "resolve"
    static let configuration = CommandConfiguration(
        commandName: "resolve",
        abstract: "Print the signed digest of a tag, without asking what the registry serves for it.",
        discussion: "Like verify, but for a tag that the registry may have moved: what is printed is what was signed."
    )

    @Argument(help: ArgumentHelp("References as docker writes them, or oci:PATH[:TAG].", valueName: "ref"))
    var references: [String]

    @Option(help: ArgumentHelp("Follow the signed index to this platform: OS/ARCH[/VARIANT].", valueName: "platform"))
    var platform: String?

    @OptionGroup var policy: PolicyOption
    @OptionGroup var verification: VerificationOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: store.arguments) }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let request = VerdictRequest(
            references: try VerdictRequest.references(parsing: references),
            platform: try platform.map(PlatformArgument.platform),
            image: .notCompared,
            location: try store.location(context.environment),
            verification: verification,
            policy: try policy.policy(besides: store, verification)
        )
        return try await request.run(context, network: network, common: common, suggested: suggested)
    }
}
