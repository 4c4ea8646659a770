import TrustCrypto

/// A tar archive of small files, read in place. What programs could read differently is refused: names twice, links, names
/// that leave the archive.
package struct FileArchive: Sendable {
    private let path: String
    private let files: [String: FileSlice]

    /// Opens an archive and reads its table of contents.
    ///
    /// - Parameter path: The file; a symbolic link is followed, only a regular file is read.
    /// - Throws: ``OCIError/archive(path:problem:)``; ``OCIError/fileMissing(path:)``; ``OCIError/file(_:)`` with
    ///   `wrongFileType` for a folder.
    package init(opening path: String) throws(OCIError) {
        guard let file = try RegularFile(opening: path, followingLinks: true) else { throw .fileMissing(path: path) }
        let directory = try TarDirectory(reading: file)
        if let link = directory.firstLink { throw .archive(path: path, problem: .unsupportedEntry(name: link)) }
        self.path = path
        files = directory.files
    }

    /// The names of its files, in no order.
    package var names: [String] { Array(files.keys) }

    /// A file of the archive.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - limit: The most bytes it may have.
    /// - Returns: Its bytes; nil when there is no such file.
    /// - Throws: ``OCIError/tooLarge(limit:)`` before anything is read.
    package func bytes(of name: String, limit: Int) throws(OCIError) -> [UInt8]? {
        guard let slice = files[name] else { return nil }
        let bytes = try slice.bytes(limit: limit)
        guard bytes.count == Int(slice.size) else { throw .archive(path: path, problem: .truncated) }
        return bytes
    }
}

/// Writes a tar archive (POSIX ustar, with pax records for long names) that is the same whoever writes it and when.
package struct FileArchiveWriter {
    private var bytes: [UInt8] = []

    /// An archive without files.
    package init() {}

    /// Adds a file.
    ///
    /// - Parameters:
    ///   - name: Its name: relative, of ASCII characters.
    ///   - content: Its bytes.
    package mutating func add(_ name: String, _ content: [UInt8]) {
        let fieldWidth = 100
        if name.utf8.count > fieldWidth {
            let body = " path=\(name)\n"
            // The length of a record counts its own digits.
            var length = body.utf8.count
            while "\(length)\(body)".utf8.count != length { length = "\(length)\(body)".utf8.count }
            append("pax", type: "x", Array("\(length)\(body)".utf8))
        }
        append(String(decoding: name.utf8.prefix(fieldWidth), as: UTF8.self), type: "0", content)
    }

    /// The archive with its end.
    package consuming func finish() -> [UInt8] {
        bytes + [UInt8](repeating: 0, count: 2 * TarHeader.blockSize)
    }

    private mutating func append(_ name: String, type: Character, _ content: [UInt8]) {
        var header = [UInt8](repeating: 0, count: TarHeader.blockSize)
        func put(_ text: String, at offset: Int) {
            header.replaceSubrange(offset..<(offset + text.utf8.count), with: text.utf8)
        }
        func octal(_ value: Int, digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
        }
        put(name, at: 0)
        put(octal(0o644, digits: 7), at: 100)
        for owner in [108, 116] { put(octal(0, digits: 7), at: owner) }
        put(octal(content.count, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        put("        ", at: 148)
        put(String(type), at: 156)
        put("ustar\u{0}00", at: 257)
        let sum = header.reduce(0) { $0 + Int($1) }
        put("\(octal(sum, digits: 6))\u{0} ", at: 148)
        bytes += header
        bytes += content
        let rest = content.count % TarHeader.blockSize
        if rest != 0 { bytes += [UInt8](repeating: 0, count: TarHeader.blockSize - rest) }
    }
}
