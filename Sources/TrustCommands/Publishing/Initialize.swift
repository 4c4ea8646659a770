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

    @OptionGroup(title: "Keys") var hierarchy: HierarchyOptions
    @OptionGroup(title: "Lifetimes") var lifetimes: LifetimeOptions
    @OptionGroup var keys: KeyOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let subject = try ImageReference.subject(parsing: repository)
        let location = try store.location()
        let options = try hierarchy.initializeOptions(for: subject)
        let choices = lifetimes.choices(root: hierarchy.rootExpires)
        let report = try await context.withPublisher(
            common,
            network,
            keys,
            lifetimes: choices,
            unencryptedUnsafe: hierarchy.unsafeUnencrypted,
            for: [subject]
        ) { publisher, _ async throws(Refusal) in
            try await publisher.initialize(subject, at: location, options: options)
        }
        let text = InitializeText(subject: subject, report: report, storeArguments: store.arguments)
        for line in text.lines { context.console.note(line) }
        context.console.result(common.json ? JSONValue.object(text.json).line : report.pinCommand)
        return .trusted
    }
}

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

    @Flag(help: "Store new keys without encryption: whoever can read the key store can sign.")
    var unsafeUnencrypted = false

    @Option(help: ArgumentHelp("Lifetime of the root.", valueName: "time"))
    var rootExpires: DurationArgument?

    @Option(help: ArgumentHelp("For oci:PATH: the name to sign with; local/UUID when not given.", valueName: "name"))
    var name: String?

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
        options.rootThreshold = rootThreshold
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

/// What `init` made, as people and programs read it.
struct InitializeText: Sendable {
    let subject: Subject
    let report: InitializeReport
    let storeArguments: String

    /// The lines for standard error.
    var lines: [String] {
        var lines: [String] = []
        for role in RoleName.topLevel {
            for key in report.keys[role] ?? [] {
                let made = report.madeKeys.contains(key.computedID) ? "new" : "present"
                let until = report.published.expires[role].map { ", good until \($0)" } ?? ""
                lines.append("\(role) key \(key.computedID) (\(made))\(until)")
            }
        }
        let published = PublishText(subject: subject, report: report.published, storeArguments: storeArguments)
        lines += published.lines(Style(isColored: false))
        lines.append("pinned on this machine; everybody else runs:")
        return lines
    }

    /// The object of `--json` output.
    var json: JSONObject {
        var roles: JSONObject = [:]
        for (role, keys) in report.keys {
            let threshold: Int =
                if role == .root, case .keys(_, let threshold) = report.pin.anchor { threshold } else { keys.count }
            roles[role.string] = [
                "keyIDs": .array(keys.map(\.computedID).sorted().map { .string($0.string) }),
                "threshold": .integer(Int64(threshold)),
                "version": report.published.versions[role].map(JSONValue.integer) ?? .null,
                "expires": .optional(report.published.expires[role]),
            ]
        }
        var pin = PinText.json(report.pin)
        pin["reason"] = nil
        pin["exitCode"] = nil
        var object: JSONObject = [
            "reason": .string(Reason.trusted.code),
            "exitCode": 0,
            "repository": .string(subject.description),
            "signedRepository": .string(report.repository),
            "store": .string(report.published.store),
            "identity": .string(report.published.identity.description),
            "pin": .object(pin),
            "pinCommand": .string(report.pinCommand),
            "roles": .object(roles),
            "createdKeys": .array(report.madeKeys.sorted().map { .string($0.string) }),
        ]
        object["refreshBefore"] = report.published.firstExpiry.map { .string($0.at.description) }
        return object
    }
}
