import ArgumentParser
import ContentTrust
import KeyStorage
import TUF

/// `trustctl root propose`
struct RootPropose: TrustCommand {
    static let title = "root propose"
    static let configuration = CommandConfiguration(
        commandName: "propose",
        abstract: "Write a proposal for a new root.",
        discussion: """
            Without any change it only makes the root good for longer. Keys are named by role and id, or by role and a PEM \
            file with the public key: --add-key root=KEY.pem, --remove-key timestamp=ID.
            """
    )

    @Argument(help: ArgumentHelp("Repository, or oci:PATH.", valueName: "repo"))
    var repository: String

    @Option(help: ArgumentHelp("File to write the proposal to.", valueName: "file"), completion: .file())
    var out: String

    @Option(help: ArgumentHelp("Key that may speak for a role; may be repeated.", valueName: "role=key"))
    var addKey: [String] = []

    @Option(help: ArgumentHelp("Key that may not any more; may be repeated.", valueName: "role=id"))
    var removeKey: [String] = []

    @Option(help: ArgumentHelp("How many keys of a role must sign; may be repeated.", valueName: "role=n"))
    var threshold: [String] = []

    @Option(help: ArgumentHelp("Lifetime of the root.", valueName: "time"), transform: DurationArgument.parsing)
    var rootExpires: DurationArgument?

    @OptionGroup var keys: KeyOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: store.arguments, keys: keys.stores) }

    mutating func validate() throws {
        guard rootExpires.map({ $0.seconds >= 60 }) ?? true else {
            throw ValidationError("--root-expires needs at least 60s.")
        }
    }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let subject = try ImageReference.subject(parsing: repository)
        let location = try store.location(context.environment)
        let edit = try await edit(keys.stores.stores(try common.trustHome(context.environment)))
        var lifetimes = LifetimeChoices()
        lifetimes.seconds[.root] = rootExpires?.seconds
        let proposal = try await context.withPublisher(
            common,
            network,
            keys,
            lifetimes: lifetimes,
            for: [subject]
        ) { publisher, _ async throws(Refusal) in
            try await publisher.proposeRoot(edit, of: subject, at: location)
        }
        try ProposalFile.writeNew(proposal, to: out)
        let text = ProposalText(proposal: proposal)
        for line in text.lines { context.console.note(line) }
        context.console.result(common.json ? try text.json(file: out).line : SafeText.escaped(out))
        return .trusted
    }

    private func edit(_ stores: KeyStoreSet) async throws(Refusal) -> RootEdit {
        var edit = RootEdit()
        for text in addKey {
            let (role, value) = try Self.split(text, option: "--add-key")
            edit.addedKeys[role, default: []].append(try await NamedKey.find(value, in: stores, option: "--add-key"))
        }
        for text in removeKey {
            let (role, value) = try Self.split(text, option: "--remove-key")
            edit.removedKeys[role, default: []].insert(try KeyIDArgument.keyID(value, option: "--remove-key"))
        }
        for text in threshold {
            let (role, value) = try Self.split(text, option: "--threshold")
            guard let number = Int(value), number >= 1 else {
                throw Refusal(
                    .usage,
                    checked: "--threshold \(ReferenceText.shortened(text))",
                    found: "not a number from 1",
                    expected: "ROLE=N"
                )
            }
            edit.thresholds[role] = number
        }
        return edit
    }

    private static func split(_ text: String, option: String) throws(Refusal) -> (role: RoleName, value: String) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let role = RoleName.topLevel.first(where: { $0.string == parts[0] }) else {
            throw Refusal(
                .usage,
                checked: "\(option) \(ReferenceText.shortened(text))",
                found: "no role and value",
                expected: "root=, targets=, snapshot= or timestamp= before the value"
            )
        }
        return (role, parts[1])
    }
}
