import ArgumentParser
import ContentTrust
import TUF
import TUFClient

/// `trustctl tuf init`
struct TUFInit: TrustCommand {
    static let title = "tuf init"
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Trust a root file, without asking anybody.",
        discussion: """
            Whoever has made the root file is trusted from then on: get it in a trustworthy way. With --map it is the root of \
            one of the repositories of a map, each of which has a directory of its own in the metadata directory.
            """
    )

    @Argument(help: ArgumentHelp("Root file.", valueName: "file"), completion: .file())
    var root: String

    @OptionGroup var metadata: MetadataDirectoryOption
    @OptionGroup var map: MapOption

    @Option(help: ArgumentHelp("The repository of the map whose root it is.", valueName: "name"))
    var repository: String?

    @OptionGroup var common: CommonOptions

    mutating func validate() throws {
        guard (map.path == nil) == (repository == nil) else {
            throw ValidationError("--map and --repository belong together.")
        }
    }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let bytes = try InputFile.read(root, limit: TUFLimits().rootLength, option: "the root file")
        let directory = try directory()
        let isTrusted: Bool
        do {
            isTrusted = try await MetadataDirectory(path: directory).initialize(root: bytes)
        } catch {
            throw Refusal.tuf(error, checked: "the root file \(root)")
        }
        guard isTrusted else {
            throw Refusal(
                .usage,
                checked: "the metadata directory \(directory)",
                found: "there is another trusted root already",
                next: "remove the directory if that root is no longer meant"
            )
        }
        context.console.note("\(SafeText.escaped(directory)): root.json is trusted")
        return .trusted
    }

    /// Where the root belongs.
    private func directory() throws(Refusal) -> String {
        guard let map = try map.load(), let repository else { return metadata.path }
        guard let label = map.repositories.first(where: { $0.string.utf8.elementsEqual(repository.utf8) }) else {
            throw Refusal(
                .usage,
                checked: "--repository \(repository)",
                found: "the map does not define it",
                expected: "one of \(map.repositories.map(\.string).joined(separator: ", "))"
            )
        }
        return "\(metadata.path)/\(label)"
    }
}
