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
        discussion: "Whoever has made the root file is trusted from then on: get it in a trustworthy way."
    )

    @Argument(help: ArgumentHelp("Root file.", valueName: "file"), completion: .file())
    var root: String

    @OptionGroup var metadata: MetadataDirectoryOption
    @OptionGroup var common: CommonOptions

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let bytes = try InputFile.read(root, limit: TUFLimits().rootLength, option: "the root file")
        let isTrusted: Bool
        do {
            isTrusted = try await metadata.directory.initialize(root: bytes)
        } catch {
            throw Refusal.tuf(error, checked: "the root file \(root)")
        }
        guard isTrusted else {
            throw Refusal(
                .usage,
                checked: "--metadata-dir \(metadata.path)",
                found: "there is another trusted root already",
                next: "remove the directory if that root is no longer meant"
            )
        }
        context.console.note("\(SafeText.escaped(metadata.path)): root.json is trusted")
        return .trusted
    }
}
