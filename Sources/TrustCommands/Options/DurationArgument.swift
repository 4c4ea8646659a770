import ArgumentParser
import ContentTrust

/// A length of time as the command line writes it: `90s`, `15m`, `36h`, `14d`, or `10y` of 365 days.
struct DurationArgument: Sendable, Hashable {
    /// The length in whole seconds, more than 0.
    let seconds: Int64

    /// The longest accepted, a hundred years.
    static let maximumSeconds: Int64 = 100 * 365 * 86_400

    /// Reads a length of time.
    ///
    /// - Parameter argument: Digits and one unit. No unit is no length: whether `30` means seconds or days differs from
    ///   tool to tool.
    init?(argument: String) {
        guard let unit = argument.utf8.last, let factor = Self.factor(unit) else { return nil }
        let digits = argument.dropLast()
        guard (1...10).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(digits)
        else { return nil }
        let (seconds, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow, (1...Self.maximumSeconds).contains(seconds) else { return nil }
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

    private static func factor(_ unit: UInt8) -> Int64? {
        switch unit {
        case UInt8(ascii: "s"): 1
        case UInt8(ascii: "m"): 60
        case UInt8(ascii: "h"): 3600
        case UInt8(ascii: "d"): 86_400
        case UInt8(ascii: "y"): 365 * 86_400
        default: nil
        }
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
