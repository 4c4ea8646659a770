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
        abstract: "Bring the metadata of a repository up to date.",
        discussion: """
            With --map, that of each repository of the map. One that cannot be brought up to date does not stop the others, \
            and decides the exit status.
            """
    )

    @OptionGroup var metadata: MetadataDirectoryOption
    @OptionGroup var repository: MetadataURLOption
    @OptionGroup var map: MapOption
    @OptionGroup var http: HTTPOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { http.limit }

    mutating func validate() throws {
        guard (map.path == nil) != (repository.text == nil) else {
            throw ValidationError("Either --metadata-url or --map is needed.")
        }
    }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        if let map = try map.load() { return try await refresh(map, context) }
        let updater = try metadata.updater()
        let set = try await context.withSender(common, http) { sender async throws(Refusal) in
            try await repository.refresh(updater, sender: sender).set
        }
        report(set, of: nil, context.console)
        return .trusted
    }

    private func refresh(_ map: RepositoryMap, _ context: CommandContext) async throws(Refusal) -> Reason {
        try await context.withSender(common, http) { sender async throws(Refusal) in
            let places = try MappedPlaces(map, sender: sender)
            let client = places.client(in: metadata.path)
            var reason = Reason.trusted
            for repository in map.repositories {
                do throws(MapText.Failure) {
                    report(try await client.refresh(repository), of: repository, context.console)
                } catch {
                    let refusal = MapText.refusal(error, of: repository, places)
                    guard !Task.isCancelled else { throw refusal }
                    report(refusal, of: repository, context.console)
                    if reason == .trusted { reason = refusal.reason }
                }
            }
            return reason
        }
    }

    private func report(_ set: TrustedSet, of repository: RepositoryLabel?, _ console: Console) {
        let (role, at) = set.earliestExpiry
        console.note("\(repository.map { "\($0): " } ?? "")fresh until \(at), when \(role) expires")
        guard common.json else { return }
        var roles: JSONObject = [:]
        for (name, fields) in set.common {
            roles[name.string] = [
                "version": .integer(fields.version), "expires": .string(fields.expires.description),
            ]
        }
        var object: JSONObject = [
            "reason": .string(Reason.trusted.code), "exitCode": 0, "roles": .object(roles),
        ]
        object["repository"] = repository.map { .string($0.string) }
        console.result(JSONValue.object(object).line)
    }

    private func report(_ refusal: Refusal, of repository: RepositoryLabel, _ console: Console) {
        for line in RefusalText.lines(refusal, subject: repository.string, style: console.style) { console.alert(line) }
        guard common.json else { return }
        var object = RefusalText.json(refusal)
        object["repository"] = .string(repository.string)
        console.result(JSONValue.object(object).line)
    }
}

/// Where the metadata of a repository is.
struct MetadataURLOption: ParsableArguments {
    @Option(
        name: .customLong("metadata-url"),
        help: ArgumentHelp("URL or directory of the metadata.", valueName: "url")
    )
    var text: String?

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
        guard let text else { throw Refusal(.usage, checked: "--metadata-url", found: "none") }
        let files = try RepositoryFiles(text, option: "--metadata-url", sender: sender)
        do {
            return (try await updater.refresh(from: files, now: SystemClock().now()), files)
        } catch {
            throw Refusal.tuf(error, checked: "the metadata in \(text)")
        }
    }
}
