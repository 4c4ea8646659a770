import ArgumentParser
import CanonicalJSON
import ContentTrust
import OCI
import TUF
import TrustCrypto

/// `trustctl list`
struct List: TrustCommand {
    static let title = "list"
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the signed tags of a repository."
    )

    @Argument(help: ArgumentHelp("Repository, or oci:PATH.", valueName: "repo"))
    var repository: String

    @OptionGroup var verification: VerificationOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: store.arguments) }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let subject = try ImageReference.subject(parsing: repository)
        let store = try store.location(context.environment)
        let (data, tags) = try await context.withVerifier(common, network, verification, for: [subject]) {
            verifier async throws(Refusal) in
            let data = try await verifier.trustData(of: subject, at: store)
            return (data, try await data.signedTags())
        }
        context.console.note("\(SafeText.escaped(subject.description)): \(EvidenceText.freshness(data.evidence))")
        if common.json {
            let object: JSONObject = [
                "reason": .string(Reason.trusted.code),
                "exitCode": 0,
                "repository": .string(subject.description),
                "tags": .array(tags.map(\.json)),
                "trustData": EvidenceText.json(data.evidence),
            ]
            context.console.result(JSONValue.object(object).line)
        } else if tags.isEmpty {
            context.console.note("no signed tags")
        } else {
            var table = Table(header: ["TAG", "DIGEST", "SIZE", "MEDIA TYPE", "SIGNED BY"])
            for tag in tags {
                table.add([
                    tag.tag, tag.digest.description, String(tag.size), tag.mediaType?.string ?? "", tag.role.string,
                ])
            }
            context.console.result(lines: table.lines)
        }
        return .trusted
    }
}

extension SignedTag {
    /// The object of `--json` output.
    var json: JSONValue {
        [
            "tag": .string(tag), "digest": .string(digest.description), "size": .integer(size),
            "mediaType": mediaType.map { .string($0.string) } ?? .null, "role": .string(role.string),
        ]
    }
}
