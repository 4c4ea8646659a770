/// The pax extended header records that matter for finding an entry: its name and its length (POSIX pax, "pax Extended
/// Header"). Times, owners and comments are passed over.
struct PaxRecords {
    private(set) var path: [UInt8]?
    private(set) var size: Int64?

    /// Reads records `LENGTH KEY=VALUE\n`; nil when they are malformed, state a name or length twice or emptily, or
    /// describe a sparse file.
    init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let space = rest.prefix(8).firstIndex(of: UInt8(ascii: " ")),
                let length = Self.decimal(rest[rest.startIndex..<space]), length <= Int64(rest.count)
            else { return nil }
            let record = rest.prefix(Int(length))
            guard record.endIndex > space + 1, record.last == UInt8(ascii: "\n") else { return nil }
            let content = record[(space + 1)..<(record.endIndex - 1)]
            guard let equals = content.firstIndex(of: UInt8(ascii: "=")), equals > content.startIndex else {
                return nil
            }
            let value = content[(equals + 1)...]
            guard set(content[..<equals], to: value) else { return nil }
            rest = rest.dropFirst(Int(length))
        }
    }

    private mutating func set(_ key: ArraySlice<UInt8>, to value: ArraySlice<UInt8>) -> Bool {
        if key.elementsEqual("path".utf8) {
            guard path == nil, !value.isEmpty else { return false }
            path = Array(value)
        } else if key.elementsEqual("size".utf8) {
            guard size == nil, let number = Self.decimal(value) else { return false }
            size = number
        } else if key.starts(with: "GNU.sparse.".utf8) {
            return false
        }
        return true
    }

    private static func decimal(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard ReferenceGrammar.isDigit(digit) else { return nil }
            value = value * 10 + Int64(digit - 0x30)
        }
        return value
    }
}
