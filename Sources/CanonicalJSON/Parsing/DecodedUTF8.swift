/// The bytes that a scanned string stands for, one after the other, with its escapes resolved.
///
/// The string has been scanned before, so nothing can be wrong with it.
struct DecodedUTF8: IteratorProtocol {
    private let source: Source
    private var offset: Int
    private let end: Int
    /// Bytes of the last escape that are still to come, the next one lowest.
    private var pending: UInt32 = 0
    private var pendingCount = 0

    init(_ source: Source, offset: Int, length: Int) {
        self.source = source
        self.offset = offset
        self.end = offset + length
    }

    mutating func next() -> UInt8? {
        if pendingCount > 0 {
            let byte = UInt8(truncatingIfNeeded: pending)
            pending >>= 8
            pendingCount -= 1
            return byte
        }
        guard offset < end else { return nil }
        let byte = source[offset]
        guard byte == UInt8(ascii: "\\") else {
            offset += 1
            return byte
        }
        let kind = source[offset + 1]
        offset += 2
        switch kind {
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "u"): return firstByteOfUnicodeEscape()
        default: return kind  // the quote, the backslash and the slash stand for themselves
        }
    }

    private mutating func firstByteOfUnicodeEscape() -> UInt8 {
        var scalar = unit()
        if scalar & 0xFC00 == 0xD800 {
            offset += 2
            scalar = 0x10000 + (scalar & 0x3FF) << 10 + unit() & 0x3FF
        }
        func continuation(_ shift: UInt32) -> UInt32 { 0x80 | (scalar >> shift) & 0x3F }
        switch scalar {
        case ..<0x80:
            return UInt8(scalar)
        case ..<0x800:
            (pending, pendingCount) = (continuation(0), 1)
            return UInt8(0xC0 | scalar >> 6)
        case ..<0x10000:
            (pending, pendingCount) = (continuation(6) | continuation(0) << 8, 2)
            return UInt8(0xE0 | scalar >> 12)
        default:
            (pending, pendingCount) = (continuation(12) | continuation(6) << 8 | continuation(0) << 16, 3)
            return UInt8(0xF0 | scalar >> 18)
        }
    }

    private mutating func unit() -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            unit = unit << 4 | UInt32(Source.hexDigit(source[offset]) ?? 0)
            offset += 1
        }
        return unit
    }
}
