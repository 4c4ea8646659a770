import ArgumentParser
import CanonicalJSON
import ContentTrust
import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `trustctl policy import`
struct PolicyImportCommand: TrustCommand {
    static let title = "policy import"
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Make a policy of what other programs are configured with.",
        discussion: """
            Reads containers' policy.json, the config.json of notary with trust_pinning, and docker's daemon.json with \
            content-trust. Prints the policy on standard output, and on standard error what it made of each scope. What no \
            rule can say becomes stricter, or is refused. Of several files, what each of them lets through is let through.
            """
    )

    @Argument(
        help: ArgumentHelp("The configuration; - for standard input.", valueName: "file"),
        completion: .file(extensions: ["json"])
    )
    var files: [String]

    @OptionGroup var common: CommonOptions

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        var sources: [PolicyImport.Source] = []
        for file in files {
            let bytes = try InputFile.read(
                file,
                limit: PolicyImport.maximumLength,
                option: "configuration",
                isRegular: true
            )
            sources.append(PolicyImport.Source(name: file, bytes: bytes, folder: try Self.folder(of: file)))
        }
        let made = try PolicyImport(of: sources)
        if common.json {
            let notes = made.notes.map { note in
                JSONValue.object([
                    "file": .string(note.file), "line": .integer(Int64(note.line)), "scope": .string(note.scope),
                    "made": .string(note.made),
                ])
            }
            let object: JSONObject = [
                "reason": .string(Reason.trusted.code), "exitCode": 0, "policy": .object(made.policy),
                "notes": .array(notes),
            ]
            context.console.result(JSONValue.object(object).line)
        } else {
            for note in made.notes { context.console.alert(SafeText.escaped(note.description)) }
            context.console.result(lines: JSONValue.object(made.policy).lines)
        }
        return .trusted
    }

    /// The folder of a file with a slash at its end, from the root on: the policy may be put elsewhere.
    private static func folder(of file: String) throws(Refusal) -> String {
        let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
        guard folder.utf8.first != UInt8(ascii: "/") else { return folder }
        guard let path = getcwd(nil, 0) else {
            throw Refusal.file(FileError(code: errno, path: "."), checked: "the folder of \(file)")
        }
        defer { free(path) }
        return "\(String(cString: path))/\(folder)"
    }
}
