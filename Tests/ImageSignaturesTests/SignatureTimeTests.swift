import Testing

@testable import ImageSignatures

@Suite("Times of signatures")
struct SignatureTimeTests {
    @Test(
        "are read as Go writes them",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-12-01T00:00:00Z", 1_796_083_200),
            ("2026-12-01T02:00:00+02:00", 1_796_083_200), ("2026-11-30T18:30:00.123456789-05:30", 1_796_083_200),
            ("2000-02-29T23:59:59Z", 951_868_799), ("1969-12-31T23:59:59Z", -1),
            ("0000-01-01T00:00:00Z", -62_167_219_200),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] as [(String, Int64)]
    )
    func sound(_ text: String, _ seconds: Int64) { #expect(SignatureTime.seconds(rfc3339: text) == seconds) }

    @Test(
        "of another form are none",
        arguments: [
            "", "2026-12-01", "2026-12-01T00:00:00", "2026-12-01 00:00:00Z", "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-12-01T24:00:00Z", "2026-12-01T00:60:00Z", "2026-12-01T00:00:60Z", "2026-12-01T00:00:00.Z",
            "2026-12-01T00:00:00z", "2026-12-01T00:00:00+0200", "2026-12-01T00:00:00+24:00", "2026-12-01T00:00:00ZZ",
            "+026-12-01T00:00:00Z", "2026-12-01T00:00:00Z ",
        ]
    )
    func refused(_ text: String) { #expect(SignatureTime.seconds(rfc3339: text) == nil) }
}
