/// `Retry-After` (RFC 9110 §10.2.3): seconds, or a date in one of the three forms of RFC 9110 §5.6.7.
package enum RetryAfter {
    /// Reads the field.
    ///
    /// - Parameters:
    ///   - value: The value of the field.
    ///   - now: Seconds since 1970, for the date forms.
    /// - Returns: The wait, zero for a date that has passed; nil when the value is neither form, which the caller treats
    ///   as no wish.
    package static func delay(_ value: String, now: Int64) -> Duration? {
        let text = trimmed(value)
        if let seconds = ASCII.decimal(text.utf8) {
            return .seconds(seconds)
        }
        guard let date = HTTPDate.unixSeconds(String(text)) else { return nil }
        return .seconds(max(0, date - now))
    }

    private static func trimmed(_ value: String) -> Substring {
        var text = Substring(value)
        while let first = text.utf8.first, first == 0x20 || first == 0x09 { text = text.dropFirst() }
        while let last = text.utf8.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
        return text
    }
}

/// Dates in HTTP fields; always GMT.
package enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994`.
    ///
    /// The name of the day is not compared with the date. Two-digit years are 1970...2069.
    ///
    /// - Parameter text: At most 64 bytes.
    /// - Returns: Seconds since 1970, or nil.
    package static func unixSeconds(_ text: String) -> Int64? {
        guard text.utf8.count <= 64 else { return nil }
        var words = text.split(separator: " ")
        if words.count == 5, words[0].utf8.count == 3 {
            // asctime
            return seconds(day: words[2], month: words[1], year: words[4], time: words[3])
        }
        guard words.count >= 2, words.first?.hasSuffix(",") == true, words.last == "GMT" else { return nil }
        words = Array(words.dropFirst().dropLast())
        switch words.count {
        case 4:
            return seconds(day: words[0], month: words[1], year: words[2], time: words[3])
        case 2:
            let date = words[0].split(separator: "-", omittingEmptySubsequences: false)
            guard date.count == 3, date[2].utf8.count == 2, let short = ASCII.decimal(date[2].utf8) else { return nil }
            let full = "\(short < 70 ? 2000 + short : 1900 + short)"
            return seconds(day: date[0], month: date[1], year: full[...], time: words[1])
        default:
            return nil
        }
    }

    private static func seconds(day: Substring, month: Substring, year: Substring, time: Substring) -> Int64? {
        let clock = time.split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, clock.allSatisfy({ $0.utf8.count == 2 }), year.utf8.count == 4,
            let monthIndex = months.firstIndex(where: { $0.utf8.elementsEqual(month.utf8) }),
            let dayNumber = ASCII.decimal(day.utf8), let yearNumber = ASCII.decimal(year.utf8),
            let hour = ASCII.decimal(clock[0].utf8), let minute = ASCII.decimal(clock[1].utf8),
            let second = ASCII.decimal(clock[2].utf8),
            (1...31).contains(dayNumber), hour < 24, minute < 60, second <= 60
        else { return nil }
        // Days from the civil date, with March as the first month so that the leap day comes last.
        let monthNumber = Int64(monthIndex) + 1
        let shiftedYear = monthNumber <= 2 ? yearNumber - 1 : yearNumber
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (monthNumber + (monthNumber > 2 ? -3 : 9)) + 2) / 5 + dayNumber - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return days * 86_400 + hour * 3_600 + minute * 60 + second
    }
}
