/// How two keys stand to each other by the bytes of their UTF-8, which is the order of their code points.
enum KeyOrder {
    case before
    case same
    case after
}

extension Source {
    /// Compares the strings of two words of the tape.
    @inline(__always)
    func order(_ first: UInt64, _ second: UInt64) -> KeyOrder {
        guard first.tapeTag == .plainString, second.tapeTag == .plainString else {
            return decodedOrder(first, second)
        }
        return Self.order(
            slice(first.tapeLower, first.tapeUpper),
            slice(second.tapeLower, second.tapeUpper)
        )
    }

    @inline(never)
    private func decodedOrder(_ first: UInt64, _ second: UInt64) -> KeyOrder {
        var left = DecodedUTF8(self, offset: first.tapeLower, length: first.tapeUpper)
        var right = DecodedUTF8(self, offset: second.tapeLower, length: second.tapeUpper)
        while true {
            switch (left.next(), right.next()) {
            case (nil, nil): return .same
            case (nil, _): return .before
            case (_, nil): return .after
            case (let leftByte?, let rightByte?):
                if leftByte != rightByte { return leftByte < rightByte ? .before : .after }
            }
        }
    }

    /// Compares the string of a word of the tape with plain UTF-8.
    @inline(__always)
    func order(_ word: UInt64, _ text: UnsafeRawBufferPointer) -> KeyOrder {
        guard word.tapeTag == .plainString else { return decodedOrder(word, text) }
        return Self.order(slice(word.tapeLower, word.tapeUpper), text)
    }

    @inline(never)
    private func decodedOrder(_ word: UInt64, _ text: UnsafeRawBufferPointer) -> KeyOrder {
        var left = DecodedUTF8(self, offset: word.tapeLower, length: word.tapeUpper)
        for rightByte in text {
            guard let leftByte = left.next() else { return .before }
            if leftByte != rightByte { return leftByte < rightByte ? .before : .after }
        }
        return left.next() == nil ? .same : .after
    }

    /// Whether the string of a word of the tape is just this text.
    @inline(__always)
    func isSame(_ word: UInt64, _ text: UnsafeRawBufferPointer) -> Bool {
        guard word.tapeTag == .plainString else { return decodedOrder(word, text) == .same }
        return word.tapeUpper == text.count && Self.order(slice(word.tapeLower, word.tapeUpper), text) == .same
    }

    /// Compares two runs of bytes, eight at a time.
    @inline(__always)
    static func order(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> KeyOrder {
        let shared = min(first.count, second.count)
        var offset = 0
        while offset &+ 8 <= shared {
            let left = UInt64(bigEndian: first.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let right = UInt64(bigEndian: second.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            if left != right { return left < right ? .before : .after }
            offset &+= 8
        }
        while offset < shared {
            let left = first[offset]
            let right = second[offset]
            if left != right { return left < right ? .before : .after }
            offset &+= 1
        }
        if first.count == second.count { return .same }
        return first.count < second.count ? .before : .after
    }
}
