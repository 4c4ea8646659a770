/// Hexadecimal text.
public enum Hex {
    /// Writes bytes as lowercase hex.
    ///
    /// - Parameter bytes: Any bytes.
    /// - Returns: Two characters a byte.
    public static func encode(_ bytes: Span<UInt8>) -> String {
        let digits: StaticString = "0123456789abcdef"
        return String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
            for index in bytes.indices {
                buffer[index * 2] = digits.utf8Start[Int(bytes[index] >> 4)]
                buffer[index * 2 + 1] = digits.utf8Start[Int(bytes[index] & 15)]
            }
            return bytes.count * 2
        }
    }

    /// Reads hex in lower or upper case.
    ///
    /// - Parameter text: An even number of hex digits and nothing else.
    /// - Returns: The bytes, or nil for anything else.
    public static func decode(_ text: String) -> [UInt8]? {
        let count = text.utf8.count
        guard count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count / 2)
        var high: UInt8?
        for character in text.utf8 {
            guard let value = value(of: character) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }

    static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
