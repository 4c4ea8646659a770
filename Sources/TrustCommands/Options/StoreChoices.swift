import ArgumentParser
import ContentTrust

/// Where trust data is published, in one place or in several: both the old one and the new one, while people move.
struct StoreChoices: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Trust store: registry, oci:PATH, dir:PATH, notary+https://HOST, or notary for the Notary server that docker would "
                + "ask; may be repeated, to publish to each. The registry when not given.",
            valueName: "store"
        )
    )
    var store: [String] = []

    @Option(help: ArgumentHelp("Repository that holds the trust data instead of the image's own.", valueName: "repo"))
    var trustRepository: String?

    /// One place.
    struct Choice: Sendable {
        /// Nil for beside the images.
        let location: StoreLocation?
        /// The options as they are written again in a command that is suggested.
        let arguments: String
        /// The store as the user wrote it; nil where nothing was said.
        let name: String?

        /// A line of standard output: where there are several stores, with the name of this one behind it.
        func result(_ text: String, besides choices: [Choice]) -> String {
            guard choices.count > 1, let name else { return text }
            return "\(text) \(SafeText.escaped(name))"
        }
    }

    private static let registry = "registry"

    mutating func validate() throws {
        guard trustRepository == nil || store.isEmpty || store.contains(Self.registry) else {
            throw ValidationError("--trust-repository is for --store registry.")
        }
        guard Set(store).count == store.count else { throw ValidationError("--store names one place twice.") }
    }

    /// The places, in the order in which they were named.
    ///
    /// - Parameter environment: May name the Notary server.
    /// - Returns: The places, at least one.
    /// - Throws: ``Refusal`` with ``Reason/usage``.
    func choices(_ environment: Environment) throws(Refusal) -> [Choice] {
        var choices: [Choice] = []
        for name in store.isEmpty ? [nil] : store.map(Optional.some) {
            var one = StoreOptions()
            one.store = name == Self.registry ? nil : name
            one.trustRepository = one.store == nil ? trustRepository : nil
            choices.append(Choice(location: try one.location(environment), arguments: one.arguments, name: name))
        }
        return choices
    }
}
