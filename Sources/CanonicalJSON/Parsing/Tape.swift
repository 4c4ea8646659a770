/// The flat index of a document: one 64-bit word for a scalar or a key, two for an array or object.
///
/// ```
/// scalar, key   [ tag 4 | length 30 | offset 30 ]      of a string: of what stands between its quotes
/// container     [ tag 4 | next 30   | offset 30 ]      next: position in the tape after all of it
///               [ flags 4 | count 30 | end 30 ]        end: byte offset after its closing bracket
/// ```
///
/// After the header come the elements, or the keys and values by turns, in document order. An object with the flag
/// `indexed` ends with the tape positions of its keys, sorted by the UTF-8 bytes of the keys, two to a word; every
/// object has them that is not sorted as written, or that is too large to be searched from its beginning.
enum Tape {
    static let fieldMask: UInt64 = (1 << 30) - 1

    /// Objects with more members than this get positions of their keys.
    static let linearSearchMaximum = 8

    @inline(__always)
    static func word(_ tag: TapeTag, _ upper: Int, _ lower: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: lower) | UInt64(truncatingIfNeeded: upper) << 30 | UInt64(tag.raw) << 60
    }

    @inline(__always)
    static func trailer(_ flags: TapeFlags, count: Int, end: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: end) | UInt64(truncatingIfNeeded: count) << 30 | UInt64(flags.rawValue) << 60
    }
}

/// What a word of the tape stands for.
struct TapeTag: Equatable {
    let raw: UInt8

    static let null = TapeTag(raw: 0)
    static let `false` = TapeTag(raw: 1)
    static let `true` = TapeTag(raw: 2)
    /// Fits `Int64`, and is written as the canonical form has it.
    static let integer = TapeTag(raw: 3)
    /// Any other number; has no canonical form.
    static let number = TapeTag(raw: 4)
    /// A string without escapes.
    static let plainString = TapeTag(raw: 5)
    /// A string whose only escapes are `\"` and `\\`: canonical as written.
    static let escapedString = TapeTag(raw: 6)
    /// A string with an escape that the canonical form does not have.
    static let foreignString = TapeTag(raw: 7)
    static let array = TapeTag(raw: 8)
    static let object = TapeTag(raw: 9)

    @inline(__always)
    var isString: Bool { raw >= Self.plainString.raw && raw <= Self.foreignString.raw }

    @inline(__always)
    var isContainer: Bool { raw >= Self.array.raw }
}

/// What is known of an array or object as a whole.
struct TapeFlags: OptionSet {
    let rawValue: UInt8

    /// Its bytes are the canonical form.
    static let canonical = TapeFlags(rawValue: 1)
    /// An object whose keys stand in the order of their UTF-8 bytes.
    static let sorted = TapeFlags(rawValue: 2)
    /// An object that ends with the positions of its keys.
    static let indexed = TapeFlags(rawValue: 4)
}

extension UInt64 {
    @inline(__always)
    var tapeTag: TapeTag { TapeTag(raw: UInt8(truncatingIfNeeded: self >> 60)) }

    @inline(__always)
    var tapeFlags: TapeFlags { TapeFlags(rawValue: UInt8(truncatingIfNeeded: self >> 60)) }

    /// Byte offset of a scalar or container; byte end in the second word of a container.
    @inline(__always)
    var tapeLower: Int { Int(truncatingIfNeeded: self & Tape.fieldMask) }

    /// Length of a scalar, tape position after a container, count in the second word of a container.
    @inline(__always)
    var tapeUpper: Int { Int(truncatingIfNeeded: (self >> 30) & Tape.fieldMask) }
}
