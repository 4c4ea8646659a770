/// A point in time on the UTC time line, without leap seconds, as `expires` fields of TUF metadata name it.
///
/// TUF 1.0.34 §4.2.1 writes `YYYY-MM-DDTHH:MM:SSZ`; real repositories also carry fractions of a second and offsets, so
/// reading follows RFC 3339. Nothing in this module can read a clock: the time of a verification is handed in, once.
public struct Instant: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Whole seconds since 1970-01-01T00:00:00Z; the earlier second for instants with a fraction.
    public let secondsSinceEpoch: Int64
    /// Nanoseconds after ``secondsSinceEpoch``, 0 to 999,999,999.
    public let nanoseconds: Int32

    /// The instant that lies `secondsSinceEpoch` and `nanoseconds` after the epoch.
    ///
    /// - Parameters:
    ///   - secondsSinceEpoch: Seconds since 1970-01-01T00:00:00Z, clamped to the years 0001 to 9999.
    ///   - nanoseconds: 0 to 999,999,999; values outside are clamped.
    public init(secondsSinceEpoch: Int64, nanoseconds: Int32 = 0) {
        self.secondsSinceEpoch = min(max(secondsSinceEpoch, Self.firstSecond), Self.lastSecond)
        self.nanoseconds = min(max(nanoseconds, 0), 999_999_999)
    }

    /// The instant that an RFC 3339 `date-time` names, or nil when `string` is not one.
    ///
    /// Digits past the ninth of a fraction are dropped. A leap second (`:60`) is read as the last nanosecond before the
    /// next minute, so that an expiry never moves later than it says.
    ///
    /// - Parameter string: The text, for example `2030-01-31T12:00:00Z` or `2030-01-31T13:00:00.5+01:00`.
    public init?(rfc3339 string: String) {
        var reader = DateReader(bytes: Array(string.utf8))
        guard let instant = reader.instant() else { return nil }
        self = instant
    }

    /// This instant moved by whole seconds, clamped to the years 0001 to 9999.
    ///
    /// - Parameter seconds: How far to move; negative is earlier.
    /// - Returns: The moved instant.
    public func advanced(bySeconds seconds: Int64) -> Instant {
        let (sum, overflow) = secondsSinceEpoch.addingReportingOverflow(seconds)
        guard !overflow else {
            return Instant(secondsSinceEpoch: seconds < 0 ? Self.firstSecond : Self.lastSecond)
        }
        return Instant(secondsSinceEpoch: sum, nanoseconds: nanoseconds)
    }

    /// Whole seconds from `earlier` to this instant; negative when this instant is the earlier one.
    ///
    /// - Parameter earlier: The instant to count from.
    /// - Returns: The difference of the whole seconds.
    public func seconds(since earlier: Instant) -> Int64 {
        secondsSinceEpoch - earlier.secondsSinceEpoch
    }

    /// This instant without its fraction of a second.
    public var wholeSeconds: Instant {
        Instant(secondsSinceEpoch: secondsSinceEpoch)
    }

    /// The form of TUF 1.0.34 §4.2.1, `YYYY-MM-DDTHH:MM:SSZ`; a fraction is dropped.
    public var description: String {
        let days = secondsSinceEpoch.flooredQuotient(by: 86_400)
        let (year, month, day) = CivilDate.date(daysSinceEpoch: days)
        let second = secondsSinceEpoch - days * 86_400
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        return "\(date)T\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))Z"
    }

    /// Whether `lhs` is the earlier instant.
    public static func < (lhs: Instant, rhs: Instant) -> Bool {
        (lhs.secondsSinceEpoch, lhs.nanoseconds) < (rhs.secondsSinceEpoch, rhs.nanoseconds)
    }

    private static let firstSecond: Int64 = -62_135_596_800
    private static let lastSecond: Int64 = 253_402_300_799

    private func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

/// Conversions between days and dates of the proleptic Gregorian calendar.
enum CivilDate {
    /// Days from 1970-01-01 to the date. Years are counted from March, so that the leap day ends a year.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.flooredQuotient(by: 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    static func date(daysSinceEpoch: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = daysSinceEpoch + 719_468
        let era = shifted.flooredQuotient(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    static func daysInMonth(year: Int64, month: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Int64 {
    /// The quotient rounded down, for positive divisors.
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : (self - divisor + 1) / divisor
    }
}

/// Reads an RFC 3339 `date-time`.
private struct DateReader {
    let bytes: [UInt8]
    var offset = 0

    mutating func instant() -> Instant? {
        guard let year = digits(4), take("-"), let month = digits(2), take("-"), let day = digits(2),
            year >= 1, (1...12).contains(month), day >= 1, day <= CivilDate.daysInMonth(year: year, month: month),
            take("T") || take("t"),
            let hour = digits(2), take(":"), let minute = digits(2), take(":"), let second = digits(2),
            hour <= 23, minute <= 59, second <= 60,
            var nanoseconds = fraction(), let offsetMinutes = zone(), offset == bytes.count
        else { return nil }
        var seconds = hour * 3600 + minute * 60 + min(second, 59)
        if second == 60 { nanoseconds = 999_999_999 }
        seconds += CivilDate.days(year: year, month: month, day: day) * 86_400 - offsetMinutes * 60
        return Instant(secondsSinceEpoch: seconds, nanoseconds: nanoseconds)
    }

    private mutating func digits(_ count: Int) -> Int64? {
        guard offset + count <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[offset..<offset + count] {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        offset += count
        return value
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard offset < bytes.count, UInt32(bytes[offset]) == character.value else { return false }
        offset += 1
        return true
    }

    /// The nanoseconds of an optional fraction; nil when a point is not followed by a digit.
    private mutating func fraction() -> Int32? {
        guard take(".") else { return 0 }
        var value: Int32 = 0
        var count = 0
        while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) {
            if count < 9 { value = value * 10 + Int32(bytes[offset] - 0x30) }
            count += 1
            offset += 1
        }
        guard count > 0 else { return nil }
        for _ in 0..<max(0, 9 - count) { value *= 10 }
        return value
    }

    /// Minutes east of UTC.
    private mutating func zone() -> Int64? {
        if take("Z") || take("z") { return 0 }
        let sign: Int64
        if take("+") {
            sign = 1
        } else if take("-") {
            sign = -1
        } else {
            return nil
        }
        guard let hour = digits(2), take(":"), let minute = digits(2), hour <= 23, minute <= 59 else { return nil }
        return sign * (hour * 60 + minute)
    }
}
