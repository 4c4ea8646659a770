import ArgumentParser
import ContentTrust

/// `--fail-on`: from which severity on a finding decides the exit status.
enum FailOnArgument: String, Sendable, ExpressibleByArgument, CaseIterable {
    case error, warning

    /// The severity.
    var severity: Severity {
        switch self {
        case .error: .error
        case .warning: .warning
        }
    }
}
