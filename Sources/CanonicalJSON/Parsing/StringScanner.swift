/// What a scan of a string found: the offset of the closing quote, and how the string is written.
struct ScannedString {
    let close: Int
    let tag: TapeTag
}

extension Source {
    /// Marks, in the highest bit of its byte, the first byte of `word` that a string cannot simply pass: a quote, a
    /// backslash, a control character or the beginning of a sequence of several bytes. Zero when there is none; what
    /// stands above the lowest mark means nothing (borrows run upwards).
    @inline(__always)
    static func specialBytes(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let found =
            ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- (ones &* 0x20)) & ~word) | word
        return found & highs
    }

    /// The offset of the first special byte from `start` on, or `count`.
    @inline(__always)
    func firstSpecialByte(from start: Int) -> Int {
        var offset = start
        while offset &+ 8 <= count {
            let special = Self.specialBytes(word(at: offset))
            if special != 0 { return offset &+ (special.trailingZeroBitCount &>> 3) }
            offset &+= 8
        }
        while offset < count {
            let byte = self[offset]
            if byte < 0x20 || byte == 0x22 || byte == 0x5C || byte >= 0x80 { return offset }
            offset &+= 1
        }
        return count
    }

    /// Scans a string whose opening quote stands just before `start`.
    @inline(__always)
    func scanString(from start: Int) throws(JSONError) -> ScannedString {
        let offset = firstSpecialByte(from: start)
        if offset < count, self[offset] == 0x22 { return ScannedString(close: offset, tag: .plainString) }
        return try scanUnusualString(from: offset)
    }

    /// Goes on from the first byte that is no plain ASCII.
    @inline(never)
    private func scanUnusualString(from start: Int) throws(JSONError) -> ScannedString {
        var offset = start
        var tag = TapeTag.plainString
        while offset < count {
            let byte = self[offset]
            switch byte {
            case 0x22:
                return ScannedString(close: offset, tag: tag)
            case 0x5C:
                let escape = try scanEscape(at: offset)
                if !escape.isCanonical {
                    tag = .foreignString
                } else if tag == .plainString {
                    tag = .escapedString
                }
                offset = escape.end
            case 0x80...:
                offset = try scanSequence(at: offset)
            case ..<0x20:
                // Raw control characters belong to the canonical form, which is no JSON; RFC 8259 forbids them.
                throw .syntax(offset: offset)
            default:
                offset = firstSpecialByte(from: offset)
            }
        }
        throw .syntax(offset: count)
    }

    /// The end of the UTF-8 sequence that begins at `offset` with a byte of 0x80 or more (Unicode 3.9, table 3-7).
    @inline(__always)
    private func scanSequence(at offset: Int) throws(JSONError) -> Int {
        let lead = self[offset]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw .invalidUTF8(offset: offset)
        }
        guard offset + length <= count, second.contains(self[offset + 1]) else { throw .invalidUTF8(offset: offset) }
        for position in offset + 2..<max(offset + length, offset + 2) where self[position] & 0xC0 != 0x80 {
            throw .invalidUTF8(offset: offset)
        }
        return offset + length
    }

    /// The end of the escape whose backslash is at `offset`, and whether the canonical form writes it so too.
    private func scanEscape(at offset: Int) throws(JSONError) -> (end: Int, isCanonical: Bool) {
        guard offset + 1 < count else { throw .syntax(offset: count) }
        switch self[offset + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            return (offset + 2, true)
        case UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"),
            UInt8(ascii: "t"):
            return (offset + 2, false)
        case UInt8(ascii: "u"):
            let unit = try scanHexUnit(at: offset + 2)
            guard unit & 0xF800 == 0xD800 else { return (offset + 6, false) }
            // Half of a pair: a high one first, and the low one in the very next escape.
            guard unit < 0xDC00, offset + 7 < count, self[offset + 6] == UInt8(ascii: "\\"),
                self[offset + 7] == UInt8(ascii: "u")
            else { throw .loneSurrogate(offset: offset) }
            guard try scanHexUnit(at: offset + 8) & 0xFC00 == 0xDC00 else { throw .loneSurrogate(offset: offset) }
            return (offset + 12, false)
        default:
            throw .syntax(offset: offset + 1)
        }
    }

    private func scanHexUnit(at offset: Int) throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for position in offset..<offset + 4 {
            guard position < count, let digit = Self.hexDigit(self[position]) else {
                throw .syntax(offset: min(position, count))
            }
            unit = unit << 4 | digit
        }
        return unit
    }

    static func hexDigit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
