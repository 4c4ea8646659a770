/// One 512-byte header block of a tar archive (POSIX ustar, or GNU).
struct TarHeader {
    static let blockSize = 512

    enum Kind: Equatable {
        case file
        case folder
        /// pax records for the next entry.
        case paxNext
        /// pax records for all entries that follow.
        case paxGlobal
        /// GNU: the name of the next entry.
        case longName
        /// A hard or symbolic link.
        case link
        case unsupported
    }

    let kind: Kind
    /// The name as the header has it, the ustar prefix included.
    let name: [UInt8]
    /// The length of the entry's content in bytes.
    let size: Int64

    /// Reads a header; nil when the block is not one: wrong checksum, unknown format, malformed number.
    init?(_ block: [UInt8]) {
        guard block.count == Self.blockSize, let checksum = Self.number(block[148..<156]) else { return nil }
        var sum: Int64 = 0
        for (position, byte) in block.enumerated() {
            sum += (148..<156).contains(position) ? 0x20 : Int64(byte)
        }
        guard sum == checksum, let size = Self.number(block[124..<136]) else { return nil }

        var name = Array(Self.text(block[0..<100]))
        if block[257..<265].elementsEqual("ustar\u{0}00".utf8) {
            // star marks its own layout of the prefix field at the end of the block; it is not read here.
            guard !block[508..<512].elementsEqual("tar\u{0}".utf8) else { return nil }
            let prefix = Self.text(block[345..<500])
            if !prefix.isEmpty { name = Array(prefix) + [UInt8(ascii: "/")] + name }
        } else if !block[257..<265].elementsEqual("ustar  \u{0}".utf8) {
            return nil
        }

        switch block[156] {
        case 0, UInt8(ascii: "0"): kind = name.last == UInt8(ascii: "/") ? .folder : .file
        case UInt8(ascii: "5"): kind = .folder
        case UInt8(ascii: "x"): kind = .paxNext
        case UInt8(ascii: "g"): kind = .paxGlobal
        case UInt8(ascii: "L"): kind = .longName
        case UInt8(ascii: "1"), UInt8(ascii: "2"): kind = size == 0 ? .link : .unsupported
        default: kind = .unsupported
        }
        self.name = name
        self.size = size
    }

    /// A field up to its first NUL.
    private static func text(_ field: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        field.prefix { $0 != 0 }
    }

    /// A number: octal digits, padded with spaces before and with spaces or NULs behind, or GNU's binary form. An empty
    /// field is 0. Nil for anything else, and for what is negative or does not fit.
    static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        guard let first = field.first else { return nil }
        var value: Int64 = 0
        if first & 0x80 != 0 {
            guard first == 0x80 else { return nil }
            for byte in field.dropFirst() {
                guard value <= Int64.max >> 8 else { return nil }
                value = value << 8 | Int64(byte)
            }
            return value
        }
        let digits = field.drop { $0 == 0x20 }
        var rest = digits
        while let digit = rest.first, (0x30...0x37).contains(digit) {
            guard value <= Int64.max >> 3 else { return nil }
            value = value << 3 | Int64(digit - 0x30)
            rest = rest.dropFirst()
        }
        return rest.allSatisfy { $0 == 0 || $0 == 0x20 } ? value : nil
    }
}
