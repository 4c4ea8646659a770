import ArgumentParser
import CanonicalJSON
import ContentTrust
import TUF
import TrustCrypto

/// `trustctl notary mirror`
struct NotaryMirrorCommand: TrustCommand {
    static let title = "notary mirror"
    static let configuration = CommandConfiguration(
        commandName: "mirror",
        abstract: "Copy a collection with its history from a Notary server into a file.",
        discussion: """
            The archive is verified like the server, also when the server is gone: --store notary:FILE. It has the current \
            set, all roots, and every earlier version of each role that the server still has.
            """
    )

    @Argument(help: ArgumentHelp("Repository.", valueName: "repo"))
    var repository: String

    @Option(help: ArgumentHelp("File to write.", valueName: "file"), completion: .file(extensions: ["tar"]))
    var to: String

    @Option(
        help: ArgumentHelp(
            "Notary server: notary+https://HOST, or notary for the one that docker would ask.",
            valueName: "store"
        )
    )
    var store = "notary"

    @Flag(help: "Take the place of a file that is there.")
    var replace = false

    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: " --store \(ShellWord.quoted(store))") }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let subject = try ImageReference.subject(parsing: repository)
        let location = try StoreOptions.location(parsing: store, option: "--store", context.environment)
        guard replace || !NewFile.exists(to) else { throw isThere() }
        let console = context.console
        let report = try await context.withSession(common, network, for: [subject]) { session async throws(Refusal) in
            try await NotaryMirror(session: session).archive(of: subject, at: location) { count in
                console.progress("\(count) files copied")
            }
        }
        console.progress(nil)
        do throws(FileError) {
            if replace {
                try DurableFile.write(report.bytes.span, to: to, mode: 0o644)
            } else {
                try NewFile.write(report.bytes.span, to: to, mode: 0o644)
            }
        } catch {
            if case .other(_, NewFile.existsCode) = error { throw isThere() }
            throw Refusal.file(error, checked: "--to \(to)")
        }
        for line in notes(report) { console.note(SafeText.escaped(line)) }
        console.result(common.json ? json(report).line : SafeText.escaped(to))
        return .trusted
    }

    private func isThere() -> Refusal {
        Refusal(
            .usage,
            checked: "--to \(to)",
            found: "the file is there already",
            next: "the same command with another file, or with --replace"
        )
    }

    private func notes(_ report: NotaryArchiveReport) -> [String] {
        var lines = [
            "\(report.repository): \(report.currentFiles) files of the current set, \(report.roots) roots and "
                + "\(report.historyFiles) earlier files of \(report.roles.count) roles, from \(report.server)"
        ]
        if !report.missingRoots.isEmpty {
            let versions = report.missingRoots.map(String.init).joined(separator: ", ")
            lines.append("the server has no root \(versions); pins for older ones are not followed past that")
        }
        if !report.isComplete {
            lines.append("the history is longer than what one archive takes: part of it is missing")
        }
        switch report.verification {
        case .verified(let pin, let expired, let unreadable):
            let exception = expired.map { ", but for expiry: \($0)" } ?? ""
            lines.append("verified by the pin \(pin.scope)\(exception)")
            for role in unreadable { lines.append("nobody can verify the present file of \(role)") }
        case .unpinned(let claims):
            lines.append("not verified: nothing is pinned for \(report.repository)")
            lines.append(
                "once you have compared the keys with the publisher's: \(claims.pin(for: report.repository).command)"
            )
        }
        return lines
    }

    private func json(_ report: NotaryArchiveReport) -> JSONValue {
        var object: JSONObject = [
            "reason": .string(Reason.trusted.code),
            "exitCode": 0,
            "repository": .string(report.repository),
            "server": .string(report.server),
            "file": .string(to),
            "digest": .string(report.digest.description),
            "size": .integer(Int64(report.bytes.count)),
            "taken": .string(report.taken.description),
            "roots": .integer(Int64(report.roots)),
            "missingRoots": .array(report.missingRoots.map(JSONValue.integer)),
            "roles": .array(report.roles.map { .string($0.string) }),
            "currentFiles": .integer(Int64(report.currentFiles)),
            "historyFiles": .integer(Int64(report.historyFiles)),
            "complete": .boolean(report.isComplete && report.missingRoots.isEmpty),
        ]
        switch report.verification {
        case .verified(let pin, let expired, let unreadable):
            object["verified"] = true
            object["pin"] = .string(pin.scope.description)
            object["expired"] = JSONValue.optional(expired)
            object["unreadableRoles"] = .array(unreadable.map { .string($0.string) })
        case .unpinned:
            object["verified"] = false
            object["pin"] = .null
        }
        return .object(object)
    }
}
