import ArgumentParser
import CanonicalJSON
import ContentTrust
import TUF
import TUFClient
import TrustTransport

/// `trustctl tuf refresh`
struct TUFRefresh: TrustCommand {
    static let title = "tuf refresh"
    static let configuration = CommandConfiguration(
        commandName: "refresh",
        abstract: "Bring the metadata of a repository up to date."
    )

    @OptionGroup var metadata: MetadataDirectoryOption
    @OptionGroup var repository: MetadataURLOption
    @OptionGroup var http: HTTPOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { http.limit }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let updater = try metadata.updater()
        let set = try await context.withSender(common, http) { sender async throws(Refusal) in
            try await repository.refresh(updater, sender: sender).set
        }
        let (role, at) = set.earliestExpiry
        context.console.note("fresh until \(at), when \(role) expires")
        if common.json {
            var roles: JSONObject = [:]
            for (name, fields) in set.common {
                roles[name.string] = [
                    "version": .integer(fields.version), "expires": .string(fields.expires.description),
                ]
            }
            let object: JSONObject = [
                "reason": .string(Reason.trusted.code), "exitCode": 0, "roles": .object(roles),
            ]
            context.console.result(JSONValue.object(object).line)
        }
        return .trusted
    }
}

/// Where the metadata of a repository is.
struct MetadataURLOption: ParsableArguments {
    @Option(
        name: .customLong("metadata-url"),
        help: ArgumentHelp("URL or directory of the metadata.", valueName: "url")
    )
    var text: String

    /// Updates what is kept.
    ///
    /// - Parameters:
    ///   - updater: Has the trusted root.
    ///   - sender: Asks the server.
    /// - Returns: The verified set, and where more metadata is.
    /// - Throws: ``Refusal``.
    func refresh(
        _ updater: Updater<MetadataDirectory>,
        sender: RequestSender
    ) async throws(Refusal) -> (set: TrustedSet, files: RepositoryFiles) {
        let files = try RepositoryFiles(text, option: "--metadata-url", sender: sender)
        do {
            return (try await updater.refresh(from: files, now: SystemClock().now()), files)
        } catch {
            throw Refusal.tuf(error, checked: "the metadata in \(text)")
        }
    }
}
