/// Where DER stops being DER.
struct DERError: Error, Equatable {}

/// Reads DER (ITU-T X.690 §10) of a known structure: definite, minimal lengths, one-byte tags, nothing left over.
///
/// It holds positions only; the bytes are handed to each call, so that secret bytes need not be copied. It never
/// recurses: the structures read with it have a fixed depth.
struct DERReader {
    /// The element types used by keys and certificates.
    enum Tag {
        static let boolean: UInt8 = 0x01
        static let integer: UInt8 = 0x02
        static let bitString: UInt8 = 0x03
        static let octetString: UInt8 = 0x04
        static let null: UInt8 = 0x05
        static let objectIdentifier: UInt8 = 0x06
        static let utf8String: UInt8 = 0x0C
        static let printableString: UInt8 = 0x13
        static let ia5String: UInt8 = 0x16
        static let utcTime: UInt8 = 0x17
        static let generalizedTime: UInt8 = 0x18
        static let sequence: UInt8 = 0x30
        static let set: UInt8 = 0x31

        static func context(_ number: UInt8, constructed: Bool) -> UInt8 { (constructed ? 0xA0 : 0x80) | number }
    }

    private(set) var position: Int
    let end: Int

    /// Reads the given part of the bytes, by default all of them.
    init(_ bytes: Span<UInt8>, _ range: Range<Int>? = nil) {
        position = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
    }

    var isAtEnd: Bool { position == end }

    /// The next element's tag, or nil at the end.
    func nextTag(in bytes: Span<UInt8>) -> UInt8? {
        position < end ? bytes[position] : nil
    }

    /// Reads one element of a given type.
    ///
    /// - Returns: The range of its contents.
    mutating func read(_ tag: UInt8, in bytes: Span<UInt8>) throws(DERError) -> Range<Int> {
        guard end - position >= 2, bytes[position] == tag else { throw DERError() }
        var cursor = position + 1
        let first = bytes[cursor]
        cursor += 1
        var length = Int(first)
        if first >= 0x80 {
            let lengthBytes = Int(first & 0x7F)
            guard (1...3).contains(lengthBytes), end - cursor >= lengthBytes else { throw DERError() }
            length = 0
            for _ in 0..<lengthBytes {
                length = length << 8 | Int(bytes[cursor])
                cursor += 1
            }
            // Minimal: no leading zero byte, and the long form only where the short one does not reach.
            guard length >= 0x80, length >> (8 * (lengthBytes - 1)) != 0 else { throw DERError() }
        }
        guard end - cursor >= length else { throw DERError() }
        position = cursor + length
        return cursor..<position
    }

    /// Reads an element of a given type and returns a reader for its contents.
    mutating func enter(_ tag: UInt8, in bytes: Span<UInt8>) throws(DERError) -> DERReader {
        let range = try read(tag, in: bytes)
        return DERReader(bytes, range)
    }

    /// Reads one element of whatever type.
    ///
    /// - Returns: Its tag, and the range of its contents.
    mutating func readAny(in bytes: Span<UInt8>) throws(DERError) -> (tag: UInt8, contents: Range<Int>) {
        // Number 31 announces a tag of several bytes, which nothing here has.
        guard let tag = nextTag(in: bytes), tag & 0x1F != 0x1F else { throw DERError() }
        return (tag, try read(tag, in: bytes))
    }

    /// Reads an element of a given type.
    ///
    /// - Returns: The range of all of it, tag and length included.
    mutating func readWhole(_ tag: UInt8, in bytes: Span<UInt8>) throws(DERError) -> Range<Int> {
        let start = position
        let contents = try read(tag, in: bytes)
        return start..<contents.upperBound
    }

    /// Reads an INTEGER that is not negative.
    ///
    /// - Returns: The range of its magnitude, without the leading zero byte of DER; empty for zero.
    mutating func readUnsigned(in bytes: Span<UInt8>) throws(DERError) -> Range<Int> {
        let range = try read(Tag.integer, in: bytes)
        guard let first = range.first, bytes[first] < 0x80 else { throw DERError() }
        guard bytes[first] == 0 else { return range }
        // A leading zero is there to keep the number positive, or it is the number zero.
        guard range.count == 1 || bytes[first + 1] >= 0x80 else { throw DERError() }
        return (first + 1)..<range.upperBound
    }

    /// Reads a small INTEGER that is not negative.
    mutating func readSmallInteger(in bytes: Span<UInt8>) throws(DERError) -> Int {
        let range = try readUnsigned(in: bytes)
        guard range.count <= 4 else { throw DERError() }
        var value = 0
        for index in range { value = value << 8 | Int(bytes[index]) }
        return value
    }

    /// Reads a BIT STRING of whole bytes.
    mutating func readBitString(in bytes: Span<UInt8>) throws(DERError) -> Range<Int> {
        let range = try read(Tag.bitString, in: bytes)
        guard let first = range.first, bytes[first] == 0 else { throw DERError() }
        return (first + 1)..<range.upperBound
    }

    /// Reads the contents of an OBJECT IDENTIFIER.
    mutating func readObjectIdentifier(in bytes: Span<UInt8>) throws(DERError) -> [UInt8] {
        let range = try read(Tag.objectIdentifier, in: bytes)
        guard !range.isEmpty, range.count <= 32 else { throw DERError() }
        return range.map { bytes[$0] }
    }

    /// How many bytes an element claims to have, its tag and length included, whether they are there or not.
    ///
    /// - Returns: Nil where no length is to be read.
    static func lengthOfElement(at start: Int, in bytes: Span<UInt8>) -> Int? {
        guard bytes.count - start >= 2 else { return nil }
        let first = Int(bytes[start + 1])
        guard first >= 0x80 else { return 2 + first }
        let lengthBytes = first & 0x7F
        guard (1...3).contains(lengthBytes), bytes.count - start >= 2 + lengthBytes else { return nil }
        var length = 0
        for index in 0..<lengthBytes { length = length << 8 | Int(bytes[start + 2 + index]) }
        return 2 + lengthBytes + length
    }

    /// Demands that nothing is left.
    func finish() throws(DERError) {
        guard isAtEnd else { throw DERError() }
    }
}
