/// One pass over a document's bytes, which checks everything and leaves the tape.
///
/// Written as a machine with an explicit stack, since its input is foreign. The words go into memory that the caller
/// lends; when that is full the machine stops between two values, and goes on where it was in a larger one.
struct Parser {
    /// An array or object that has been opened and not closed.
    private struct Frame {
        /// Tape position of its header.
        var header: Int
        var count = 0
        /// Tape position of the last key; 0 before the first one (no key ever stands there).
        var lastKey = 0
        var isObject: Bool
        var isSorted = true
        var isCanonical = true
    }

    private enum Next {
        case value
        case afterValue
    }

    /// The largest number of words that are written between two looks at the room left: a header and a key, or the
    /// header of an empty container and the key after it.
    private static let reserve = 4

    private let source: Source
    private let limits: JSONLimits
    private var frames: [Frame] = []
    private var top = Frame(header: 0, isObject: false)
    private var offset = 0
    private var used = 0
    private var values = 0
    private var next = Next.value
    private var isStarted = false
    /// Where the later one of two equal keys stands.
    private var duplicateKey: Int?
    /// Words wanted beyond those in use before the machine can go on.
    private(set) var wanted = reserve

    private init(_ source: Source, _ limits: JSONLimits) {
        self.source = source
        self.limits = limits
    }

    /// Parses a document.
    ///
    /// - Returns: its tape.
    static func parse(_ bytes: [UInt8], limits: JSONLimits) throws(JSONError) -> [UInt64] {
        var ignored: Int?
        return try parse(bytes, limits: limits, duplicateKey: &ignored)
    }

    /// As above; tells where the later one of two equal keys stands, if that is what is wrong.
    static func parse(
        _ bytes: [UInt8],
        limits: JSONLimits,
        duplicateKey: inout Int?
    ) throws(JSONError) -> [UInt64] {
        let maximumBytes = min(limits.maximumBytes, JSONLimits.hardMaximumBytes)
        guard bytes.count <= maximumBytes else { throw .tooLarge(limit: maximumBytes) }
        guard !bytes.isEmpty else { throw .syntax(offset: 0) }
        return try bytes.withSource { (source) throws(JSONError) -> [UInt64] in
            var parser = Parser(source, limits)
            // As many bytes of index as of text is plenty for most documents, and what is not used is never touched.
            var capacity = bytes.count / 8 + 64
            var tape: [UInt64] = []
            while true {
                var outcome = Result<Bool, JSONError>.success(false)
                tape = [UInt64](unsafeUninitializedCapacity: capacity) { room, count in
                    for position in tape.indices { room.initializeElement(at: position, to: tape[position]) }
                    outcome = parser.run(into: room)
                    count = parser.used
                }
                duplicateKey = parser.duplicateKey
                if try outcome.get() { return tape }
                capacity = max(capacity * 2, parser.used + parser.wanted)
            }
        }
    }

    /// Runs until the end (true) or until the room is used up (false).
    private mutating func run(into room: UnsafeMutableBufferPointer<UInt64>) -> Result<Bool, JSONError> {
        do throws(JSONError) {
            return .success(try advance(room))
        } catch {
            return .failure(error)
        }
    }

    private mutating func advance(_ room: UnsafeMutableBufferPointer<UInt64>) throws(JSONError) -> Bool {
        if !isStarted {
            isStarted = true
            skipWhitespace()
        }
        while true {
            if next == .value {
                guard room.count - used >= Self.reserve else {
                    wanted = Self.reserve
                    return false
                }
                guard try parseValue(room) else { continue }
                next = .afterValue
            }
            if frames.isEmpty {
                skipWhitespace()
                guard offset == source.count else { throw .syntax(offset: offset) }
                return true
            }
            skipWhitespace()
            guard offset < source.count else { throw .syntax(offset: offset) }
            switch source[offset] {
            case UInt8(ascii: ","):
                offset &+= 1
                skipWhitespace()
                if top.isObject { try parseKey(room) }
                next = .value
            case UInt8(ascii: "}") where top.isObject, UInt8(ascii: "]") where !top.isObject:
                let needed = (top.count + 1) / 2 + Self.reserve
                guard room.count - used >= needed else {
                    wanted = needed
                    return false
                }
                offset &+= 1
                try close(room)
            default:
                throw .syntax(offset: offset)
            }
        }
    }

    /// Parses a scalar or an empty container (true), or opens a container up to its first value (false).
    private mutating func parseValue(_ room: UnsafeMutableBufferPointer<UInt64>) throws(JSONError) -> Bool {
        guard offset < source.count else { throw .syntax(offset: offset) }
        values &+= 1
        guard values <= limits.maximumValues else { throw .tooManyValues(limit: limits.maximumValues) }
        top.count &+= 1
        let start = offset
        switch source[start] {
        case UInt8(ascii: "\""):
            try parseString(room)
        case UInt8(ascii: "{"):
            return try open(room, isObject: true)
        case UInt8(ascii: "["):
            return try open(room, isObject: false)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let (end, tag) = try source.scanNumber(from: start)
            if tag != .integer { top.isCanonical = false }
            append(Tape.word(tag, end &- start, start), room)
            offset = end
        case UInt8(ascii: "t"):
            try parseLiteral("true", .true, room)
        case UInt8(ascii: "f"):
            try parseLiteral("false", .false, room)
        case UInt8(ascii: "n"):
            try parseLiteral("null", .null, room)
        default:
            throw .syntax(offset: start)
        }
        return true
    }

