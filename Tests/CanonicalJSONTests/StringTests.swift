import CanonicalJSON
import Testing

struct StringTests {
    @Test(arguments: [
        (#""""#, ""), (#""a""#, "a"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u0041\u00e9\u20AC""#, "Aé€"),
        (#""\ud83d\ude00""#, "😀"), (#""\uD834\uDD1E""#, "𝄞"), (#""\u0000x""#, "\0x"), (#""\ud800\udc00""#, "\u{10000}"),
        (#""\udbff\udfff""#, "\u{10FFFF}"), (#""\ud7ff\ue000\uffff""#, "\u{D7FF}\u{E000}\u{FFFF}"),
        (#""\u007f\u0080\u07ff\u0800""#, "\u{7F}\u{80}\u{7FF}\u{800}"),
        (#""01234567""#, "01234567"), (#""012345678é0123456789\n01234567890""#, "012345678é0123456789\n01234567890"),
        (#""e\u0301""#, "e\u{301}"), ("\"\u{E9}\"", "\u{E9}"),
    ])
    func decodes(_ text: String, value: String) throws {
        let node = try parse(text)
        // Compared by bytes: String's == takes two spellings of é for one.
        #expect(node.string?.bytes == value.bytes)
        #expect(node.withUTF8 { $0.count } == value.utf8.count)
        #expect(node.isString(value))
        #expect(!node.isString(value + "x"))
        #expect(!node.isString("x" + value))
        #expect(value.isEmpty || !node.isString(String(value.unicodeScalars.dropLast())))
    }

    @Test func tellsCanonicallyEquivalentStringsApart() throws {
        #expect(try parse("\"\u{E9}\"").isString("\u{E9}"))
        #expect(try !parse("\"\u{E9}\"").isString("e\u{301}"))
        #expect(try !parse(#""e\u0301""#).isString("\u{E9}"))
    }

    /// A special byte is found wherever it stands relative to the eight bytes that are looked at together.
    @Test(arguments: 0..<40)
    func findsTheEndAtEveryPlace(length: Int) throws {
        let plain = String(repeating: "~", count: length)
        #expect(try parse("\"\(plain)\"").string == plain)
        #expect(
            try parse("[\"\(plain)\",\"\(plain)\\n\",\"\(plain)é\(plain)\"]").elements.map(\.string) == [
                plain, plain + "\n", "\(plain)é\(plain)",
            ]
        )
        #expect(parseError("\"\(plain)\u{1F}\(plain)\"".bytes) == .syntax(offset: length + 1))
        #expect(parseError(raw("\"\(plain)%80\(plain)\"")) == .invalidUTF8(offset: length + 1))
        #expect(parseError("\"\(plain)".bytes) == .syntax(offset: length + 1))
    }

    /// Every byte alone in a string, after a varying run of others.
    @Test(arguments: 0..<256)
    func judgesEveryByte(value: Int) {
        let byte = UInt8(value)
        let expected: JSONError? =
            switch byte {
            case ..<0x20: .syntax(offset: 4)
            case 0x22: .syntax(offset: 5)  // ends the string; a letter follows
            case 0x5C: .syntax(offset: 5)  // an escape of x
            case 0x80...: .invalidUTF8(offset: 4)
            default: nil
            }
        #expect(parseError("\"abc".bytes + [byte] + "xyz01234567\"".bytes) == expected)
    }

    @Test(arguments: [
        ("%80", 0), ("%BF", 0), ("%C0%80", 0), ("%C1%BF", 0), ("%C2", 0), ("%C2x", 0), ("%E0%80%80", 0),
        ("%E0%9F%BF", 0), ("%E0%A0", 0),
        ("%ED%A0%80", 0), ("%ED%BF%BF", 0), ("%ED%A0%80%ED%B0%80", 0), ("%E2%82", 0), ("%E2%28%A1", 0),
        ("%E2%82%28", 0), ("%F0%80%80%80", 0),
        ("%F0%8F%BF%BF", 0), ("%F0%9F%98", 0), ("%F0%28%8C%BC", 0), ("%F0%90%28%BC", 0), ("%F0%90%8C%28", 0),
        ("%F4%90%80%80", 0), ("%F5%80%80%80", 0),
        ("%F8%88%80%80%80", 0), ("%FE", 0), ("%FF", 0), ("ab%C3%A9%FF", 4), ("0123456789%EF%BB", 10),
    ])
    func refusesWhatIsNoUTF8(_ text: String, offset: Int) {
        #expect(parseError(raw("\"\(text)\"")) == .invalidUTF8(offset: offset + 1))
        #expect(parseError(raw("{\"\(text)\":1}")) == .invalidUTF8(offset: offset + 2))
        // Cut off at the very end of the document.
        #expect(parseError(raw("\"\(text)")) == .invalidUTF8(offset: offset + 1))
    }

    @Test(arguments: [
        "%C2%80", "%DF%BF", "%E0%A0%80", "%ED%9F%BF", "%EE%80%80", "%EF%BF%BF", "%F0%90%80%80", "%F4%8F%BF%BF",
        "%EF%BB%BF",
    ])
    func acceptsTheEdgesOfUTF8(_ text: String) throws {
        let bytes = raw(text)
        #expect(try JSONDocument(parsing: raw("\"\(text)\"")).root.string?.bytes == bytes)
    }

    @Test(arguments: [
        (#""\ud800""#, 1), (#""\udc00""#, 1), (#""\udc00\ud800""#, 1), (#""\ud800\ud800""#, 1), (#""\ud800x""#, 1),
        (#""\ud800\n""#, 1),
        (#""\ud800\u0041""#, 1), (#""ab\udfff""#, 3), (#""\ud83d\ude00\ude00""#, 13), (#""\ud800\"#, 1),
        (#""\ud800\\udc00""#, 1),
    ])
    func refusesHalfPairs(_ text: String, offset: Int) {
        #expect(parseError(text.bytes) == .loneSurrogate(offset: offset))
    }
}
