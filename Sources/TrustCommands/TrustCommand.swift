import ArgumentParser
import ContentTrust

/// A command of trustctl that does something.
///
/// ``Program`` runs it, so that exit status, refusals, deadlines and interruptions are handled in one place.
protocol TrustCommand: ParsableCommand, Sendable {
    /// What the command says of itself in a refusal, such as `sign image`.
    static var title: String { get }

    /// The options that every command has.
    var common: CommonOptions { get }

    /// The longest that the whole command may take; nil for as long as its requests may take.
    var timeLimit: Duration? { get }

    /// The options that the commands it suggests need again.
    var suggested: SuggestedOptions { get }

    /// Does it.
    ///
    /// - Parameter context: What the process was started with, and where to write.
    /// - Returns: ``Reason/trusted``, or the reason of a refusal that was already shown.
    /// - Throws: A ``Refusal`` that is still to be shown.
    func execute(_ context: CommandContext) async throws(Refusal) -> Reason
}

extension TrustCommand {
    var timeLimit: Duration? { nil }
    var suggested: SuggestedOptions { SuggestedOptions() }
}

/// What a command may use besides its options.
struct CommandContext: Sendable {
    /// What the process was started with.
    let environment: Environment
    /// Where to write.
    let console: Console
    /// Whether the time of the command is up.
    let timeLimit: TimeLimit
}
