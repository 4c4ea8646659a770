/// Reads `application/x-www-form-urlencoded` text.
public enum FormDecoding {
    /// The decoded values of a name, in order.
    ///
    /// - Parameters:
    ///   - name: The name, decoded.
    ///   - text: A query or a form body.
    /// - Returns: The values.
    public static func values(_ name: String, in text: String) -> [String] {
        text.split(separator: "&").compactMap { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = halves.first, decode(first) == name else { return nil }
            return halves.count == 2 ? decode(halves[1]) : ""
        }
    }

    private static func decode(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
