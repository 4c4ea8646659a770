import ArgumentParser
import ContentTrust
import TUF
import TrustCrypto

/// Which keys `init` makes or takes.
struct HierarchyOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Algorithm of new keys.", valueName: "type"))
    var keyType: KeyAlgorithmArgument?

    @Option(help: ArgumentHelp("Algorithm of a new root key, where it is another.", valueName: "type"))
    var rootKeyType: KeyAlgorithmArgument?

    @Option(
        name: .customLong("root-key"),
        parsing: .upToNextOption,
        help: ArgumentHelp("Ids of root keys in the key stores to use.", valueName: "id")
    )
    var rootKeys: [String] = []

    @Option(help: ArgumentHelp("How many of the root keys must sign; all when not given.", valueName: "n"))
    var rootThreshold: Int?

    @Flag(help: "Make a new root key although there is one.")
    var newRootKey = false

    @Flag(
        help: """
            Begin anew with another root in the place of trust data whose root keys are lost. Everybody has to pin anew.
            """
    )
    var unsafeReplaceLostRoot = false

    @Flag(help: "Store new keys without encryption: whoever can read the key store can sign.")
    var unsafeUnencrypted = false

    @Option(
        help: ArgumentHelp("Lifetime of the root.", valueName: "time"),
        transform: DurationArgument.parsing
    )
    var rootExpires: DurationArgument?

    @Option(help: ArgumentHelp("For oci:PATH: the name to sign with; local/UUID when not given.", valueName: "name"))
    var name: String?

    @Option(help: BinsArgument.help)
    var bins: BinsArgument?

    mutating func validate() throws {
        guard rootKeys.isEmpty || !newRootKey else {
            throw ValidationError("--root-key and --new-root-key exclude each other.")
        }
        guard rootExpires.map({ $0.seconds >= 60 }) ?? true else {
            throw ValidationError("--root-expires needs at least 60s.")
        }
    }

    /// What the publisher is told.
    func initializeOptions(for subject: Subject) throws(Refusal) -> InitializeOptions {
        var options = InitializeOptions()
        for role in RoleName.topLevel { options.algorithms[role] = keyType?.algorithm }
        if let rootKeyType { options.algorithms[.root] = rootKeyType.algorithm }
        options.newRootKey = newRootKey
        options.unsafeReplacesLostRoot = unsafeReplaceLostRoot
        options.rootThreshold = rootThreshold
        if let bins { options.bins = bins.choice }
        for text in rootKeys { options.rootKeys.append(try KeyIDArgument.keyID(text, option: "--root-key")) }
        if let name {
            guard case .layout = subject else {
                throw Refusal(
                    .usage,
                    checked: "--name \(ReferenceText.shortened(name))",
                    found: "a repository, which is signed with its own name",
                    expected: "--name only with oci:PATH"
                )
            }
            options.name = try SignedName.name(parsing: name)
        }
        return options
    }
}
