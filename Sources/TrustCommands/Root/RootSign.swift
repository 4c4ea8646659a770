import ArgumentParser
import ContentTrust
import KeyStorage
import TUF
import TrustCrypto

/// `trustctl root sign`
struct RootSign: TrustCommand {
    static let title = "root sign"
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign a proposal with a root key, off line.",
        discussion: """
            Says in plain words what the proposal changes, and asks before each key signs. The file gets the signature; \
            nothing is sent anywhere.
            """
    )

    @Argument(help: ArgumentHelp("The proposal.", valueName: "file"), completion: .file())
    var file: String

    @Option(
        name: .customLong("key"),
        help: ArgumentHelp("Id of the key to sign with; all that are at hand when not given.", valueName: "id")
    )
    var chosen: [String] = []

    @Flag(name: [.short, .long], help: "Do not ask.")
    var yes = false

    @OptionGroup var keys: KeyOptions
    @OptionGroup var common: CommonOptions

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        var proposal = try ProposalFile.read(file)
        for line in ProposalText(proposal: proposal).lines { context.console.alert(line) }
        let home = try common.trustHome(context.environment)
        let signers = keys.signers(home, context)
        let wanted = try await wantedKeys(proposal, signers, keys.stores.stores(home))
        var count = 0
        for key in wanted {
            guard let publicKey = key.publicKey else { continue }
            let question = "Sign this with the root key \(key.computedID)?"
            let isWanted = try yes ? true : Confirmation.isGiven(question, context)
            guard isWanted else { continue }
            proposal = try await proposal.signed(with: publicKey, from: signers)
            // Each signature is kept, whatever becomes of the next.
            try ProposalFile.replace(file, with: proposal)
            context.console.note("signed with \(key.computedID)")
            count += 1
        }
        guard count > 0 else {
            throw Refusal(
                .keyUnavailable,
                checked: "signatures of \(file)",
                found: "nothing was signed"
            )
        }
        context.console.result(
            common.json ? try ProposalText(proposal: proposal).json(file: file).line : SafeText.escaped(file)
        )
        return .trusted
    }

    /// The keys to ask about: those that were named, else all that may sign and are at hand.
    private func wantedKeys(
        _ proposal: RootProposal,
        _ signers: KeyStoreSigners,
        _ stores: KeyStoreSet
    ) async throws(Refusal) -> [TUFKey] {
        let open: [TUFKey]
        do { open = try proposal.unsignedKeys() } catch {
            throw Refusal.metadata(error, checked: "the proposal \(file)", pin: nil)
        }
        guard !open.isEmpty else {
            throw Refusal(
                .usage,
                checked: "the proposal \(file)",
                found: "every root key has signed it",
                next: "to publish it: trustctl root apply REPO \(ShellWord.quoted(file))"
            )
        }
        var wanted: [TUFKey] = []
        guard chosen.isEmpty else {
            for text in chosen {
                let record = try await KeySelection.find(text, in: stores).record
                guard let key = open.first(where: { $0.publicKey.map(record.isKey) == true }) else {
                    throw Refusal(
                        .usage,
                        checked: "the key \(record.keyID)",
                        found: "it has signed, or is no root key of the proposal or of the root before it"
                    )
                }
                wanted.append(key)
            }
            return wanted
        }
        for key in open {
            guard let publicKey = key.publicKey else { continue }
            if await signers.canSign(for: .root, keys: [publicKey], threshold: 1) { wanted.append(key) }
        }
        guard !wanted.isEmpty else {
            throw Refusal(
                .keyUnavailable,
                checked: "root keys that may sign \(file)",
                found: "none is in the key stores",
                expected: "one of \(open.map(\.computedID.string).sorted().joined(separator: ", "))",
                next: "to see what there is: trustctl key list; for a key on another medium: --key-store DIR"
            )
        }
        return wanted
    }
}
