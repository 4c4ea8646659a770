extension Source {
    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// The end of the number that begins at `start` (RFC 8259 §6), and whether it is a canonical integer of 64 bits.
    ///
    /// `-0` is no integer here: half of the world reads it as the integer 0 and the other half as a float.
    @inline(__always)
    func scanNumber(from start: Int) throws(JSONError) -> (end: Int, tag: TapeTag) {
        var offset = start
        let isNegative = self[offset] == UInt8(ascii: "-")
        if isNegative { offset &+= 1 }
        let firstDigit = offset
        while offset < count, Self.isDigit(self[offset]) { offset &+= 1 }
        guard offset > firstDigit else { throw .syntax(offset: offset) }
        if self[firstDigit] == UInt8(ascii: "0"), offset > firstDigit &+ 1 { throw .syntax(offset: firstDigit &+ 1) }
        if offset < count {
            let next = self[offset]
            if next == UInt8(ascii: ".") || next | 0x20 == UInt8(ascii: "e") {
                return (try scanFraction(from: offset), .number)
            }
        }
        // 18 digits always fit; 19 may.
        if offset &- firstDigit >= 19, integer(from: start, to: offset) == nil { return (offset, .number) }
        if isNegative, self[firstDigit] == UInt8(ascii: "0") { return (offset, .number) }
        return (offset, .integer)
    }

    /// Goes on from the `.`, `e` or `E` after the digits.
    @inline(never)
    private func scanFraction(from start: Int) throws(JSONError) -> Int {
        var offset = start
        if self[offset] == UInt8(ascii: ".") {
            offset += 1
            offset = try scanDigits(from: offset)
        }
        guard offset < count, self[offset] | 0x20 == UInt8(ascii: "e") else { return offset }
        offset += 1
        if offset < count, self[offset] == UInt8(ascii: "+") || self[offset] == UInt8(ascii: "-") { offset += 1 }
        return try scanDigits(from: offset)
    }

    private func scanDigits(from start: Int) throws(JSONError) -> Int {
        var offset = start
        while offset < count, Self.isDigit(self[offset]) { offset += 1 }
        guard offset > start else { throw .syntax(offset: offset) }
        return offset
    }

    /// The integer written as `-?[0-9]+` in a range, or nil if 64 bits do not hold it.
    @inline(__always)
    func integer(from start: Int, to end: Int) -> Int64? {
        var offset = start
        let isNegative = self[offset] == UInt8(ascii: "-")
        if isNegative { offset &+= 1 }
        // Counted downwards, since -2^63 has no positive counterpart.
        var value: Int64 = 0
        while offset < end {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (difference, underflow) = product.subtractingReportingOverflow(
                Int64(self[offset] &- UInt8(ascii: "0"))
            )
            if overflow || underflow { return nil }
            value = difference
            offset &+= 1
        }
        if isNegative { return value }
        return value == Int64.min ? nil : -value
    }
}
