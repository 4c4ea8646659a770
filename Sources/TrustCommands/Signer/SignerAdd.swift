import ArgumentParser
import ContentTrust
import OCI
import TUF
import TrustCrypto

/// `trustctl signer add`
struct SignerAdd: TrustCommand {
    static let title = "signer add"
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Let a signer sign the tags that match some patterns, or change what a signer may do.",
        discussion: """
            Takes the keys out of the signer's request, or out of the key stores; a signer for whom there is neither gets a new \
            key, which key export brings to the machine that is to sign with it. Needs the targets key. In patterns * stands for \
            any characters and ? for one: --tag 'v1.*'. Of several signers for one tag the first who lists it has the last word, \
            after the targets key, which always comes first. Asks where tags become signed by it: those in a request, and those \
            of a change that waits.
            """
    )

    @Argument(help: ArgumentHelp("Repository, or oci:PATH.", valueName: "repo"))
    var repository: String

    @Argument(help: SignerName.help)
    var name: String

    @Option(
        help: ArgumentHelp("File that trustctl signer request wrote.", valueName: "file"),
        completion: .file()
    )
    var request: String?

    @Option(help: ArgumentHelp("Tags it may sign; may be repeated.", valueName: "pattern"))
    var tag: [String] = []

    @Option(
        help: ArgumentHelp("First hexadecimal digits of the SHA-256 of tags it may sign, instead.", valueName: "hex")
    )
    var pathHashPrefix: [String] = []

    @Option(help: ArgumentHelp("How many of its keys must sign; all when not given.", valueName: "n"))
    var threshold: Int?

    @Flag(inversion: .prefixedNo, help: "Nobody who comes later may sign these tags, also those that it does not.")
    var terminating: Bool?

    @Option(help: ArgumentHelp("Signer that is to come after it; last when not given.", valueName: "name"))
    var before: String?

    @Flag(name: [.short, .long], help: "Do not ask.")
    var yes = false

    @OptionGroup var signerKeys: SignerKeyOptions
    @OptionGroup var keys: KeyOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: store.arguments, keys: keys.stores) }

    mutating func validate() throws {
        guard tag.isEmpty || pathHashPrefix.isEmpty else {
            throw ValidationError("--tag and --path-hash-prefix exclude each other.")
        }
        let digits = Set("0123456789abcdefABCDEF".utf8)
        guard pathHashPrefix.allSatisfy({ (1...64).contains($0.utf8.count) && digits.isSuperset(of: $0.utf8) }) else {
            throw ValidationError("--path-hash-prefix needs hexadecimal digits.")
        }
        guard request == nil || signerKeys.ids.isEmpty && signerKeys.keyType == nil else {
            throw ValidationError("--request brings the keys; --key and --key-type are for keys in the key stores.")
        }
    }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let subject = try ImageReference.subject(parsing: repository)
        let location = try store.location(context.environment)
        let name = try SignerName.parse(name, at: location)
        let next: RoleName? = if let before { try SignerName.parse(before, at: location) } else { nil }
        let request: SignerRequest? = if let request { try SignerRequestFile.read(request, of: name) } else { nil }
        let home = try common.trustHome(context.environment)
        let report = try await context.withPublisher(
            common,
            network,
            keys,
            unencryptedUnsafe: signerKeys.unsafeUnencrypted,
            for: [subject]
        ) { publisher, session async throws(Refusal) in
            let overview = try await publisher.signerOverview(of: subject, at: location)
            let present = overview.signers.first { $0.role.name == name }
            let signer = try NewSigner(
                name: name,
                keys: try await keys(of: name, request, present, overview, publisher, home, context),
                threshold: threshold ?? (request == nil ? present?.role.keys.threshold : nil),
                scope: try scope(present, subject, location),
                isTerminating: terminating ?? present?.role.isTerminating ?? false,
                first: try request.map(SignerRequestFile.verified),
                before: next,
                replacing: present?.role
            )
            if let change = try await publisher.change(letInBy: signer, of: subject, at: location) {
                context.console.alert("with the signer this is published:")
                for line in TagChangeText.lines(change.tags, of: subject) { context.console.alert(line) }
                guard try yes ? true : Confirmation.isGiven("Publish this?", context) else {
                    throw Refusal(
                        .usage,
                        checked: "the signer \(name) of \(subject)",
                        found: "nothing was published",
                        next:
                            "to throw a waiting change away: trustctl signer sign --discard \(subject.argument) \(name)"
                    )
                }
            }
            return try await publisher.putSigner(signer, of: subject, at: location)
        }
        var outcomes = PublishOutcomes(
            title: Self.title,
            json: common.json,
            console: context.console,
            suggested: suggested
        )
        outcomes.add(
            PublishText(subject: subject, report: report, storeArguments: store.arguments),
            results: ["\(SafeText.escaped(subject.description)) \(name)"]
        )
        return outcomes.reason
    }

    private func keys(
        of name: RoleName,
        _ request: SignerRequest?,
        _ present: SignerOverview.Signer?,
        _ overview: SignerOverview,
        _ publisher: Publisher,
        _ home: TrustHome,
        _ context: CommandContext
    ) async throws(Refusal) -> [TUFKey] {
        if let request { return request.keys }
        // Whoever changes the scope alone does not mean other keys.
        if let present, signerKeys.ids.isEmpty, signerKeys.keyType == nil { return present.keys }
        return try await signerKeys.keys(
            of: name,
            repository: overview.repository,
            publisher.signers,
            keys.stores,
            home,
            context.console
        )
    }

    private func scope(
        _ present: SignerOverview.Signer?,
        _ subject: Subject,
        _ location: StoreLocation?
    ) throws(Refusal) -> DelegatedRole.Scope {
        if !pathHashPrefix.isEmpty { return .pathHashPrefixes(pathHashPrefix.map { $0.lowercased() }) }
        if !tag.isEmpty { return .paths(tag.map(PathPattern.init)) }
        if let present { return present.role.scope }
        // Docker's signers may sign every tag.
        if location?.dialect == .notary { return .prefixes([""]) }
        throw Refusal(
            .usage,
            checked: "the signer \(name) of \(subject)",
            found: "nothing that it may sign",
            expected: "--tag PATTERN, such as --tag 'v1.*', or --tag '*' for all tags"
        )
    }
}
