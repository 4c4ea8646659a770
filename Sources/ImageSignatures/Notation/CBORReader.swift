/// Why bytes are not CBOR that is read here.
enum CBORError: Error, Equatable {
    /// They end too early, or go on after the value.
    case length
    /// They are longer, deeper or have more values than allowed.
    case limit
    /// A length or number is not written in its shortest form, or a text or list has no length.
    case notDeterministic
    /// A reserved code, a text that is not UTF-8, a number that is none.
    case malformed
    /// The key of a map is neither a number nor a text, or is there twice.
    case key
}

/// Reads CBOR (RFC 8949) in the form that COSE envelopes of notation have: everything with its length, and each length and
/// number in its shortest form (§4.2.1), so that bytes have one reading.
struct CBORReader {
    /// The deepest nesting of arrays, maps and tags.
    static let maximumDepth = 16
    /// The most values, keys of maps included.
    static let maximumValues = 10_000

    private let bytes: [UInt8]
    private var position = 0
    private var values = 0

    /// Reads one value.
    ///
    /// - Parameter bytes: All of it, and nothing else; at most ``SignatureLimits/maximumBytes``.
    /// - Returns: The value.
    /// - Throws: ``CBORError``.
    static func value(in bytes: [UInt8]) throws(CBORError) -> CBORValue {
        guard bytes.count <= SignatureLimits.maximumBytes else { throw .limit }
        var reader = CBORReader(bytes: bytes)
        let value = try reader.value(depth: 0)
        guard reader.position == bytes.count else { throw .length }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func value(depth: Int) throws(CBORError) -> CBORValue {
        values += 1
        guard values <= Self.maximumValues, depth <= Self.maximumDepth else { throw .limit }
        let first = try byte()
        let information = first & 0x1F
        if first >> 5 == 7 { return try simple(information) }
        let argument = try argument(information)
        switch first >> 5 {
        case 0: return .unsigned(argument)
        case 1: return .negative(argument)
        case 2: return .bytes(Array(try take(argument)))
        case 3:
            guard let text = String(validating: try take(argument), as: UTF8.self) else { throw .malformed }
            return .text(text)
        case 4: return .array(try array(argument, depth: depth))
        case 5: return .map(try map(argument, depth: depth))
        default: return .tag(argument, try value(depth: depth + 1))
        }
    }

    private mutating func array(_ count: UInt64, depth: Int) throws(CBORError) -> [CBORValue] {
        // Each element takes a byte at the least.
        guard count <= UInt64(bytes.count - position) else { throw .length }
        var elements: [CBORValue] = []
        for _ in 0..<count { elements.append(try value(depth: depth + 1)) }
        return elements
    }

    private mutating func map(_ count: UInt64, depth: Int) throws(CBORError) -> [CBORValue.Member] {
        guard count <= UInt64(bytes.count - position) / 2 else { throw .length }
        // Keys are compared with all before them.
        guard count <= 256 else { throw .limit }
        var members: [CBORValue.Member] = []
        for _ in 0..<count {
            let key = try value(depth: depth + 1)
            guard key.isSame(as: key), !members.contains(where: { $0.key.isSame(as: key) }) else { throw .key }
            members.append(CBORValue.Member(key: key, value: try value(depth: depth + 1)))
        }
        return members
    }

    /// The number that follows the first byte, or is in it (§3).
    private mutating func argument(_ information: UInt8) throws(CBORError) -> UInt64 {
        switch information {
        case 0...23: return UInt64(information)
        case 24...27:
            let length = 1 << Int(information - 24)
            let number = try take(UInt64(length)).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let isShortest = length == 1 ? number > 23 : number >> UInt64(length * 4) != 0
            guard isShortest else { throw .notDeterministic }
            return number
        case 31: throw .notDeterministic
        default: throw .malformed
        }
    }

    private mutating func simple(_ information: UInt8) throws(CBORError) -> CBORValue {
        switch information {
        case 20: return .boolean(false)
        case 21: return .boolean(true)
        case 22: return .null
        case 23: return .undefined
        case 25: return .float(Self.half(try number(2)))
        case 26: return .float(Double(Float(bitPattern: UInt32(try number(4)))))
        case 27: return .float(Double(bitPattern: try number(8)))
        case 31: throw .notDeterministic
        default: throw .malformed
        }
    }

    private mutating func number(_ length: Int) throws(CBORError) -> UInt64 {
        try take(UInt64(length)).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }

    /// A number of half precision, which not every machine has as a type (RFC 8949 appendix D).
    private static func half(_ bits: UInt64) -> Double {
        let (exponent, fraction) = (Int(bits >> 10 & 0x1F), Double(bits & 0x3FF))
        let size: Double
        switch exponent {
        case 0: size = Double(sign: .plus, exponent: -24, significand: fraction)
        case 31: size = fraction == 0 ? .infinity : .nan
        default: size = Double(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
        }
        return bits >> 15 == 0 ? size : -size
    }

    private mutating func byte() throws(CBORError) -> UInt8 {
        guard position < bytes.count else { throw .length }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func take(_ count: UInt64) throws(CBORError) -> ArraySlice<UInt8> {
        guard count <= UInt64(bytes.count - position) else { throw .length }
        let start = position
        position += Int(count)
        return bytes[start..<position]
    }
}
