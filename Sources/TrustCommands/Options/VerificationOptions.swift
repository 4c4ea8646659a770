import ArgumentParser
import ContentTrust

/// How strictly trust data is looked at.
struct VerificationOptions: ParsableArguments {
    @Flag(help: "Answer from what this machine has seen; ask nobody.")
    var offline = false

    @Option(
        help: ArgumentHelp("Refuse trust data that was signed longer ago, such as 36h.", valueName: "time"),
        transform: DurationArgument.parsing
    )
    var maxStaleness: DurationArgument?

    @Flag(help: "Trust, and pin, the root of a repository that has no pin: whoever answers the first time is believed.")
    var trustOnFirstUse = false

    @Option(help: ArgumentHelp("For oci:PATH: the name that its trust data must carry.", valueName: "name"))
    var name: String?

    /// The options of the verifier.
    ///
    /// - Parameter configuration: Says whether trust on first use is the habit of this machine.
    /// - Returns: The options.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    func verifierOptions(_ configuration: Configuration) throws(Refusal) -> TrustVerifier.Options {
        var options = TrustVerifier.Options()
        options.offline = offline
        options.maximumStaleness = maxStaleness?.seconds
        options.trustOnFirstUse = trustOnFirstUse || configuration.trustOnFirstUse
        options.signedName = try name.map { (name) throws(Refusal) in try SignedName.name(parsing: name) }
        return options
    }
}
