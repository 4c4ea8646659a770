import Testing

@testable import ImageSignatures

@Suite("CBOR")
struct CBORReaderTests {
    static let sound: [(String, CBORValue)] = [
        ("00", .unsigned(0)), ("17", .unsigned(23)), ("1818", .unsigned(24)), ("190100", .unsigned(256)),
        ("1a00010000", .unsigned(65_536)), ("1b0000000100000000", .unsigned(1 << 32)),
        ("1bffffffffffffffff", .unsigned(.max)), ("20", .negative(0)), ("3863", .negative(99)), ("40", .bytes([])),
        ("4401020304", .bytes([1, 2, 3, 4])), ("60", .text("")), ("62c3bc", .text("ü")), ("80", .array([])),
        ("83010203", .array([.unsigned(1), .unsigned(2), .unsigned(3)])), ("a0", .map([])),
        (
            "a201020304",
            .map([.init(key: .unsigned(1), value: .unsigned(2)), .init(key: .unsigned(3), value: .unsigned(4))])
        ),
        ("c11a514b67b0", .tag(1, .unsigned(1_363_896_240))), ("f4", .boolean(false)), ("f5", .boolean(true)),
        ("f6", .null), ("f7", .undefined), ("f93c00", .float(1)), ("f90001", .float(5.960464477539063e-8)),
        ("f9c400", .float(-4)), ("f97c00", .float(.infinity)), ("fa47c35000", .float(100_000)),
        ("fb3ff199999999999a", .float(1.1)),
    ]

    @Test("is read (RFC 8949, appendix A)", arguments: sound)
    func values(_ hex: String, _ expected: CBORValue) throws {
        #expect(try CBORReader.value(in: Self.bytes(hex)) == expected)
    }

    @Test(
        "of another form is refused",
        arguments: [
            ("", .length), ("18", .length), ("1800", .notDeterministic), ("1817", .notDeterministic),
            ("1900ff", .notDeterministic), ("1a0000ffff", .notDeterministic), ("1b00000000ffffffff", .notDeterministic),
            ("1c", .malformed), ("1f", .notDeterministic), ("5f4100ff", .notDeterministic), ("9fff", .notDeterministic),
            ("bfff", .notDeterministic), ("ff", .notDeterministic), ("f8ff", .malformed), ("f0", .malformed),
            ("4201", .length), ("5bffffffffffffffff", .length), ("9bffffffffffffffff", .length),
            ("bbffffffffffffffff", .length), ("61ff", .malformed), ("62c0af", .malformed), ("0000", .length),
            ("a20100" + "0101", .key), ("a2616100" + "616101", .key), ("a1f600", .key), ("a1800000", .key),
        ] as [(String, CBORError)]
    )
    func refused(_ hex: String, _ expected: CBORError) {
        #expect(throws: expected) { try CBORReader.value(in: Self.bytes(hex)) }
    }

    @Test("has limits")
    func limits() throws {
        let deepest = [UInt8](repeating: 0x81, count: CBORReader.maximumDepth) + [0]
        #expect(throws: Never.self) { try CBORReader.value(in: deepest) }
        #expect(throws: CBORError.limit) { try CBORReader.value(in: [0x81] + deepest) }
        let most = CBORReader.maximumValues - 1
        let many = CBORWriter.head(4, most) + [UInt8](repeating: 0, count: most)
        #expect(throws: Never.self) { try CBORReader.value(in: many) }
        let more = CBORWriter.head(4, most + 1) + [UInt8](repeating: 0, count: most + 1)
        #expect(throws: CBORError.limit) { try CBORReader.value(in: more) }
        let long = CBORWriter.bytes([UInt8](repeating: 0, count: SignatureLimits.maximumBytes))
        #expect(throws: CBORError.limit) { try CBORReader.value(in: long) }
    }

    @Test("that is written can be read", arguments: [0, 1, 23, 24, 255, 256, 65_535, 65_536])
    func written(_ count: Int) throws {
        let bytes = [UInt8](repeating: 0x61, count: count)
        #expect(try CBORReader.value(in: CBORWriter.bytes(bytes)) == .bytes(bytes))
        let text = String(repeating: "a", count: count)
        #expect(try CBORReader.value(in: CBORWriter.text(text)) == .text(text))
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        stride(from: 0, to: hex.utf8.count, by: 2).map { place in
            let start = hex.index(hex.startIndex, offsetBy: place)
            return UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16) ?? 0
        }
    }
}
