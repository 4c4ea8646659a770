import ArgumentParser
import CanonicalJSON
import ContentTrust
import TUF
import TrustCrypto

/// `trustctl init`
struct Initialize: TrustCommand {
    static let title = "init"
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make the keys of a repository and publish its first, empty trust data.",
        discussion: """
            Makes fresh targets, snapshot and timestamp keys, and a root key unless there is one: one root key may serve \
            many repositories. Pins the root on this machine and prints the pin add line for everybody who verifies. The \
            root key is not needed again for signing: keep it off line.
            """
    )

    @Argument(help: ArgumentHelp("Repository, or oci:PATH.", valueName: "repo"))
    var repository: String

    @Flag(name: [.short, .long], help: "Do not ask before a lost root is replaced.")
    var yes = false

    @OptionGroup(title: "Keys") var hierarchy: HierarchyOptions
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
        let options = try hierarchy.initializeOptions(for: subject)
        if hierarchy.unsafeReplaceLostRoot, !yes {
            let question = "Replace the root of \(SafeText.escaped(subject.description))? Everybody has to pin anew."
            guard try Confirmation.isGiven(question, context) else {
                throw Refusal(.usage, checked: "the wish to do this", found: "no")
            }
        }
        let choices = lifetimes.choices(root: hierarchy.rootExpires)
        let report = try await context.withPublisher(
            common,
            network,
            keys,
            lifetimes: choices,
            unencryptedUnsafe: hierarchy.unsafeUnencrypted,
            isNotary: location?.dialect == .notary,
            for: [subject]
        ) { publisher, _ async throws(Refusal) in
            try await publisher.initialize(subject, at: location, options: options)
        }
        let text = InitializeText(subject: subject, report: report, storeArguments: store.arguments)
        for line in text.lines { context.console.note(line) }
        let made = report.keys.values.joined().filter { report.madeKeys.contains($0.computedID) }
        let handOver = keys.stores.handOver(made, unencrypted: hierarchy.unsafeUnencrypted, at: location)
        for line in handOver { context.console.note(line) }
        context.console.result(common.json ? JSONValue.object(text.json).line : report.pin.command)
        return .trusted
    }
}
