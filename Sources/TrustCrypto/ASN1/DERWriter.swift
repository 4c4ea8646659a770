/// Writes DER of public values. Secret ones go through ``SecretBytes`` elsewhere.
enum DERWriter {
    static func element(_ tag: UInt8, _ contents: [UInt8]) -> [UInt8] {
        [tag] + length(contents.count) + contents
    }

    static func sequence(_ elements: [UInt8]...) -> [UInt8] {
        element(DERReader.Tag.sequence, elements.flatMap { $0 })
    }

    static func objectIdentifier(_ encoded: [UInt8]) -> [UInt8] {
        element(DERReader.Tag.objectIdentifier, encoded)
    }

    static func octetString(_ contents: [UInt8]) -> [UInt8] {
        element(DERReader.Tag.octetString, contents)
    }

    static func bitString(_ contents: [UInt8]) -> [UInt8] {
        element(DERReader.Tag.bitString, [0] + contents)
    }

    /// BOOLEAN TRUE. DER leaves out the value that is the default, which FALSE is wherever it is used.
    static let yes: [UInt8] = [DERReader.Tag.boolean, 1, 0xFF]

    static let null: [UInt8] = [DERReader.Tag.null, 0]

    /// An INTEGER that is not negative, of its big-endian magnitude without leading zeros.
    static func unsigned(_ magnitude: [UInt8]) -> [UInt8] {
        let needsZero = magnitude.first.map { $0 >= 0x80 } ?? true
        return element(DERReader.Tag.integer, (needsZero ? [0] : []) + magnitude)
    }

    static func integer(_ value: Int) -> [UInt8] {
        var magnitude: [UInt8] = []
        var rest = value
        while rest > 0 {
            magnitude.insert(UInt8(rest & 0xFF), at: 0)
            rest >>= 8
        }
        return unsigned(magnitude)
    }

    static func length(_ count: Int) -> [UInt8] {
        guard count >= 0x80 else { return [UInt8(count)] }
        var bytes: [UInt8] = []
        var rest = count
        while rest > 0 {
            bytes.insert(UInt8(rest & 0xFF), at: 0)
            rest >>= 8
        }
        return [0x80 | UInt8(bytes.count)] + bytes
    }
}
