/// Lengths of time as people read and write them.
package enum SpanWords {
    /// One or two units: `45 s`, `12 min`, `3 h 20 min`, `14 days`.
    ///
    /// - Parameter seconds: The length; negative ones are shown as 0.
    /// - Returns: The text.
    package static func words(_ seconds: Int64) -> String {
        let seconds = max(0, seconds)
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min"
        case ..<172_800:
            let minutes = seconds / 60 % 60
            return minutes == 0 ? "\(seconds / 3600) h" : "\(seconds / 3600) h \(minutes) min"
        default: return "\(seconds / 86_400) days"
        }
    }

    /// The longest that is read, a hundred years, in seconds.
    package static let maximumSeconds: Int64 = 100 * 365 * 86_400

    /// Reads a length of time: `90s`, `15m`, `36h`, `14d`, or `10y` of 365 days.
    ///
    /// - Parameter text: Digits and one unit. No unit is no length: whether `30` means seconds or days differs from tool to
    ///   tool.
    /// - Returns: The length in whole seconds, more than 0; nil for what is none.
    package static func seconds(parsing text: String) -> Int64? {
        guard let unit = text.utf8.last, let factor = factor(unit) else { return nil }
        let digits = text.dropLast()
        guard (1...10).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(digits)
        else { return nil }
        let (seconds, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow, (1...maximumSeconds).contains(seconds) else { return nil }
        return seconds
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
