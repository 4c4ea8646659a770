extension JSONValue {
    /// The canonical form (OLPC) of the value: what signatures and key ids are made over.
    ///
    /// - Returns: the bytes, as ``JSONNode/withCanonicalBytes(_:)`` describes them; no JSON where a string has control
    ///   characters.
    /// - Throws: `notCanonicalizable` for a ``number(_:)``.
    public func canonicalBytes() throws(JSONError) -> [UInt8] {
        var writer = ValueWriter(style: .canonical)
        try writer.writeTree(self)
        return writer.output
    }

    /// The value as a JSON document (RFC 8259), keys sorted.
    ///
    /// Without `pretty` this is the canonical form wherever that is JSON at all: only control characters in strings
    /// are written differently.
    ///
    /// - Parameter pretty: over several lines, indented by two spaces, and with a line end at the end.
    /// - Returns: the bytes.
    public func jsonBytes(pretty: Bool) -> [UInt8] {
        var writer = ValueWriter(style: pretty ? .pretty : .compact)
        do throws(JSONError) {
            try writer.writeTree(self)
        } catch {
            preconditionFailure("only the canonical form refuses numbers")
        }
        if pretty { writer.endLine() }
        return writer.output
    }
}

/// Writes a tree, with a stack of its own.
private struct ValueWriter {
    enum Style {
        case canonical
        case compact
        case pretty
    }

    private enum Frame {
        case array(IndexingIterator<[JSONValue]>)
        case object(IndexingIterator<[JSONObject.Member]>)
    }

    private let style: Style
    private(set) var output: [UInt8] = []
    private var frames: [Frame] = []

    init(style: Style) {
        self.style = style
    }

    mutating func writeTree(_ value: JSONValue) throws(JSONError) {
        try writeOrOpen(value)
        var isFirst = true
        while let frame = frames.popLast() {
            switch frame {
            case .array(var elements):
                guard let element = elements.next() else {
                    close("]", isEmpty: isFirst)
                    isFirst = false
                    continue
                }
                frames.append(.array(elements))
                beginItem(isFirst: isFirst)
                isFirst = try writeOrOpen(element)
            case .object(var members):
                guard let member = members.next() else {
                    close("}", isEmpty: isFirst)
                    isFirst = false
                    continue
                }
                frames.append(.object(members))
                beginItem(isFirst: isFirst)
                writeString(member.key)
                output.append(UInt8(ascii: ":"))
                if style == .pretty { output.append(UInt8(ascii: " ")) }
                isFirst = try writeOrOpen(member.value)
            }
        }
    }

    mutating func endLine() {
        output.append(UInt8(ascii: "\n"))
    }

    /// Returns whether a container was opened, so that what comes next is its first item.
    @discardableResult
    private mutating func writeOrOpen(_ value: JSONValue) throws(JSONError) -> Bool {
        switch value {
        case .null: write("null")
        case .boolean(true): write("true")
        case .boolean(false): write("false")
        case .integer(let value): writeASCII(String(value))
        case .number(let value):
            if style == .canonical { throw .notCanonicalizable(number: value.text) }
            writeASCII(value.text)
        case .string(let value): writeString(value)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            frames.append(.array(elements.makeIterator()))
            return true
        case .object(let object):
            output.append(UInt8(ascii: "{"))
            frames.append(.object(object.storage.makeIterator()))
            return true
        }
        return false
    }

    private mutating func beginItem(isFirst: Bool) {
        if !isFirst { output.append(UInt8(ascii: ",")) }
        indent()
    }

    private mutating func close(_ bracket: Unicode.Scalar, isEmpty: Bool) {
        if !isEmpty { indent() }
        output.append(UInt8(ascii: bracket))
    }

    private mutating func indent() {
        guard style == .pretty else { return }
        endLine()
        for _ in frames { write("  ") }
    }

    private mutating func write(_ text: StaticString) {
        output += UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    private mutating func writeASCII(_ text: String) {
        output += text.utf8
    }

    private mutating func writeString(_ text: String) {
        var text = text
        output.append(UInt8(ascii: "\""))
        text.withUTF8 { bytes in
            if let base = bytes.baseAddress { writeEscaped(Source(base: base, count: bytes.count)) }
        }
        output.append(UInt8(ascii: "\""))
    }

    private mutating func writeEscaped(_ text: Source) {
        var written = 0
        var offset = 0
        while offset < text.count {
            offset = text.firstSpecialByte(from: offset)
            guard offset < text.count else { break }
            let byte = text[offset]
            let isEscaped = byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
            if isEscaped || (byte < 0x20 && style != .canonical) {
                output += text.slice(written, offset - written)
                written = offset
                if isEscaped {
                    output.append(UInt8(ascii: "\\"))
                } else {
                    writeControl(byte)
                    written += 1
                }
            }
            offset += 1
        }
        output += text.slice(written, text.count - written)
    }

    private static func hexDigit(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }

    private mutating func writeControl(_ byte: UInt8) {
        switch byte {
        case 0x08: write("\\b")
        case 0x09: write("\\t")
        case 0x0A: write("\\n")
        case 0x0C: write("\\f")
        case 0x0D: write("\\r")
        default:
            write("\\u00")
            output.append(Self.hexDigit(byte >> 4))
            output.append(Self.hexDigit(byte & 0xF))
        }
    }
}
