import ArgumentParser
import ContentTrust
import TUF
import TUFClient

/// `trustctl tuf`
struct TUFCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tuf",
        abstract: "Follow any TUF repository: its metadata and its target files.",
        discussion: """
            A general client for TUF 1.0 repositories over HTTP(S) and in directories. It has nothing to do with images: \
            what is trusted is root.json in the metadata directory, which init puts there.
            """,
        subcommands: [TUFInit.self, TUFRefresh.self, TUFDownload.self]
    )
}

/// The metadata directory of a general TUF client.
struct MetadataDirectoryOption: ParsableArguments {
    @Option(
        name: .customLong("metadata-dir"),
        help: ArgumentHelp("Directory of the trusted metadata.", valueName: "dir"),
        completion: .directory
    )
    var path: String

    var directory: MetadataDirectory { MetadataDirectory(path: path) }

    /// An updater that begins with the trusted root of the directory.
    ///
    /// - Throws: ``Refusal`` with ``Reason/noPin`` when there is none.
    func updater() throws(Refusal) -> Updater<MetadataDirectory> {
        let root: [UInt8]?
        do {
            root = try directory.trustedRoot()
        } catch {
            throw Refusal.tuf(UpdateError<Never>.cache(error), checked: "the trusted root in \(path)")
        }
        guard let root else {
            throw Refusal(
                .noPin,
                checked: "the trusted root in \(path)",
                found: "none",
                next: "with a root file that you trust: trustctl tuf init FILE --metadata-dir \(ShellWord.quoted(path))"
            )
        }
        return Updater(anchor: .root(root), binding: .unbound, cache: directory)
    }
}
