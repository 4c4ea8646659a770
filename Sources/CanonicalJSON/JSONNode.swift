/// A value in a document: a place in its index, and nothing copied.
///
/// Holds on to the whole document. Properties of another kind than the node's answer nil (or nothing), so that
/// reading a field and checking its kind are one step.
public struct JSONNode: Sendable {
    /// The kinds of values.
    public enum Kind: Sendable, Hashable {
        /// `null`.
        case null
        /// `true` or `false`.
        case boolean
        /// A number written as `0` or `-?[1-9][0-9]*` that fits 64 bits.
        case integer
        /// Any other number; it has no canonical form.
        case number
        /// A string.
        case string
        /// An array.
        case array
        /// An object.
        case object
    }

    let storage: JSONStorage
    let position: Int

    var word: UInt64 { storage.tape[position] }

    /// What kind of value this is.
    public var kind: Kind {
        switch word.tapeTag {
        case .null: .null
        case .true, .false: .boolean
        case .integer: .integer
        case .number: .number
        case .array: .array
        case .object: .object
        default: .string
        }
    }

    /// Whether this is `null`.
    public var isNull: Bool { word.tapeTag == .null }

    /// The truth of a boolean.
    public var boolean: Bool? {
        switch word.tapeTag {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// The value of an integer.
    public var integer: Int64? {
        let word = word
        guard word.tapeTag == .integer else { return nil }
        return storage.bytes.withSource { $0.integer(from: word.tapeLower, to: word.tapeLower + word.tapeUpper) }
    }

    /// The text of a string.
    public var string: String? {
        withUTF8 { bytes in
            bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// The text of a number of kind ``Kind/number``, as written.
    public var number: JSONNumber? {
        let word = word
        guard word.tapeTag == .number else { return nil }
        let range = word.tapeLower..<word.tapeLower + word.tapeUpper
        return JSONNumber(checked: String(decoding: storage.bytes[range], as: UTF8.self))
    }

    /// Lends the UTF-8 of a string, escapes resolved; without a copy where it has none.
    ///
    /// - Parameter body: called once if this is a string.
    /// - Returns: what `body` returns, or nil if this is no string.
    /// - Throws: what `body` throws.
    public func withUTF8<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R? {
        let word = word
        let tag = word.tapeTag
        guard tag.isString else { return nil }
        if tag == .plainString {
            let bytes = storage.bytes
            return try body(bytes.span.extracting(word.tapeLower..<word.tapeLower + word.tapeUpper))
        }
        let decoded = storage.decodedString(word)
        return try body(decoded.span)
    }

    /// Whether this is a string with just these bytes.
    ///
    /// - Parameter text: the expected text.
    /// - Returns: false also for what is no string.
    public func isString(_ text: String) -> Bool {
        let word = word
        guard word.tapeTag.isString else { return false }
        var text = text
        return text.withUTF8 { expected in
            storage.bytes.withSource { $0.isSame(word, UnsafeRawBufferPointer(expected)) }
        }
    }

    /// The number of elements of an array or members of an object, else 0.
    public var count: Int {
        word.tapeTag.isContainer ? storage.tape[position + 1].tapeUpper : 0
    }

    /// The value of a member, found by the bytes of its key.
    ///
    /// Takes O(log n) in an object of n members.
    ///
    /// - Parameter key: the key, with escapes resolved.
    /// - Returns: nil if there is no such member, or this is no object.
    public subscript(_ key: String) -> JSONNode? {
        guard word.tapeTag == .object else { return nil }
        var key = key
        let found = key.withUTF8 {
            storage.valuePosition(inObjectAt: position, key: UnsafeRawBufferPointer($0))
        }
        return found.map { JSONNode(storage: storage, position: $0) }
    }

    /// Whether the keys of an object stand in the order of their UTF-8 bytes, as the canonical form wants them.
    public var isSorted: Bool {
        word.tapeTag == .object && storage.tape[position + 1].tapeFlags.contains(.sorted)
    }

    /// Where the value stands in the document's bytes, quotes and brackets included.
    public var byteRange: Range<Int> { storage.byteRange(at: position) }

    /// Whether the value's bytes, as received, already are its canonical form.
    public var isCanonical: Bool { storage.isCanonical(at: position) }
}

extension JSONStorage {
    /// The bytes that a string with escapes stands for.
    func decodedString(_ word: UInt64) -> [UInt8] { bytes.withSource { $0.decodedString(word) } }
}

extension Source {
    /// The bytes that a scanned string stands for.
    func decodedString(_ word: UInt64) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(word.tapeUpper)
        var cursor = DecodedUTF8(self, offset: word.tapeLower, length: word.tapeUpper)
        while let byte = cursor.next() { decoded.append(byte) }
        return decoded
    }
}
