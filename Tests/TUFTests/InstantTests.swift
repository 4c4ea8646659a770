import TUF
import Testing
import TrustCrypto

/// Values come from Python's `datetime`.
@Suite struct InstantTests {
    @Test(
        arguments: [
            ("0001-01-01T00:00:00Z", -62_135_596_800),
            ("0001-12-31T23:59:59Z", -62_104_060_801),
            ("0400-02-29T12:00:00Z", -49_539_297_600),
            ("1582-10-10T00:00:00Z", -12_219_724_800),
            ("1899-12-31T23:59:59Z", -2_208_988_801),
            ("1900-02-28T23:59:59Z", -2_203_891_201),
            ("1900-03-01T00:00:00Z", -2_203_891_200),
            ("1969-12-31T23:59:59Z", -1),
            ("1970-01-01T00:00:00Z", 0),
            ("1972-02-29T00:00:00Z", 68_169_600),
            ("1999-12-31T23:59:59Z", 946_684_799),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2001-09-09T01:46:40Z", 1_000_000_000),
            ("2026-11-23T20:00:00Z", 1_795_464_000),
            ("2028-02-29T00:00:00Z", 1_835_395_200),
            ("2038-01-19T03:14:08Z", 2_147_483_648),
            ("2100-02-28T23:59:59Z", 4_107_542_399),
            ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("2400-02-29T00:00:00Z", 13_574_563_200),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] as [(String, Int64)]
    )
    func wholeSeconds(_ text: String, _ seconds: Int64) throws {
        let instant = try #require(Instant(rfc3339: text))
        #expect(instant == Instant(secondsSinceEpoch: seconds))
        #expect(instant.description == text)
    }

    @Test(
        arguments: [
            ("2030-01-31T13:00:00.5+01:00", 1_896_091_200, 500_000_000),
            ("2030-01-31T00:30:00+23:59", 1_895_963_460, 0),
            ("2030-01-31T23:30:00-23:59", 1_896_218_940, 0),
            ("2030-01-31T12:00:00-00:00", 1_896_091_200, 0),
            ("2030-01-31T12:00:00.123456+05:45", 1_896_070_500, 123_456_000),
            ("1970-01-01T00:00:00+00:01", -60, 0),
            ("2024-02-29T23:59:59.999999-12:00", 1_709_294_399, 999_999_000),
            // What RFC 3339 allows beyond Python: any number of digits, lower case.
            ("1970-01-01T00:00:00.000000001Z", 0, 1),
            ("1970-01-01T00:00:00.9999999999999999999999Z", 0, 999_999_999),
            ("1970-01-01t00:00:01z", 1, 0),
            // An instant before 1970 counts its fraction forward from the earlier second.
            ("1969-12-31T23:59:59.25Z", -1, 250_000_000),
        ] as [(String, Int64, Int32)]
    )
    func fractionsAndOffsets(_ text: String, _ seconds: Int64, _ nanoseconds: Int32) throws {
        let instant = try #require(Instant(rfc3339: text))
        #expect(instant.secondsSinceEpoch == seconds)
        #expect(instant.nanoseconds == nanoseconds)
    }

    /// An expiry must not move later than it says, and a leap second is still before the minute after it.
    @Test(
        arguments: [
            ("2016-12-31T23:59:60Z", 1_483_228_799), ("2016-12-31T23:59:60.5Z", 1_483_228_799),
            ("2017-01-01T00:59:60+01:00", 1_483_228_799), ("2030-06-15T12:30:60Z", 1_907_757_059),
        ] as [(String, Int64)]
    )
    func leapSeconds(_ text: String, _ seconds: Int64) throws {
        let instant = try #require(Instant(rfc3339: text))
        #expect(instant.secondsSinceEpoch == seconds)
        #expect(instant.nanoseconds == 999_999_999)
        #expect(instant < Instant(secondsSinceEpoch: seconds + 1))
    }

