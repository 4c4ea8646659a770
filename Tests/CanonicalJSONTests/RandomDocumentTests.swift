import CanonicalJSON
import Testing

/// Random documents, whole and damaged, against `ReferenceParser`.
struct RandomDocumentTests {
    @Test(arguments: 0..<40)
    func agreesOnRandomDocuments(seed: Int) throws {
        var writer = RandomWriter(seed: seed)
        for _ in 0..<50 {
            let bytes = writer.document()
            let expected = ReferenceParser.value(of: bytes)
            let document: JSONDocument
            do throws(JSONError) {
                document = try JSONDocument(parsing: bytes)
            } catch {
                #expect(expected == nil, "refused: \(bytes.text)")
                continue
            }
            let value = try #require(expected, "accepted: \(bytes.text)")
            #expect(document.root.value() == value)
            try checkForms(document.root, value, bytes)
        }
    }

    @Test(arguments: 0..<40)
    func agreesOnDamagedDocuments(seed: Int) throws {
        var writer = RandomWriter(seed: 1000 + seed)
        for _ in 0..<20 {
            let whole = writer.document()
            for _ in 0..<20 {
                let bytes = writer.damaged(whole)
                let expected = ReferenceParser.value(of: bytes)
                let found = try? JSONValue(parsing: bytes)
                #expect(found == expected, "\(bytes.text)")
            }
        }
    }

    private func checkForms(_ root: JSONNode, _ value: JSONValue, _ bytes: [UInt8]) throws {
        #expect(try JSONValue(parsing: value.jsonBytes(pretty: false)) == value)
        #expect(try JSONValue(parsing: value.jsonBytes(pretty: true)) == value)
        let canonical = try? value.canonicalBytes()
        #expect((try? root.canonicalBytes()) == canonical)
        #expect(root.isCanonical == (canonical == Array(bytes[root.byteRange])))
        guard let canonical, root.isCanonical else { return }
        #expect(try JSONDocument(parsing: canonical).root.isCanonical)
    }
}

/// Writes random documents in many styles.
private struct RandomWriter {
    private var generator: SeededGenerator
    private var output: [UInt8] = []
    private var spaceOneIn = 0
    private var isEscaping = false
    private var isSorting = false

    init(seed: Int) { generator = SeededGenerator(state: UInt64(seed)) }

    mutating func document() -> [UInt8] {
        output = []
        spaceOneIn = [0, 0, 3, 50].randomElement(using: &generator) ?? 0
        isEscaping = oneIn(2)
        isSorting = oneIn(2)
        value(depth: 0)
        return output
    }

    mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            let byte =
                oneIn(3)
                ? UInt8.random(in: 0...255, using: &generator)
                : Array(#"{}[]":,\u0dDeE.-+1ntf "#.utf8).randomElement(using: &generator) ?? 0
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes[place] = byte
            case 1: bytes.insert(byte, at: place)
            case 2: bytes.remove(at: place)
            default: bytes.swapAt(place, Int.random(in: 0..<bytes.count, using: &generator))
            }
        }
        return bytes
    }

    private mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &generator) == 0 }

    private mutating func space() {
        guard spaceOneIn > 0, oneIn(spaceOneIn) else { return }
        output.append([0x20, 0x0A, 0x0D, 0x09].randomElement(using: &generator) ?? 0x20)
    }

    private mutating func value(depth: Int) {
        space()
        switch Int.random(in: 0..<(depth < 4 ? 12 : 8), using: &generator) {
        case 0: output += "null".utf8
        case 1: output += "true".utf8
        case 2: output += "false".utf8
        case 3: output += "\(Int64.random(in: -1000...1000, using: &generator))".utf8
        case 4: output += "\(Int64.random(in: .min ... .max, using: &generator))".utf8
        case 5 where oneIn(4):
            output += (["-0", "1.5", "1e3", "0.0", "9223372036854775808"].randomElement(using: &generator) ?? "").utf8
        case 5, 6, 7: string(length: Int.random(in: 0...20, using: &generator))
        case 8, 9:
            output.append(UInt8(ascii: "["))
            items { $0.value(depth: depth + 1) }
            space()
            output.append(UInt8(ascii: "]"))
        default:
            output.append(UInt8(ascii: "{"))
            object(depth: depth)
            space()
            output.append(UInt8(ascii: "}"))
        }
        space()
    }

    private mutating func items(_ write: (inout Self) -> Void) {
        for index in 0..<Int.random(in: 0...5, using: &generator) {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            write(&self)
        }
    }

    private mutating func object(depth: Int) {
        let count = oneIn(4) ? Int.random(in: 0...30, using: &generator) : Int.random(in: 0...4, using: &generator)
        var keys = (0..<count).map { _ in key() }
        // Mostly without equal ones, so that most documents are good.
        if !oneIn(10) {
            var seen: Set<[UInt8]> = []
            keys.removeAll { !seen.insert($0.bytes).inserted }
        }
        if isSorting { keys.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
        for (index, key) in keys.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            space()
            quote(key)
            space()
            output.append(UInt8(ascii: ":"))
            value(depth: depth + 1)
        }
    }

    private mutating func key() -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...12, using: &generator) { text.unicodeScalars.append(scalar(plain: true)) }
        return text
    }

    private mutating func string(length: Int) {
        var text = ""
        for _ in 0..<length { text.unicodeScalars.append(scalar(plain: false)) }
        quote(text)
    }

    private mutating func scalar(plain: Bool) -> Unicode.Scalar {
        let special: [Unicode.Scalar] = [
            "\"", "\\", "/", "\n", "\0", "\u{1F}", "\u{7F}", "\u{80}", "\u{E9}", "\u{301}", "\u{7FF}", "\u{800}",
            "\u{D7FF}", "\u{E000}", "\u{FFFF}",
            "\u{10000}", "\u{10FFFF}",
        ]
        if oneIn(plain ? 8 : 3) { return special.randomElement(using: &generator) ?? "/" }
        return Unicode.Scalar(UInt8.random(in: 0x61...0x64, using: &generator))
    }

    private mutating func quote(_ text: String) {
        output.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            let mustEscape = scalar.value < 0x20 || scalar == "\"" || scalar == "\\"
            if (isEscaping && oneIn(4)) || scalar.value < 0x20 {
                for unit in UTF16.encode(scalar) ?? .init() {
                    let digits = String(unit, radix: 16, uppercase: oneIn(2))
                    output += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8
                }
            } else {
                if mustEscape || (scalar == "/" && isEscaping) { output.append(UInt8(ascii: "\\")) }
                output += String(scalar).utf8
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
