import ArgumentParser
import ContentTrust

/// The options of every command.
struct CommonOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Directory of keys, pins and what was seen.", valueName: "dir"),
        completion: .directory
    )
    var home: String?

    @Flag(help: "Print one JSON object a line on standard output.")
    var json = false

    @Flag(name: [.short, .long], help: "Say nothing on standard error but refusals.")
    var quiet = false

    @Flag(name: [.short, .long], help: "Say more on standard error.")
    var verbose = false

    mutating func validate() throws {
        guard !(quiet && verbose) else { throw ValidationError("--quiet and --verbose exclude each other.") }
        guard home.map(\.isEmpty) != true else { throw ValidationError("--home needs a directory.") }
    }

    /// How much the console says.
    var verbosity: Console.Verbosity { quiet ? .quiet : verbose ? .verbose : .normal }

    /// The state of trustctl: `--home`, else `TRUSTCTL_HOME`, else `~/.trustctl`.
    ///
    /// - Parameter environment: Has `TRUSTCTL_HOME` and `HOME`.
    /// - Returns: Where state is kept; the directory need not exist.
    /// - Throws: ``Refusal`` with ``Reason/usage`` when none of them says anything.
    func trustHome(_ environment: Environment) throws(Refusal) -> TrustHome {
        if let path = home ?? environment["TRUSTCTL_HOME"] { return TrustHome(path: path) }
        guard let directory = environment["HOME"] else {
            throw Refusal(
                .usage,
                checked: "where trustctl keeps its state",
                found: "neither --home nor TRUSTCTL_HOME nor HOME is set",
                next: "set TRUSTCTL_HOME, to /var/lib/trustctl for a daemon"
            )
        }
        return TrustHome(path: "\(directory)/.trustctl")
    }
}
