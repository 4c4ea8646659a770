import ArgumentParser
import ContentTrust

/// A length of time as the command line writes it: `90s`, `15m`, `36h`, `14d`, or `10y` of 365 days.
struct DurationArgument: Sendable, Hashable {
    /// The length in whole seconds, more than 0.
    let seconds: Int64

    /// Reads a length of time.
    ///
    /// - Parameter argument: Digits and one unit. No unit is no length: whether `30` means seconds or days differs from
    ///   tool to tool.
    init?(argument: String) {
        guard let seconds = SpanWords.seconds(parsing: argument) else { return nil }
        self.seconds = seconds
    }

    /// Reads a length of time for the argument parser, which repeats the value and says what is thrown.
    ///
    /// - Parameter text: What stands on the command line.
    /// - Returns: The length.
    /// - Throws: `ValidationError`, which says what may stand there.
    @Sendable
    static func parsing(_ text: String) throws -> DurationArgument {
        guard let length = DurationArgument(argument: text) else {
            throw ValidationError(
                "write a whole number and a unit, such as 90s, 15m, 36h, 14d or 10y; from 1s to 100y."
            )
        }
        return length
    }
}

/// Lengths of time as people read them.
enum DurationText {
    /// One or two units: `45 s`, `12 min`, `3 h 20 min`, `14 days`.
    ///
    /// - Parameter seconds: The length; negative ones are shown as 0.
    /// - Returns: The text.
    static func words(_ seconds: Int64) -> String { SpanWords.words(seconds) }

    /// As above, for a duration.
    static func words(_ duration: Duration) -> String { words(duration.components.seconds) }
}
