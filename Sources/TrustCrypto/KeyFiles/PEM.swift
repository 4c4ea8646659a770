/// Reads and writes PEM (RFC 7468, and RFC 1421 §4.4 for the headers of older files).
enum PEM {
    /// The longest file accepted, in bytes: an RSA private key of 16384 bits takes 13 KB.
    static let maximumLength = 65536
    /// The most blocks accepted in a file: a chain of certificates beside a key.
    static let maximumBlocks = 32
    static let maximumHeaders = 8
    static let maximumLabelLength = 64

    /// A block that was found, not yet decoded.
    struct Block: Equatable {
        let label: String
        /// `Name: value` lines at the block's start.
        let headers: [Header]
        /// Where in the file its base64 is.
        let body: Range<Int>
    }

    struct Header: Equatable {
        let name: String
        let value: String
    }

    /// Finds all blocks. Text around them is skipped.
    static func blocks(
        in file: Span<UInt8>,
        maximumLength: Int = maximumLength,
        maximumBlocks: Int = maximumBlocks
    ) throws(KeyFileError) -> [Block] {
        guard file.count <= maximumLength else { throw .limitExceeded }
        var blocks: [Block] = []
        var open: OpenBlock?
        var position = 0
        while position < file.count {
            let line = nextLine(in: file, from: position)
            defer { position = line.next }
            let text = file.extracting(line.contents)
            if let label = boundary(text, "-----BEGIN ") {
                guard open == nil, blocks.count < maximumBlocks else { throw .malformed }
                open = OpenBlock(label: try readable(label, in: text), bodyStart: line.next)
            } else if let label = boundary(text, "-----END ") {
                // An end without a beginning is text around blocks.
                guard let block = open else { continue }
                guard try readable(label, in: text) == block.label, block.isWellFormed else {
                    throw .malformed
                }
                blocks.append(
                    Block(label: block.label, headers: block.headers, body: block.bodyStart..<line.contents.lowerBound)
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

    /// Writes a block without headers, in lines of 64 characters.
    static func encode(label: StaticString, _ contents: Span<UInt8>) -> SecretBytes {
        let base64Length = (contents.count + 2) / 3 * 4
        let base64 = SecretBytes(capacity: base64Length + 1) { buffer in
            Base64.encode(contents, into: buffer)
            return base64Length
        }
        let lines = (base64Length + 63) / 64
        let boundaryLength = 2 * label.utf8CodeUnitCount + 32
        return SecretBytes(capacity: boundaryLength + base64Length + lines) { buffer in
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
        var headers: [Header] = []
        var bodyStart: Int
        private var isInHeaders = false
        private var isFirstLine = true
        private var isMalformed = false

        init(label: String, bodyStart: Int) {
            self.label = label
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
        guard bytes.count <= 256 else { return nil }
        var text: [UInt8] = []
        for index in bytes.indices {
            guard (0x20...0x7E).contains(bytes[index]) else { return nil }
            text.append(bytes[index])
        }
        while text.last == 0x20 { text.removeLast() }
        return String(decoding: text.drop { $0 == 0x20 }, as: UTF8.self)
    }
}
