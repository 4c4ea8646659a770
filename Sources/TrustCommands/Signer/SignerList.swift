import ArgumentParser
import CanonicalJSON
import ContentTrust
import OCI
import TUF
import TrustCrypto

/// `trustctl signer list`
struct SignerList: TrustCommand {
    static let title = "signer list"
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the signers of a repository, by priority, and the changes of theirs that wait."
    )

    @Argument(help: ArgumentHelp("Repository, or oci:PATH.", valueName: "repo"))
    var repository: String

    @OptionGroup var verification: VerificationOptions
    @OptionGroup var keys: KeyOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: store.arguments, keys: keys.stores) }

    mutating func validate() throws {
        guard !verification.offline else {
            throw ValidationError("What waits is in the trust store: not with --offline.")
        }
    }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let subject = try ImageReference.subject(parsing: repository)
        let location = try store.location(context.environment)
        let (tags, overview, waiting) = try await context.withPublisher(common, network, keys, for: [subject]) {
            publisher,
            session async throws(Refusal) -> ([SignedTag]?, SignerOverview, [WaitingChange]) in
            let options = try verification.verifierOptions(try session.home.configuration())
            let data = try await TrustVerifier(session: session, options: options).trustData(of: subject, at: location)
            let overview = try await publisher.signerOverview(of: subject, at: location)
            let waiting = try await publisher.waitingChanges(of: subject, at: location)
            // Whose word counts nobody can tell while one file is lost, expired or malformed. Who the signers are, and what
            // can be done about it, has to be told all the same.
            guard !overview.signers.contains(where: \.isLost) else { return (nil, overview, waiting) }
            do throws(Refusal) {
                return (try await data.signedTags(), overview, waiting)
            } catch {
                guard [.expired, .badSignature].contains(error.reason) else { throw error }
                context.console.alert("tags are not counted: \(SafeText.escaped(error.found))")
                return (nil, overview, waiting)
            }
        }
        let counts = tags.map { Dictionary(grouping: $0, by: \.role).mapValues(\.count) }
        let texts = waiting.map { WaitingText(subject: subject, change: $0, storeArguments: store.arguments) }
        if common.json {
            let object: JSONValue = [
                "reason": .string(Reason.trusted.code),
                "exitCode": 0,
                "repository": .string(subject.description),
                "signedRepository": .string(overview.repository),
                "signers": .array(
                    overview.signers.map { signer in Self.json(signer, tags: counts.map { $0[signer.role.name] ?? 0 }) }
                ),
                "waiting": .array(texts.map(\.json)),
            ]
            context.console.result(object.line)
            return .trusted
        }
        if overview.signers.isEmpty {
            context.console.note(
                SafeText.escaped(
                    suggested.completing("no signers; to add one: trustctl signer add \(subject.argument) NAME")
                )
            )
        } else {
            var table = Table(header: ["SIGNER", "MAY SIGN", "TAGS", "VERSION", "EXPIRES", "THRESHOLD", "KEYS"])
            for signer in overview.signers {
                let role = signer.role
                for (index, key) in signer.keys.enumerated() {
                    guard index == 0 else {
                        table.add(["", "", "", "", "", "", key.computedID.string])
                        continue
                    }
                    table.add([
                        role.name.string, Self.scope(role), counts.map { String($0[role.name] ?? 0) } ?? "-",
                        signer.isLost ? "lost" : signer.version.map(String.init) ?? "-",
                        signer.expires?.description ?? "-",
                        "\(role.keys.threshold) of \(role.keys.keyIDs.count)", key.computedID.string,
                    ])
                }
            }
            context.console.result(lines: table.lines)
        }
        for signer in overview.signers where signer.isLost {
            let command = "\(subject.argument) \(signer.role.name)"
            context.console.note(
                SafeText.escaped(
                    suggested.completing(
                        "the file of \(signer.role.name) is lost, and its tags cannot be verified; on a machine that has "
                            + "published it: trustctl refresh \(subject.argument); else: trustctl signer request "
                            + "\(command) --out FILE and trustctl signer add \(command) --request FILE, or trustctl signer "
                            + "remove \(command)"
                    )
                )
            )
        }
        for text in texts { for line in text.lines { context.console.note(line) } }
        return .trusted
    }

    private static func scope(_ role: DelegatedRole) -> String {
        let text: String
        switch role.scope {
        case .paths(let patterns): text = patterns.map(\.string).joined(separator: " ")
        case .pathHashPrefixes(let prefixes): text = "hashes " + prefixes.joined(separator: " ")
        case .prefixes(let prefixes): text = prefixes.map { "\($0)*" }.joined(separator: " ")
        }
        return text + (role.isTerminating ? ", nobody after it" : "")
    }

    private static func json(_ signer: SignerOverview.Signer, tags: Int?) -> JSONValue {
        let role = signer.role
        var object: JSONObject = [
            "name": .string(role.name.string),
            "keyIDs": .array(signer.keys.map { .string($0.computedID.string) }),
            "threshold": .integer(Int64(role.keys.threshold)),
            "terminating": .boolean(role.isTerminating),
            "version": signer.version.map(JSONValue.integer) ?? .null,
            "expires": .optional(signer.expires),
            "isLost": .boolean(signer.isLost),
        ]
        if let tags { object["tagCount"] = .integer(Int64(tags)) }
        switch role.scope {
        case .paths(let patterns): object["paths"] = .array(patterns.map { .string($0.string) })
        case .pathHashPrefixes(let prefixes): object["pathHashPrefixes"] = .array(prefixes.map(JSONValue.string))
        case .prefixes(let prefixes): object["pathPrefixes"] = .array(prefixes.map(JSONValue.string))
        }
        return .object(object)
    }
}
