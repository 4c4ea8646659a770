/// Reads and writes PEM (RFC 7468, and RFC 1421 §4.4 for the headers of older files).
enum PEM {
    /// The longest file accepted, in bytes: an RSA private key of 16384 bits takes 13 KB.
    static let maximumLength = 65536
    static let maximumHeaders = 8
    static let maximumLabelLength = 64
    /// The longest name or value of a header: a role's or repository's name has up to 512 bytes, a path in an export the
    /// repository and a key id.
    static let maximumHeaderLength = 1024

    /// How much a file may hold.
    struct Limits {
        let bytes: Int
        let blocks: Int

        /// One key, and a chain of certificates beside it.
        static let key = Limits(bytes: PEM.maximumLength, blocks: 32)
        /// All the keys of a store in one file.
        static let export = Limits(bytes: 4 << 20, blocks: 4096)
    }

    /// A block that was found, not yet decoded.
    struct Block: Equatable {
        let label: String
        /// `Name: value` lines at the block's start.
        let headers: [Header]
        /// Where in the file its base64 is.
        let body: Range<Int>
        /// Where in the file the block is, from its first line to its last.
        let extent: Range<Int>

        /// The value of a header; nil when it is not there.
        func value(of name: String) throws(KeyFileError) -> String? {
            let values = headers.filter { $0.name == name }.map(\.value)
            guard values.count <= 1 else { throw .malformed }
            return values.first
        }
    }

    struct Header: Equatable {
        let name: String
        let value: String
    }

    /// Finds all blocks. Text around them is skipped.
    static func blocks(in file: Span<UInt8>, _ limits: Limits = .key) throws(KeyFileError) -> [Block] {
        guard file.count <= limits.bytes else { throw .limitExceeded }
        var blocks: [Block] = []
        var open: OpenBlock?
        var position = 0
        while position < file.count {
            let line = nextLine(in: file, from: position)
            defer { position = line.next }
            let text = file.extracting(line.contents)
            if let label = boundary(text, "-----BEGIN ") {
                guard open == nil, blocks.count < limits.blocks else { throw .malformed }
                open = OpenBlock(label: try readable(label, in: text), start: position, bodyStart: line.next)
            } else if let label = boundary(text, "-----END ") {
                // An end without a beginning is text around blocks.
                guard let block = open else { continue }
                guard try readable(label, in: text) == block.label, block.isWellFormed else {
                    throw .malformed
                }
                blocks.append(
                    Block(
                        label: block.label,
                        headers: block.headers,
                        body: block.bodyStart..<line.contents.lowerBound,
                        extent: block.start..<line.next
                    )
                )
                open = nil
            } else {
                open?.take(text, next: line.next)
            }
        }
        guard open == nil else { throw .truncated }
        return blocks
    }

    /// Decodes the base64 of a block.
    static func contents(of block: Block, in file: Span<UInt8>) throws(KeyFileError) -> SecretBytes {
        var isValid = false
        let body = file.extracting(block.body)
        let contents = SecretBytes(capacity: body.count / 4 * 3 + 3) { buffer in
            let count = Base64.decode(body, ignoring: "\r\n \t", into: buffer)
            isValid = count != nil
            return count ?? 0
        }
        guard isValid else { throw .malformed }
        return contents
    }

    /// Whether a text can be the value of a header, and comes back as it was.
    static func isHeaderValue(_ text: String) -> Bool {
        let bytes = text.utf8
        return (1...maximumHeaderLength).contains(bytes.count) && bytes.first != 0x20 && bytes.last != 0x20
            && bytes.allSatisfy { (0x20...0x7E).contains($0) }
    }

    /// Writes a block, in lines of 64 characters.
    ///
    /// Headers are written in the order given, and an empty line after them; the caller answers for their text.
    static func encode(label: StaticString, headers: [Header] = [], _ contents: Span<UInt8>) -> SecretBytes {
        let head = headers.isEmpty ? "" : headers.map { "\($0.name): \($0.value)\n" }.joined() + "\n"
        let base64Length = (contents.count + 2) / 3 * 4
        let base64 = SecretBytes(capacity: base64Length + 1) { buffer in
            Base64.encode(contents, into: buffer)
            return base64Length
        }
        let lines = (base64Length + 63) / 64
        let boundaryLength = 2 * label.utf8CodeUnitCount + 32
        return SecretBytes(capacity: boundaryLength + head.utf8.count + base64Length + lines) { buffer in
            var count = 0
            func append(_ byte: UInt8) {
                buffer[count] = byte
                count += 1
            }
            func append(_ text: StaticString) {
                for index in 0..<text.utf8CodeUnitCount { append(text.utf8Start[index]) }
            }
            append("-----BEGIN ")
            append(label)
            append("-----\n")
            for byte in head.utf8 { append(byte) }
            base64.withBytes { base64 in
                for index in base64.indices {
                    append(base64[index])
                    if index % 64 == 63 || index == base64.count - 1 { append(UInt8(ascii: "\n")) }
                }
            }
            append("-----END ")
            append(label)
            append("-----\n")
            return count
        }
    }

