import CanonicalJSON

extension JSONValue {
    /// The value as one line of `--json` output.
    ///
    /// JSON itself only escapes the first 32 control characters; all that ``SafeText`` calls dangerous is escaped here, so
    /// that the same bytes can be shown on a terminal. What a JSON parser reads does not change.
    var line: String { Self.escaped(String(decoding: jsonBytes(pretty: false), as: UTF8.self)) }

    /// The value as a file that people read, line by line; escaped as ``line`` is.
    var lines: [String] {
        let text = String(decoding: jsonBytes(pretty: true), as: UTF8.self)
        return text.split(separator: "\n").map { Self.escaped(String($0)) }
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if SafeText.isDangerous(scalar) {
                for unit in UTF16.encode(scalar) ?? .init() { result += Self.escape(unit) }
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func escape(_ unit: UInt16) -> String {
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
    }

    /// The string, or `null` for nil.
    static func optional(_ text: (some CustomStringConvertible)?) -> JSONValue {
        text.map { .string($0.description) } ?? .null
    }
}