    private mutating func open(
        _ room: UnsafeMutableBufferPointer<UInt64>,
        isObject: Bool
    ) throws(JSONError) -> Bool {
        let maximumDepth = min(limits.maximumDepth, JSONLimits.hardMaximumDepth)
        guard frames.count < maximumDepth else { throw .tooDeep(limit: maximumDepth) }
        frames.append(top)
        top = Frame(header: used, isObject: isObject)
        append(UInt64(offset), room)
        append(0, room)
        offset &+= 1
        skipWhitespace()
        guard offset < source.count else { throw .syntax(offset: offset) }
        if source[offset] == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
            offset &+= 1
            try close(room)
            return true
        }
        if isObject { try parseKey(room) }
        return false
    }

    /// Ends the innermost container, whose closing bracket stands just before `offset`.
    private mutating func close(_ room: UnsafeMutableBufferPointer<UInt64>) throws(JSONError) {
        var flags: TapeFlags = []
        if top.isObject {
            if top.isSorted { flags.insert(.sorted) }
            if !top.isSorted || top.count > Tape.linearSearchMaximum {
                flags.insert(.indexed)
                try appendKeyPositions(room)
            }
        }
        let isCanonical = top.isCanonical && top.isSorted
        if isCanonical { flags.insert(.canonical) }
        let tag = top.isObject ? TapeTag.object : TapeTag.array
        let start = room[top.header].tapeLower
        room[top.header] = Tape.word(tag, used, start)
        room[top.header &+ 1] = Tape.trailer(flags, count: top.count, end: offset)
        guard let outer = frames.popLast() else { preconditionFailure("closed more than was opened") }
        top = outer
        if !isCanonical { top.isCanonical = false }
    }

    /// Writes the sorted positions of the innermost object's keys; for an unsorted object also finds equal keys, which
    /// in a sorted one are neighbours and were found before.
    private mutating func appendKeyPositions(_ room: UnsafeMutableBufferPointer<UInt64>) throws(JSONError) {
        var positions: [UInt32] = []
        positions.reserveCapacity(top.count)
        var position = top.header &+ 2
        for _ in 0..<top.count {
            positions.append(UInt32(truncatingIfNeeded: position))
            let value = room[position &+ 1]
            position = value.tapeTag.isContainer ? value.tapeUpper : position &+ 2
        }
        if !top.isSorted {
            let source = source
            positions.sort { source.order(room[Int($0)], room[Int($1)]) == .before }
            for index in 1..<positions.count {
                let (key, other) = (room[Int(positions[index])], room[Int(positions[index &- 1])])
                if source.order(other, key) == .same {
                    throw duplicate(key.tapeLower > other.tapeLower ? key : other)
                }
            }
        }
        var index = 0
        while index < positions.count {
            let upper = index &+ 1 < positions.count ? positions[index &+ 1] : 0
            append(UInt64(positions[index]) | UInt64(upper) << 32, room)
            index &+= 2
        }
    }

    /// Parses a key and its colon, up to the value.
    @inline(__always)
    private mutating func parseKey(_ room: UnsafeMutableBufferPointer<UInt64>) throws(JSONError) {
        guard offset < source.count, source[offset] == UInt8(ascii: "\"") else { throw .syntax(offset: offset) }
        let position = used
        try parseString(room)
        if top.lastKey != 0, top.isSorted {
            switch source.order(room[top.lastKey], room[position]) {
            case .before: break
            case .same: throw duplicate(room[position])
            case .after: top.isSorted = false
            }
        }
        top.lastKey = position
        skipWhitespace()
        guard offset < source.count, source[offset] == UInt8(ascii: ":") else { throw .syntax(offset: offset) }
        offset &+= 1
        skipWhitespace()
    }

    @inline(__always)
    private mutating func parseString(_ room: UnsafeMutableBufferPointer<UInt64>) throws(JSONError) {
        let start = offset &+ 1
        let string = try source.scanString(from: start)
        if string.tag == .foreignString { top.isCanonical = false }
        append(Tape.word(string.tag, string.close &- start, start), room)
        offset = string.close &+ 1
    }

    private mutating func parseLiteral(
        _ text: StaticString,
        _ tag: TapeTag,
        _ room: UnsafeMutableBufferPointer<UInt64>
    ) throws(JSONError) {
        let start = offset
        for index in 0..<text.utf8CodeUnitCount {
            guard offset < source.count, source[offset] == text.utf8Start[index] else {
                throw .syntax(offset: offset)
            }
            offset &+= 1
        }
        append(Tape.word(tag, offset &- start, start), room)
    }

    @inline(__always)
    private mutating func append(_ word: UInt64, _ room: UnsafeMutableBufferPointer<UInt64>) {
        // `advance` has seen to the room. Should it ever be wrong, that is a trap and no stray write.
        precondition(used < room.count)
        room.initializeElement(at: used, to: word)
        used &+= 1
    }

    /// Passes spaces, tabs and line ends; a container that has any is not in canonical form.
    @inline(__always)
    private mutating func skipWhitespace() {
        guard offset < source.count, source[offset] <= 0x20 else { return }
        skipSomeWhitespace()
    }

    @inline(never)
    private mutating func skipSomeWhitespace() {
        let start = offset
        while offset < source.count {
            switch source[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset &+= 1
            default:
                if offset > start { top.isCanonical = false }
                return
            }
        }
        top.isCanonical = false
    }

    private mutating func duplicate(_ key: UInt64) -> JSONError {
        duplicateKey = key.tapeLower - 1
        return .duplicateKey(String(decoding: source.decodedString(key), as: UTF8.self))
    }
}
