/// The times of certificates (RFC 5280 §4.1.2.5), as seconds since the epoch.
enum CertificateTime {
    /// The times that can be written: the years 0000 to 9999.
    static let range: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

    /// Reads a UTCTime or a GeneralizedTime, in the forms that DER allows: to the second, and in UTC.
    static func read(_ reader: inout DERReader, in bytes: Span<UInt8>) throws(DERError) -> Int64 {
        let (tag, contents) = try reader.readAny(in: bytes)
        var digits: [UInt8] = []
        for index in contents.dropLast() {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) else { throw DERError() }
            digits.append(bytes[index] - UInt8(ascii: "0"))
        }
        guard let last = contents.last, bytes[last] == UInt8(ascii: "Z") else { throw DERError() }
        func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + Int($1) } }
        let year: Int
        switch (tag, digits.count) {
        case (DERReader.Tag.utcTime, 12):
            let short = number(0..<2)
            year = short < 50 ? 2000 + short : 1900 + short
            digits.insert(contentsOf: [0, 0], at: 0)
        case (DERReader.Tag.generalizedTime, 14):
            year = number(0..<4)
        default:
            throw DERError()
        }
        let (month, day) = (number(4..<6), number(6..<8))
        let (hour, minute, second) = (number(8..<10), number(10..<12), number(12..<14))
        guard (1...12).contains(month), (1...daysInMonth(month, year: year)).contains(day),
            hour < 24, minute < 60, second < 60
        else { throw DERError() }
        let days = daysSinceEpoch(year: year, month: month, day: day)
        return Int64(days * 86_400 + hour * 3_600 + minute * 60 + second)
    }

    /// Writes UTCTime through the year 2049 and GeneralizedTime from then on, as RFC 5280 demands.
    ///
    /// The time has to be within ``range``.
    static func write(_ seconds: Int64) -> [UInt8] {
        let time = Int(seconds)
        let ofDay = ((time % 86_400) + 86_400) % 86_400
        let (year, month, day) = civil((time - ofDay) / 86_400)
        let rest = [month, day, ofDay / 3_600, ofDay / 60 % 60, ofDay % 60].map { padded($0, to: 2) }.joined()
        guard (1950...2049).contains(year) else {
            return DERWriter.element(DERReader.Tag.generalizedTime, Array("\(padded(year, to: 4))\(rest)Z".utf8))
        }
        return DERWriter.element(DERReader.Tag.utcTime, Array("\(padded(year % 100, to: 2))\(rest)Z".utf8))
    }

    private static func padded(_ number: Int, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func daysInMonth(_ month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // Both ways count in eras of 400 years that begin in March, so that the leap day is the last of its year.

    private static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        // Moved by an era, because year 0000 begins before its March.
        let shifted = (month <= 2 ? year - 1 : year) + 400
        let (era, yearOfEra) = (shifted / 400, shifted % 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return (era - 1) * 146_097 + dayOfEra - 719_468
    }

    private static func civil(_ daysSinceEpoch: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = daysSinceEpoch + 719_468 + 146_097
        let (era, dayOfEra) = (shifted / 146_097, shifted % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = (shiftedMonth + 2) % 12 + 1
        return ((era - 1) * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }
}
