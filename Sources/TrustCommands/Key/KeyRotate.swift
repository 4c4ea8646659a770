import ArgumentParser
import CanonicalJSON
import ContentTrust
import KeyStorage
import TUF
import TrustCrypto

/// `trustctl key rotate`
struct KeyRotate: TrustCommand {
    static let title = "key rotate"
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Give roles of a repository new keys.",
        discussion: """
            Makes the new keys, has the root that lists them signed by enough of the root keys so far and of the new ones, \
            and signs anew what the replaced keys had signed, in one publish. Whoever has pinned an earlier root follows by \
            itself. When it is interrupted, the same command goes on with the keys that it had made. The old private \
            keys stay where they are unless --delete-old is given; those of Notary servers always stay.
            """
    )

    @Argument(help: ArgumentHelp("Repository, or oci:PATH.", valueName: "repo"))
    var repository: String

    @Option(help: ArgumentHelp("Role: root, targets, snapshot or timestamp; may be repeated.", valueName: "role"))
    var role: [String]

    @Option(help: ArgumentHelp("Algorithm of new keys; that of the old ones when not given.", valueName: "type"))
    var keyType: KeyAlgorithmArgument?

    @Option(
        name: .customLong("key"),
        help: ArgumentHelp(
            "New key that is there already: its id in a key store, or a PEM file with its public half. For one role. On a "
                + "Notary server the present root key gets a new certificate.",
            valueName: "key"
        )
    )
    var newKey: String?

    @Option(
        help: ArgumentHelp(
            "Id of the key to replace where a role has several; may be repeated. As many new keys are made.",
            valueName: "id"
        )
    )
    var replace: [String] = []

    @Flag(
        inversion: .prefixedNo,
        help: "On a Notary server: whether the server is to have the new snapshot key. Where it was when not given."
    )
    var serverManaged: Bool?

    @Flag(help: "Delete the old private keys once the new metadata was published and read back.")
    var deleteOld = false

    @Flag(help: "Store new keys without encryption: whoever can read the key store can sign.")
    var unsafeUnencrypted = false

    @OptionGroup(title: "Lifetimes") var lifetimes: LifetimeOptions
    @OptionGroup var keys: KeyOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: store.arguments, keys: keys.stores) }

    mutating func validate() throws {
        guard newKey == nil || role.count == 1 && keyType == nil else {
            throw ValidationError("--key is for one --role, and excludes --key-type.")
        }
    }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let subject = try ImageReference.subject(parsing: repository)
        let location = try store.location(context.environment)
        guard !deleteOld || location?.dialect != .notary else {
            throw Refusal(
                .usage,
                checked: "--delete-old",
                found: "a Notary server: the old keys may serve other collections, which nobody here knows of",
                next: "to see what there is: trustctl key list"
            )
        }
        guard serverManaged == nil || location?.dialect == .notary && role == ["snapshot"] else {
            throw Refusal(
                .usage,
                checked: serverManaged == false ? "--no-server-managed" : "--server-managed",
                found: "not the snapshot key of a Notary server",
                expected: "--role snapshot and --store notary+https://HOST"
            )
        }
        let home = try common.trustHome(context.environment)
        let stores = keys.stores.stores(home)
        let rotation = try await rotation(stores)
        let (report, oldKeys, tags) = try await context.withPublisher(
            common,
            network,
            keys,
            lifetimes: lifetimes.choices(),
            unencryptedUnsafe: unsafeUnencrypted,
            isNotary: location?.dialect == .notary,
            for: [subject]
        ) { publisher, session async throws(Refusal) in
            let old = OldKeys(stores: stores, home: home)
            var deleted: Set<KeyID> = []
            let report = try await publisher.rotate(rotation, of: subject, at: location) {
                (report) async throws(Refusal) in
                guard deleteOld else { return }
                deleted = try await old.delete(report)
            }
            let fates = try await old.fates(report, deleted: deleted)
            guard rotation.roles.contains(.targets) else { return (report, fates, [SignedTag]?.none) }
            var options = TrustVerifier.Options()
            options.signedName = report.published.repository
            do throws(Refusal) {
                let data = try await TrustVerifier(session: session, options: options)
                    .trustData(of: subject, at: location)
                return (report, fates, try await data.tagsOfTargetsKeys())
            } catch {
                // The keys are replaced, and that must be told whatever comes after it.
                let problem = SafeText.escaped("\(error)")
                context.console.alert("the tags that were signed anew cannot be listed: \(problem)")
                return (report, fates, nil)
            }
        }
        let text = RotationText(
            subject: subject,
            report: report,
            oldKeys: oldKeys,
            tags: tags,
            storeArguments: store.arguments,
            suggested: suggested
        )
        for line in text.lines(context.console.style) { context.console.note(line) }
        // The server has its own, and a key that was named is where it was.
        let isOurs = { (role: RoleName) in role != .timestamp && (role != .snapshot || serverManaged == false) }
        let made = newKey == nil ? report.roles.filter { isOurs($0.role) }.flatMap(\.added) : []
        let handOver = keys.stores.handOver(made, unencrypted: unsafeUnencrypted, at: location)
        for line in handOver { context.console.note(line) }
        if common.json {
            context.console.result(JSONValue.object(text.json).line)
        } else {
            let lines = report.roles.flatMap { role in role.added.map { "\(role.role) \($0.computedID)" } }
            context.console.result(lines: lines)
        }
        return .trusted
    }

    private func rotation(_ stores: KeyStoreSet) async throws(Refusal) -> KeyRotation {
        var roles: [RoleName] = []
        for text in role {
            guard let name = RoleName.topLevel.first(where: { $0.string == text }) else {
                throw Refusal(
                    .usage,
                    checked: "--role \(ReferenceText.shortened(text))",
                    found: "not a role whose keys the root lists",
                    expected: "root, targets, snapshot or timestamp",
                    next: "for a signer's key: trustctl signer add \(ShellWord.quoted(repository)) "
                        + "\(ShellWord.quoted(text)) --key-type ecdsa-p256"
                )
            }
            roles.append(name)
        }
        var rotation = KeyRotation(roles: roles)
        rotation.algorithm = keyType?.algorithm
        rotation.serverManaged = serverManaged
        for text in replace { rotation.replaced.insert(try KeyIDArgument.keyID(text, option: "--replace")) }
        if let newKey, let role = roles.first {
            let key = try await NamedKey.find(newKey, in: stores, option: "--key")
            rotation.newKeys[role] = key
        }
        return rotation
    }
}
