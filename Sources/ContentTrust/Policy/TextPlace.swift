/// A place in a text, as editors count: from 1 on, columns in characters.
struct TextPlace: CustomStringConvertible, Equatable {
    let line: Int
    let column: Int

    var description: String { "line \(line), column \(column)" }
}

/// Finds places in a text. Each takes a moment, however long the text and its lines are: a file of a few megabytes has many
/// rules.
struct TextPlaces: Sendable {
    private static let block = 4096

    private let bytes: [UInt8]
    /// Where each line begins.
    private let lines: [Int]
    /// How many characters begin before each block.
    private let characters: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var lines = [0]
        var characters: [Int] = []
        var count = 0
        for (offset, byte) in bytes.enumerated() {
            if offset % Self.block == 0 { characters.append(count) }
            if byte == 0x0a { lines.append(offset + 1) }
            if Self.begins(byte) { count += 1 }
        }
        characters.append(count)
        self.lines = lines
        self.characters = characters
    }

    /// The place of a byte.
    ///
    /// - Parameter offset: 0 to the number of bytes.
    /// - Returns: The place.
    func place(of offset: Int) -> TextPlace {
        var low = 0
        var high = lines.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lines[middle] <= offset { low = middle } else { high = middle }
        }
        return TextPlace(line: low + 1, column: 1 + count(before: offset) - count(before: lines[low]))
    }

    private func count(before offset: Int) -> Int {
        let start = offset / Self.block * Self.block
        return characters[offset / Self.block] + bytes[start..<min(offset, bytes.count)].count(where: Self.begins)
    }

    /// Whether a byte of UTF-8 begins a character: what continues one does not count.
    private static func begins(_ byte: UInt8) -> Bool { byte & 0xc0 != 0x80 }
}
