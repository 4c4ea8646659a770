import ArgumentParser
import CanonicalJSON
import ContentTrust
import TUF
import TrustCrypto

/// `trustctl pin add`
struct PinAdd: TrustCommand {
    static let title = "pin add"
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Trust the root of a repository, or of all repositories below a prefix.",
        discussion: """
            Compare the ids with what the publisher told you in some other way; what the registry says proves nothing. \
            The most specific pin counts: one for the repository, else the longest prefix.
            """
    )

    @Argument(help: ArgumentHelp("Repository, or PREFIX/* for all below it.", valueName: "repo|prefix/*"))
    var scope: String

    @OptionGroup var pinned: AnchorOptions

    @Flag(help: "For trust data on Notary servers. --cert and --ca are always.")
    var notary = false

    @Option(help: ArgumentHelp("The name that the trust data carries, for a mirror.", valueName: "repo"))
    var signedAs: String?

    @Flag(help: "Accept trust data of other tools, which carries no name. It could be any repository's with that root.")
    var allowUnnamed = false

    @Flag(help: "Take the place of another pin for the same scope.")
    var replace = false

    @OptionGroup var common: CommonOptions

    mutating func validate() throws {
        guard pinned.isGiven else {
            throw ValidationError("One of --root-key, --root, --cert and --ca must be given.")
        }
        guard !isNotary || !allowUnnamed else {
            throw ValidationError("--allow-unnamed is not for Notary servers: there the certificates carry the name.")
        }
    }

    private var isNotary: Bool { notary || pinned.isForNotary }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let home = try common.trustHome(context.environment)
        let scope = try PinScopeArgument.scope(parsing: scope)
        let signedName = try signedName(scope)
        guard let anchor = try pinned.anchor() else {
            throw Refusal(.internalDefect, checked: "pin add", found: "nothing to pin")
        }
        let pin = Pin(
            scope: scope,
            dialect: isNotary ? .notary : .tuf1,
            anchor: anchor,
            signedName: signedName,
            allowsUnnamed: allowUnnamed
        )
        try checkRoot(of: pin)
        let isNew: Bool
        do throws(PinStoreError) {
            isNew = try await home.pins.add(pin, replacing: replace)
        } catch {
            throw Refusal.pins(error)
        }
        context.console.note(isNew ? "pinned \(PinText.line(pin))" : "already pinned: \(PinText.line(pin))")
        if common.json {
            var object = PinText.json(pin)
            object["changed"] = .boolean(isNew)
            context.console.result(JSONValue.object(object).line)
        }
        return .trusted
    }

    private func signedName(_ scope: PinScope) throws(Refusal) -> String? {
        guard let signedAs else { return nil }
        guard case .repository = scope else {
            throw Refusal(
                .usage,
                checked: "--signed-as \(signedAs)",
                found: "a prefix to pin",
                expected: "one repository that mirrors one other"
            )
        }
        return try SignedName.name(parsing: signedAs)
    }

    /// Refuses a root file that no trust data in the scope could come from.
    private func checkRoot(of pin: Pin) throws(Refusal) {
        guard case .root(let bytes) = pin.anchor else { return }
        let checked = "--root \(pinned.root ?? "")"
        let binding: RepositoryBinding
        switch pin.scope {
        case .repository(let repository):
            binding = pin.binding(for: repository)
        case .prefix:
            guard pin.allowsUnnamed else {
                throw Refusal(
                    .usage,
                    checked: "\(checked) for \(pin.scope)",
                    found: "a root file, which carries the name of one repository",
                    expected: "--root-key for a prefix"
                )
            }
            binding = .unbound
        }
        do throws(TUFError) {
            _ = try RootStage(anchor: pin.anchor, firstRoot: bytes, binding: binding)
        } catch {
            throw Refusal.metadata(error, checked: checked, pin: nil)
        }
    }
}
