import ArgumentParser
import ContentTrust
import TUF

/// How long what is signed is good for.
struct LifetimeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Lifetime of targets metadata.", valueName: "time"),
        transform: DurationArgument.parsing
    )
    var targetsExpires: DurationArgument?

    @Option(
        help: ArgumentHelp("Lifetime of snapshot metadata.", valueName: "time"),
        transform: DurationArgument.parsing
    )
    var snapshotExpires: DurationArgument?

    @Option(
        help: ArgumentHelp("Lifetime of the timestamp: the longest that a freeze can go unnoticed.", valueName: "time"),
        transform: DurationArgument.parsing
    )
    var timestampExpires: DurationArgument?

    mutating func validate() throws {
        for (name, value) in [
            ("targets", targetsExpires), ("snapshot", snapshotExpires), ("timestamp", timestampExpires),
        ] {
            guard value.map({ $0.seconds >= 60 }) ?? true else {
                throw ValidationError("--\(name)-expires needs at least 60s.")
            }
        }
    }

    /// What was chosen; the rest stays as it was, or as it is by default.
    func choices(root: DurationArgument? = nil) -> LifetimeChoices {
        var seconds: [RoleName: Int64] = [:]
        seconds[.root] = root?.seconds
        seconds[.targets] = targetsExpires?.seconds
        seconds[.snapshot] = snapshotExpires?.seconds
        seconds[.timestamp] = timestampExpires?.seconds
        return LifetimeChoices(seconds)
    }
}
