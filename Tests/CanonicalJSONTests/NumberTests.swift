import CanonicalJSON
import Testing

struct NumberTests {
    @Test(
        arguments: [
            ("0", 0), ("1", 1), ("-1", -1), ("10", 10), ("-10", -10), ("9007199254740993", 9_007_199_254_740_993),
            ("999999999999999999", 999_999_999_999_999_999), ("9223372036854775807", .max),
            ("-9223372036854775808", .min), ("1000000000000000000", 1_000_000_000_000_000_000),
        ] as [(String, Int64)]
    )
    func readsIntegers(_ text: String, value: Int64) throws {
        let node = try parse(text)
        #expect(node.kind == .integer)
        #expect(node.integer == value)
        #expect(node.isCanonical)
        #expect(try node.canonicalBytes().text == text)
        #expect(JSONNumber(text) == nil)
    }

    @Test(arguments: [
        "-0", "0.0", "-0.0", "1.0", "1.5", "0.1e1", "1e2", "1E2", "1e+2", "1e-2", "0e0", "1.25E+10",
        "9223372036854775808",
        "-9223372036854775809", "18446744073709551616", "99999999999999999999999999", "1e400",
        "10000000000000000000000000000000000000000000000000000000000",
    ])
    func keepsOtherNumbersAsWritten(_ text: String) throws {
        let node = try parse(text)
        #expect(node.kind == .number)
        #expect(node.integer == nil)
        #expect(node.number?.text == text)
        #expect(!node.isCanonical)
        #expect(throws: JSONError.notCanonicalizable(number: text)) { try node.canonicalBytes() }
        #expect(throws: JSONError.notCanonicalizable(number: text)) { try node.value().canonicalBytes() }
        #expect(node.value().jsonBytes(pretty: false).text == text)
        let number = try #require(JSONNumber(text))
        #expect(node.value() == .number(number))
        #expect(number.description == text)
        // It spoils whatever it stands in, at any depth.
        #expect(throws: JSONError.notCanonicalizable(number: text)) {
            try parse(#"{"a":[[\#(text)]]}"#).canonicalBytes()
        }
    }

    @Test(
        arguments: [
            ("-", 1), ("+1", 0), ("01", 1), ("-01", 2), ("00", 1), (".5", 0), ("1.", 2), ("-.5", 1), ("1.e1", 2),
            ("1e", 2),
            ("1e+", 3), ("1e-", 3), ("0x10", 1), ("1_000", 1), ("1.5.5", 3), ("1e5e5", 3), ("1e5.5", 3), ("--1", 1),
            ("1-", 1),
            ("1+1", 1), ("-a", 1), ("1a", 1), ("0123456789012345678901", 1), ("١", 0), ("1.٢", 2),
        ] as [(String, Int)]
    )
    func refuses(_ text: String, offset: Int) {
        #expect(parseError(text.bytes) == .syntax(offset: offset))
        #expect(JSONNumber(text) == nil)
    }

    @Test(arguments: ["", " 1.5", "1.5 ", "1.5,", "true", "\"1.5\""])
    func takesNoNumberButAWholeOne(_ text: String) {
        #expect(JSONNumber(text) == nil)
    }
}
