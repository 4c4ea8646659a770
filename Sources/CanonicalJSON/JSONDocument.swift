/// A JSON document (RFC 8259) that has been checked as a whole: its bytes and a flat index over them.
///
/// Stricter than the RFC where readers differ: no object has a key twice (compared by the bytes of their UTF-8, after
/// resolving escapes), the text is valid UTF-8, no escape is half of a surrogate pair, there is no byte order mark,
/// and nothing but whitespace stands before or after the one value. Raw control characters in strings are refused, as
/// the RFC demands, although the canonical form has them: what is signed may have to be written out first
/// (``JSONNode/withCanonicalBytes(_:)``).
public struct JSONDocument: Sendable {
    let storage: JSONStorage

    /// Checks and indexes a document in one pass.
    ///
    /// - Parameters:
    ///   - bytes: all of the document.
    ///   - limits: what it may ask for.
    /// - Throws: the first thing that is wrong with it; `duplicateKey` may come later than its place.
    public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        storage = JSONStorage(bytes: bytes, tape: try Parser.parse(bytes, limits: limits))
    }

    /// Where the key stands that makes ``init(parsing:limits:)`` throw `duplicateKey`: the later one of two.
    ///
    /// - Parameters:
    ///   - bytes: the same document.
    ///   - limits: the same limits.
    /// - Returns: the offset of its opening quote; nil where something else is thrown, or nothing.
    public static func offsetOfDuplicateKey(in bytes: [UInt8], limits: JSONLimits = JSONLimits()) -> Int? {
        var offset: Int?
        _ = try? Parser.parse(bytes, limits: limits, duplicateKey: &offset)
        return offset
    }

    /// The bytes as they were given.
    public var bytes: [UInt8] { storage.bytes }

    /// The one value of the document.
    public var root: JSONNode { JSONNode(storage: storage, position: 0) }
}

/// What all nodes of a document share.
final class JSONStorage: Sendable {
    let bytes: [UInt8]
    let tape: [UInt64]

    init(bytes: [UInt8], tape: [UInt64]) {
        self.bytes = bytes
        self.tape = tape
    }

    /// The tape position after the value at `position`.
    @inline(__always)
    func position(after position: Int) -> Int {
        let word = tape[position]
        return word.tapeTag.isContainer ? word.tapeUpper : position &+ 1
    }

    /// Where the value at `position` stands in the bytes.
    func byteRange(at position: Int) -> Range<Int> {
        let word = tape[position]
        let tag = word.tapeTag
        if tag.isContainer { return word.tapeLower..<tape[position + 1].tapeLower }
        if tag.isString { return word.tapeLower - 1..<word.tapeLower + word.tapeUpper + 1 }
        return word.tapeLower..<word.tapeLower + word.tapeUpper
    }

    /// Whether the value at `position` is written in canonical form.
    func isCanonical(at position: Int) -> Bool {
        let tag = tape[position].tapeTag
        if tag.isContainer { return tape[position + 1].tapeFlags.contains(.canonical) }
        return tag != .number && tag != .foreignString
    }

    /// The tape position of the key that comes `rank`-th in the order of keys of an indexed object.
    @inline(__always)
    func keyPosition(inObjectAt position: Int, rank: Int) -> Int {
        let count = tape[position &+ 1].tapeUpper
        let first = tape[position].tapeUpper &- (count &+ 1) / 2
        let pair = tape[first &+ rank / 2]
        return Int(truncatingIfNeeded: rank & 1 == 0 ? pair & 0xFFFF_FFFF : pair >> 32)
    }

    /// The tape position of a member's value.
    func valuePosition(inObjectAt position: Int, key: UnsafeRawBufferPointer) -> Int? {
        let trailer = tape[position + 1]
        return bytes.withSource { source in
            if trailer.tapeFlags.contains(.indexed) {
                var lower = 0
                var upper = trailer.tapeUpper
                while lower < upper {
                    let middle = (lower + upper) / 2
                    let candidate = keyPosition(inObjectAt: position, rank: middle)
                    switch source.order(tape[candidate], key) {
                    case .same: return candidate + 1
                    case .before: lower = middle + 1
                    case .after: upper = middle
                    }
                }
                return nil
            }
            var candidate = position + 2
            for _ in 0..<trailer.tapeUpper {
                if source.isSame(tape[candidate], key) { return candidate + 1 }
                candidate = self.position(after: candidate + 1)
            }
            return nil
        }
    }
}
