public import TUF

/// How long signed metadata of each role is good for.
public enum DefaultLifetime {
    /// The default lifetime of a role: root 10 years, because it is kept off line and whoever pinned it must not be
    /// surprised; targets and snapshot 3 years; timestamp 14 days, the longest that a freeze goes unnoticed where nobody
    /// asks for more.
    ///
    /// - Parameter role: Any role; delegated roles live as long as targets.
    /// - Returns: Seconds.
    public static func seconds(of role: RoleName) -> Int64 {
        switch role {
        case .root: 3650 * 86_400
        case .timestamp: 14 * 86_400
        default: 1095 * 86_400
        }
    }
}

/// Lifetimes that a publisher chooses; what is not chosen goes on as it was.
public struct LifetimeChoices: Sendable, Hashable {
    /// Seconds for each role that was chosen. Less than a minute is of no use, and is not refused here.
    public var seconds: [RoleName: Int64]

    /// Choices, by default none.
    ///
    /// - Parameter seconds: Seconds for each role that is chosen.
    public init(_ seconds: [RoleName: Int64] = [:]) {
        self.seconds = seconds
    }

    /// The lifetime of a role: what was chosen, else that of its present metadata, else the default.
    func seconds(of role: RoleName, present common: CommonFields?) -> Int64 {
        if let chosen = seconds[role] { return chosen }
        if let common, let issued = common.issued, common.expires > issued {
            return common.expires.seconds(since: issued)
        }
        return DefaultLifetime.seconds(of: role)
    }
}
