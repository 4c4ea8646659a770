/// Asks one source after the other.
public struct PassphraseChain: PassphraseSource {
    private let sources: [any PassphraseSource]
    private let ways: [String]?

    /// Joins sources.
    ///
    /// - Parameters:
    ///   - sources: In the order in which they are asked; the first that has a passphrase wins.
    ///   - ways: How a passphrase can be given, for people; nil for all the ways that there are.
    public init(_ sources: [any PassphraseSource], ways: [String]? = nil) {
        self.sources = sources
        self.ways = ways
    }

    /// Asks the sources in turn.
    ///
    /// - Parameter request: What the passphrase is needed for.
    /// - Returns: The first answer.
    /// - Throws: What the first source that fails throws; ``KeyStorageError/noPassphraseSource(role:ways:)`` when none
    ///   has a passphrase, so that a program without a terminal fails instead of waiting for one.
    public func passphrase(for request: PassphraseRequest) async throws(KeyStorageError) -> PassphraseAnswer? {
        for source in sources {
            if let answer = try await source.passphrase(for: request) { return answer }
        }
        throw .noPassphraseSource(role: request.role, ways: ways ?? Self.ways(for: request))
    }

    /// How a passphrase can be given, for people.
    static func ways(for request: PassphraseRequest) -> [String] {
        let variables = EnvironmentPassphrases.variables(for: request.role, request.kind)
        return [
            "the environment variable \(variables.joined(separator: " or "))", "--passphrase-file FILE",
            "--passphrase-fd NUMBER", "--passphrase-helper PROGRAM", "a terminal",
        ]
    }
}
