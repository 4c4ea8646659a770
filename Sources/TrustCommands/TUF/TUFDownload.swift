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
            """
    )

    @Argument(help: ArgumentHelp("Targets, as the metadata names them.", valueName: "target"))
    var targets: [String]

    @OptionGroup var metadata: MetadataDirectoryOption
    @OptionGroup var repository: MetadataURLOption

    @Option(help: ArgumentHelp("URL or directory of the target files.", valueName: "url"))
    var targetBaseUrl: String

    @Option(help: ArgumentHelp("Directory for the targets.", valueName: "dir"), completion: .directory)
    var targetDir: String

    @OptionGroup var http: HTTPOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { http.limit }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        var paths: [TargetPath] = []
        for text in targets {
            do {
                paths.append(try TargetPath(text))
            } catch {
                throw Refusal(.usage, checked: "the target \(text)", found: "not a target's name", cause: error)
            }
        }
        let wanted = paths
        let updater = try metadata.updater()
        try await context.withSender(common, http) { sender async throws(Refusal) in
            let (set, files) = try await repository.refresh(updater, sender: sender)
            let download = TargetDownload(
                files: try RepositoryFiles(targetBaseUrl, option: "--target-base-url", sender: sender),
                directory: targetDir,
                consistentSnapshot: set.root.payload.consistentSnapshot
            )
            for path in wanted {
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
                guard common.json else {
                    context.console.result(SafeText.escaped(file))
                    continue
                }
                let object: JSONObject = [
                    "reason": .string(Reason.trusted.code), "exitCode": 0, "target": .string(path.string),
                    "role": .string(found.role.string), "file": .string(file),
                    "length": .integer(found.record.length),
                ]
                context.console.result(JSONValue.object(object).line)
            }
        }
        return .trusted
    }
}
