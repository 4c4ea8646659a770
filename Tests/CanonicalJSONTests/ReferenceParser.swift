import CanonicalJSON

/// A second reading of the same rules, for comparison: byte by byte, recursive, and as plain as can be.
struct ReferenceParser {
    private struct Refusal: Error {}

    private let bytes: [UInt8]
    private var offset = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The value of a document, or nil if it is none.
    static func value(of bytes: [UInt8]) -> JSONValue? {
        var parser = Self(bytes)
        guard let value = try? parser.value(depth: 0) else { return nil }
        parser.skipSpace()
        return parser.offset == bytes.count ? value : nil
    }

    private var byte: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let byte, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { offset += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard byte == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private mutating func value(depth: Int) throws -> JSONValue {
        skipSpace()
        if take("\"") { return .string(try string()) }
        if take("[") {
            guard depth < 64 else { throw Refusal() }
            var elements: [JSONValue] = []
            skipSpace()
            if take("]") { return .array([]) }
            while true {
                elements.append(try value(depth: depth + 1))
                skipSpace()
                if take("]") { return .array(elements) }
                guard take(",") else { throw Refusal() }
            }
        }
        if take("{") {
            guard depth < 64 else { throw Refusal() }
            var members: [(key: String, value: JSONValue)] = []
            skipSpace()
            if take("}") { return .object([:]) }
            while true {
                skipSpace()
                guard take("\"") else { throw Refusal() }
                let key = try string()
                skipSpace()
                guard take(":") else { throw Refusal() }
                members.append((key, try value(depth: depth + 1)))
                skipSpace()
                if take("}") { return .object(try JSONObject(members)) }
                guard take(",") else { throw Refusal() }
            }
        }
        for (text, value) in [("null", JSONValue.null), ("true", true), ("false", false)]
        where bytes[offset...].starts(with: text.utf8) {
            offset += text.utf8.count
            return value
        }
        return try number()
    }

    private mutating func number() throws -> JSONValue {
        let start = offset
        while let byte, byte < 0x80, "+-.0123456789eE".utf8.contains(byte) { offset += 1 }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        if let match = text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) {
            if match.2 == nil, match.3 == nil, text != "-0", let integer = Int64(text) { return .integer(integer) }
            if let number = JSONNumber(text) { return .number(number) }
        }
        throw Refusal()
    }

    private mutating func string() throws -> String {
        var units: [UInt8] = []
        while let byte {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: units, as: UTF8.self) else { throw Refusal() }
                return text
            case UInt8(ascii: "\\"):
                units += String(try escape()).utf8
            case ..<0x20:
                throw Refusal()
            default:
                units.append(byte)
            }
        }
        throw Refusal()
    }

    private mutating func escape() throws -> Unicode.Scalar {
        guard let kind = byte else { throw Refusal() }
        offset += 1
        let simple: [UInt8: Unicode.Scalar] = [
            0x22: "\"", 0x5C: "\\", 0x2F: "/", 0x62: "\u{8}", 0x66: "\u{C}", 0x6E: "\n", 0x72: "\r", 0x74: "\t",
        ]
        if let scalar = simple[kind] { return scalar }
        guard kind == UInt8(ascii: "u") else { throw Refusal() }
        var code = try unit()
        if (0xD800..<0xDC00).contains(code) {
            guard take("\\"), take("u") else { throw Refusal() }
            let low = try unit()
            guard (0xDC00..<0xE000).contains(low) else { throw Refusal() }
            code = 0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw Refusal() }
        return scalar
    }

    private mutating func unit() throws -> UInt32 {
        guard offset + 4 <= bytes.count else { throw Refusal() }
        let text = String(decoding: bytes[offset..<offset + 4], as: UTF8.self)
        guard !text.hasPrefix("+"), !text.hasPrefix("-"), let unit = UInt32(text, radix: 16) else { throw Refusal() }
        offset += 4
        return unit
    }
}
