import ArgumentParser
import CanonicalJSON
import ContentTrust
import TUF
import TUFClient
import TrustTransport

/// `trustctl tuf download`
struct TUFDownload: TrustCommand {
    static let title = "tuf download"
    static let configuration = CommandConfiguration(
        commandName: "download",
        abstract: "Fetch targets of a repository, verified, into a directory.",
        discussion: """
            Brings the metadata up to date first. Prints the file of each target, whose name is that of the target, \
            percent-encoded. A file that is there already and is the right one is not fetched. Stops at the first target \
            that cannot be had; nothing unverified is ever left in the directory.

            With --map, the map says where the repositories are, and as many of them as it demands must agree on the length and \
            digests of a target. Their metadata is in the directories of the metadata directory that are named as they are.
            """
    )

    @Argument(help: ArgumentHelp("Targets, as the metadata names them.", valueName: "target"))
    var targets: [String]

    @OptionGroup var metadata: MetadataDirectoryOption
    @OptionGroup var repository: MetadataURLOption

    @OptionGroup var map: MapOption

    @Option(help: ArgumentHelp("URL or directory of the target files.", valueName: "url"))
    var targetBaseUrl: String?

    @Option(help: ArgumentHelp("Directory for the targets.", valueName: "dir"), completion: .directory)
    var targetDir: String

    @OptionGroup var http: HTTPOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { http.limit }

    mutating func validate() throws {
        guard (map.path == nil) == (repository.text != nil), (map.path == nil) == (targetBaseUrl != nil) else {
            throw ValidationError("Either --metadata-url and --target-base-url are needed, or --map.")
        }
    }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        var paths: [TargetPath] = []
        for text in targets {
            do {
                paths.append(try TargetPath(text))
            } catch {
                throw Refusal(.usage, checked: "the target \(text)", found: "not a target's name", cause: error)
            }
        }
        if let map = try map.load() {
            try await download(paths, map, context)
        } else {
            try await download(paths, context)
        }
        return .trusted
    }

    private func download(_ paths: [TargetPath], _ map: RepositoryMap, _ context: CommandContext) async throws(Refusal)
    {
        try await context.withSender(common, http) { sender async throws(Refusal) in
            let places = try MappedPlaces(map, sender: sender)
            let client = places.client(in: metadata.path)
            let download = MappedDownload(places: places, client: client, directory: targetDir)
            for path in paths {
                let (file, target) = try await download.fetch(path)
                report(file, context.console) { MappedDownload.json(path, file: file, target) }
            }
        }
    }

    private func download(_ paths: [TargetPath], _ context: CommandContext) async throws(Refusal) {
        guard let targetBaseUrl else { throw Refusal(.usage, checked: "--target-base-url", found: "none") }
        let updater = try metadata.updater()
        try await context.withSender(common, http) { sender async throws(Refusal) in
            let (set, files) = try await repository.refresh(updater, sender: sender)
            let download = TargetDownload(
                files: try RepositoryFiles(targetBaseUrl, option: "--target-base-url", sender: sender),
                directory: targetDir,
                consistentSnapshot: set.root.payload.consistentSnapshot
            )
            for path in paths {
                let checked = "the target \(path)"
                let found: FoundTarget?
                do throws(UpdateError<RepositoryFilesError>) {
                    found = try await updater.find(path, in: set, from: files)
                } catch {
                    throw Refusal.tuf(error, checked: checked)
                }
                guard let found else {
                    throw Refusal(
                        .unsignedTag,
                        checked: checked,
                        found: "no role that may list it does",
                        expected: "a name as the metadata has it"
                    )
                }
                let file = try await download.fetch(path, found.record)
                report(file, context.console) {
                    [
                        "reason": .string(Reason.trusted.code), "exitCode": 0, "target": .string(path.string),
                        "role": .string(found.role.string), "file": .string(file),
                        "length": .integer(found.record.length),
                    ]
                }
            }
        }
    }

    private func report(_ file: String, _ console: Console, json: () -> JSONValue) {
        console.result(common.json ? json().line : SafeText.escaped(file))
    }
}