    @Test(arguments: [
        "", "Z", "2030-01-31", "2030-01-31T12:00:00", "2030-01-31 12:00:00Z", "2030-01-31T12:00Z",
        "2030-01-31T12:00:00Zx", " 2030-01-31T12:00:00Z", "2030-01-31T12:00:00Z ", "2030-01-31T12:00:00Z\n",
        "2030-1-31T12:00:00Z", "30-01-31T12:00:00Z", "02030-01-31T12:00:00Z", "+2030-01-31T12:00:00Z",
        "0000-01-01T00:00:00Z", "2030-00-31T12:00:00Z", "2030-13-31T12:00:00Z", "2030-01-00T12:00:00Z",
        "2030-01-32T12:00:00Z", "2030-04-31T12:00:00Z", "2030-02-29T12:00:00Z", "2100-02-29T12:00:00Z",
        "2030-01-31T24:00:00Z", "2030-01-31T12:60:00Z", "2030-01-31T12:00:61Z", "2030-01-31T12:00:00.Z",
        "2030-01-31T12:00:00,5Z", "2030-01-31T12:00:00.5", "2030-01-31T12:00:00+24:00", "2030-01-31T12:00:00+01:60",
        "2030-01-31T12:00:00+0100", "2030-01-31T12:00:00+01", "2030-01-31T12:00:00−01:00", "２０３０-01-31T12:00:00Z",
        "2030-01-31T12:00:00ZZ", "2030-01-31T12:00:-1Z", "1896091200", "2030-01-31T12:00:00\u{0}Z",
        "٢٠٣٠-01-31T12:00:00Z",
    ])
    func notInstants(_ text: String) {
        #expect(Instant(rfc3339: text) == nil)
    }

    /// Offsets can lead out of the range; they end at its border.
    @Test func ranges() {
        let first = Instant(secondsSinceEpoch: -62_135_596_800)
        let last = Instant(secondsSinceEpoch: 253_402_300_799)
        #expect(Instant(secondsSinceEpoch: .min) == first)
        #expect(Instant(secondsSinceEpoch: .max) == last)
        #expect(Instant(rfc3339: "0001-01-01T00:00:00+23:59") == first)
        #expect(Instant(rfc3339: "9999-12-31T23:59:59-23:59") == last)
        #expect(Instant(secondsSinceEpoch: 0, nanoseconds: -5).nanoseconds == 0)
        #expect(Instant(secondsSinceEpoch: 0, nanoseconds: .max).nanoseconds == 999_999_999)
        #expect(last.advanced(bySeconds: .max) == last)
        #expect(first.advanced(bySeconds: .min) == first)
        #expect(first.advanced(bySeconds: .max) == last)
        #expect(last.advanced(bySeconds: .min) == first)
        #expect(last.seconds(since: first) == 315_537_897_599)
        #expect(first.seconds(since: last) == -315_537_897_599)
    }

    @Test func order() {
        let instants = [(-2, 5), (-1, 0), (-1, 999_999_999), (0, 0), (0, 1), (1, 0)] as [(Int64, Int32)]
        for (left, a) in instants.enumerated() {
            for (right, b) in instants.enumerated() {
                let one = Instant(secondsSinceEpoch: a.0, nanoseconds: a.1)
                let other = Instant(secondsSinceEpoch: b.0, nanoseconds: b.1)
                #expect((one < other) == (left < right))
                #expect((one == other) == (left == right))
            }
        }
    }

    @Test func fractionsAreDropped() {
        let instant = Instant(secondsSinceEpoch: -1, nanoseconds: 999_999_999)
        #expect(instant.description == "1969-12-31T23:59:59Z")
        #expect(instant.wholeSeconds == Instant(secondsSinceEpoch: -1))
        #expect(instant.advanced(bySeconds: 1).nanoseconds == 999_999_999)
    }

    /// 116,676 instants over all years, 31 days and some apart, against the digest of Python's text for them.
    @Test func allYears() throws {
        var hasher = DigestHasher(.sha256)
        var second: Int64 = -62_135_596_800
        var count = 0
        while second <= 253_402_300_799 {
            let text = Instant(secondsSinceEpoch: second).description
            if Instant(rfc3339: text)?.secondsSinceEpoch != second { Issue.record("\(text) is not \(second)") }
            let line = Array("\(text) \(second)\n".utf8)
            hasher.update(line.span)
            count += 1
            second += 31 * 86_400 + 7 * 3600 + 13 * 60 + 29
        }
        #expect(count == 116_676)
        #expect(hasher.finalize().hex == "58e03ace02b94496431c5a7e19c3317d3c5bbcfbc35e33b6d70732f7d0b1d2b5")
    }
}
