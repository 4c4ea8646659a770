import CanonicalJSON
import Testing

@testable import TrustCommands

@Suite struct SafeTextTests {
    @Test(arguments: [
        ("plain text, 100 %", "plain text, 100 %"),
        ("Grüße 日本語 👍", "Grüße 日本語 👍"),
        ("", ""),
        ("a\u{1b}[31mred", "a\\u{1b}[31mred"),
        ("a\r\nb\tc\0", "a\\u{d}\\u{a}b\\u{9}c\\u{0}"),
        ("\u{9b}31m\u{7f}", "\\u{9b}31m\\u{7f}"),
        ("evil\u{202e}gnp.exe", "evil\\u{202e}gnp.exe"),
        ("a\u{2066}b\u{2069}", "a\\u{2066}b\\u{2069}"),
        ("zero\u{200b}width\u{feff}", "zero\\u{200b}width\\u{feff}"),
        ("a\u{a0}b\u{2028}", "a\\u{a0}b\\u{2028}"),
        ("tag\u{e0041}", "tag\\u{e0041}"),
        ("\u{e000}", "\\u{e000}"),
    ])
    func escapes(text: String, expected: String) {
        #expect(SafeText.escaped(text).utf8.elementsEqual(expected.utf8))
    }

    @Test(arguments: ["\u{202e}x", "\u{7f}", "\u{9b}", "\u{e0041}", "\u{1b}[0m", "Grüße \"\\"])
    func jsonKeepsTheMeaning(text: String) throws {
        let line = JSONValue.object(["text": .string(text)]).line
        #expect(!line.unicodeScalars.contains(where: SafeText.isDangerous))
        #expect(try JSONValue(parsing: Array(line.utf8))["text"] == .string(text))
    }
}
