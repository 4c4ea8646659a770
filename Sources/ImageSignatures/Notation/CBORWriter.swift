/// Writes the two kinds of CBOR that are signed over: byte and text strings, with the shortest length (RFC 8949 §3).
enum CBORWriter {
    static func bytes(_ bytes: [UInt8]) -> [UInt8] { head(2, bytes.count) + bytes }

    static func text(_ text: String) -> [UInt8] { head(3, text.utf8.count) + Array(text.utf8) }

    static func head(_ kind: UInt8, _ count: Int) -> [UInt8] {
        let first = kind << 5
        switch count {
        case ..<24: return [first | UInt8(count)]
        case ..<0x100: return [first | 24, UInt8(count)]
        case ..<0x1_0000: return [first | 25, UInt8(count >> 8), UInt8(count & 0xFF)]
        default: return [first | 26] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
        }
    }
}