    /// Writes a block of something public, without headers, in lines of 64 characters.
    static func text(label: String, _ contents: Span<UInt8>) -> String {
        let base64 = Base64.encodedBytes(contents)
        var text = Array("-----BEGIN \(label)-----\n".utf8)
        for start in stride(from: 0, to: base64.count, by: 64) {
            text += base64[start..<min(start + 64, base64.count)]
            text.append(UInt8(ascii: "\n"))
        }
        text += Array("-----END \(label)-----\n".utf8)
        return String(decoding: text, as: UTF8.self)
    }

    /// A block whose end has not been met.
    private struct OpenBlock {
        let label: String
        let start: Int
        var headers: [Header] = []
        var bodyStart: Int
        private var isInHeaders = false
        private var isFirstLine = true
        private var isMalformed = false

        init(label: String, start: Int, bodyStart: Int) {
            self.label = label
            self.start = start
            self.bodyStart = bodyStart
        }

        /// Takes a line between the boundaries. Headers stand at the block's start and end with an empty line.
        ///
        /// What is wrong with a header is told at the block's end: before it, the file may just have been cut off.
        mutating func take(_ line: Span<UInt8>, next: Int) {
            defer { isFirstLine = false }
            var colon: Int?
            for index in line.indices where line[index] == UInt8(ascii: ":") {
                colon = index
                break
            }
            if isFirstLine, colon != nil { isInHeaders = true }
            guard isInHeaders else { return }
            if line.count == 0 {
                isInHeaders = false
                bodyStart = next
                return
            }
            guard let colon, headers.count < maximumHeaders,
                let name = printable(line.extracting(0..<colon)),
                let value = printable(line.extracting((colon + 1)..<line.count))
            else {
                isMalformed = true
                return
            }
            headers.append(Header(name: name, value: value))
        }

        /// Whether the end may come here.
        var isWellFormed: Bool { !isMalformed && !isInHeaders }
    }

    private static func nextLine(in file: Span<UInt8>, from start: Int) -> (contents: Range<Int>, next: Int) {
        var end = start
        while end < file.count, file[end] != UInt8(ascii: "\n") { end += 1 }
        let next = min(end + 1, file.count)
        while end > start, [UInt8(ascii: "\r"), UInt8(ascii: " "), UInt8(ascii: "\t")].contains(file[end - 1]) {
            end -= 1
        }
        return (start..<end, next)
    }

    /// - Returns: Where the label is, when the line is such a boundary.
    private static func boundary(_ line: Span<UInt8>, _ prefix: StaticString) -> Range<Int>? {
        let dashes = 5
        let start = prefix.utf8CodeUnitCount
        guard line.count >= start + dashes else { return nil }
        for index in 0..<start where line[index] != prefix.utf8Start[index] { return nil }
        for index in (line.count - dashes)..<line.count where line[index] != UInt8(ascii: "-") { return nil }
        return start..<(line.count - dashes)
    }

    private static func readable(_ label: Range<Int>, in line: Span<UInt8>) throws(KeyFileError) -> String {
        guard label.count <= maximumLabelLength, let text = printable(line.extracting(label)) else { throw .malformed }
        return text
    }

    /// ASCII without control characters, and without spaces at its ends; nil for anything else.
    private static func printable(_ bytes: Span<UInt8>) -> String? {
        guard bytes.count <= maximumHeaderLength else { return nil }
        var text: [UInt8] = []
        for index in bytes.indices {
            guard (0x20...0x7E).contains(bytes[index]) else { return nil }
            text.append(bytes[index])
        }
        while text.last == 0x20 { text.removeLast() }
        return String(decoding: text.drop { $0 == 0x20 }, as: UTF8.self)
    }
}
