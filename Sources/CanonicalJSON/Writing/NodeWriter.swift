extension JSONNode {
    /// Lends the canonical form (OLPC) of the value: what signatures and key ids are made over.
    ///
    /// Object keys in the order of their UTF-8 bytes, no whitespace, strings as raw UTF-8 with only `"` and `\`
    /// escaped (so a line end within a string is a raw 0x0A, and the form is not always JSON), integers in decimal.
    /// Where the document has the value in this form already (``isCanonical``) its bytes are lent without a copy.
    ///
    /// - Parameter body: called once with the bytes.
    /// - Returns: what `body` returns.
    /// - Throws: `notCanonicalizable` for a number that is no 64-bit integer; then `body` is not called.
    public func withCanonicalBytes<R: ~Copyable>(_ body: (Span<UInt8>) -> R) throws(JSONError) -> R {
        if isCanonical {
            let bytes = storage.bytes
            return body(bytes.span.extracting(byteRange))
        }
        let written = try canonicalBytes()
        return body(written.span)
    }

    /// The canonical form (OLPC) of the value, as ``withCanonicalBytes(_:)`` lends it.
    ///
    /// - Returns: the bytes.
    /// - Throws: `notCanonicalizable` for a number that is no 64-bit integer.
    public func canonicalBytes() throws(JSONError) -> [UInt8] {
        var writer = NodeWriter(storage: storage)
        try writer.write(position)
        return writer.output
    }
}

/// Writes the canonical form of a part of a document from its index.
private struct NodeWriter {
    /// A container that is being written.
    private struct Frame {
        let position: Int
        let isObject: Bool
        let isIndexed: Bool
        let count: Int
        var written = 0
        /// Tape position of the next element or key, where the order is that of the document.
        var next: Int
    }

    private let storage: JSONStorage
    private(set) var output: [UInt8] = []
    private var frames: [Frame] = []

    init(storage: JSONStorage) {
        self.storage = storage
    }

    mutating func write(_ position: Int) throws(JSONError) {
        // The canonical form is never longer than any other.
        output.reserveCapacity(storage.byteRange(at: position).count)
        try writeOrOpen(position)
        while let last = frames.indices.last {
            if frames[last].written == frames[last].count {
                output.append(frames[last].isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
                frames.removeLast()
                continue
            }
            if frames[last].written > 0 { output.append(UInt8(ascii: ",")) }
            try writeOrOpen(takeValue(of: last))
        }
    }

    /// Writes the key of the next member; returns the tape position of its value, or of the next element.
    private mutating func takeValue(of index: Int) -> Int {
        let frame = frames[index]
        var value = frame.next
        if frame.isObject {
            let key =
                frame.isIndexed ? storage.keyPosition(inObjectAt: frame.position, rank: frame.written) : frame.next
            writeString(storage.tape[key])
            output.append(UInt8(ascii: ":"))
            value = key + 1
        }
        frames[index].written += 1
        if !frame.isIndexed { frames[index].next = storage.position(after: value) }
        return value
    }

    private mutating func writeOrOpen(_ position: Int) throws(JSONError) {
        if storage.isCanonical(at: position) {
            output += storage.bytes[storage.byteRange(at: position)]
            return
        }
        let word = storage.tape[position]
        switch word.tapeTag {
        case .array, .object:
            let isObject = word.tapeTag == .object
            let trailer = storage.tape[position + 1]
            output.append(isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
            frames.append(
                Frame(
                    position: position,
                    isObject: isObject,
                    isIndexed: trailer.tapeFlags.contains(.indexed),
                    count: trailer.tapeUpper,
                    next: position + 2
                )
            )
        case .foreignString:
            writeString(word)
        default:
            throw .notCanonicalizable(
                number: String(decoding: storage.bytes[storage.byteRange(at: position)], as: UTF8.self)
            )
        }
    }

    private mutating func writeString(_ word: UInt64) {
        guard word.tapeTag == .foreignString else {
            output += storage.bytes[word.tapeLower - 1..<word.tapeLower + word.tapeUpper + 1]
            return
        }
        output.append(UInt8(ascii: "\""))
        storage.bytes.withSource { source in
            var cursor = DecodedUTF8(source, offset: word.tapeLower, length: word.tapeUpper)
            while let byte = cursor.next() {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { output.append(UInt8(ascii: "\\")) }
                output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
