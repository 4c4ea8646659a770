import ArgumentParser
import ContentTrust
import TUF

/// Which Notary server, for commands that are for these alone.
struct NotaryServerOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The server: notary+https://HOST, or notary for the one that docker would ask.",
            valueName: "store"
        )
    )
    var store = "notary"

    /// The server.
    ///
    /// - Parameter environment: May name docker's.
    /// - Returns: Where it is.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    func location(_ environment: Environment) throws(Refusal) -> StoreLocation {
        let location = try StoreOptions.location(parsing: store, option: "--store", environment)
        guard location.dialect == .notary else {
            throw Refusal(
                .usage,
                checked: "--store \(store)",
                found: "not a Notary server",
                expected: "notary+https://HOST, or notary"
            )
        }
        return location
    }

    /// The option as it is written again in a command that is suggested.
    var arguments: String { " --store \(ShellWord.quoted(store))" }
}
