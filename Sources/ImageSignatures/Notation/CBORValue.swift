/// A value of CBOR (RFC 8949 §2).
enum CBORValue: Sendable, Equatable {
    /// 0 or more.
    case unsigned(UInt64)
    /// -1 less this.
    case negative(UInt64)
    case bytes([UInt8])
    case text(String)
    case array([CBORValue])
    /// The members in their order; no key is there twice.
    case map([Member])
    indirect case tag(UInt64, CBORValue)
    case boolean(Bool)
    case null
    case undefined
    case float(Double)

    struct Member: Sendable, Equatable {
        let key: CBORValue
        let value: CBORValue
    }

    /// A whole number that fits.
    var integer: Int64? {
        switch self {
        case .unsigned(let value): Int64(exactly: value)
        case .negative(let value): Int64(exactly: value).map { -1 - $0 }
        default: nil
        }
    }

    var bytes: [UInt8]? { if case .bytes(let bytes) = self { bytes } else { nil } }

    var text: String? { if case .text(let text) = self { text } else { nil } }

    var elements: [CBORValue]? { if case .array(let elements) = self { elements } else { nil } }

    /// The value of a member of a map.
    subscript(_ key: CBORValue) -> CBORValue? {
        guard case .map(let members) = self else { return nil }
        return members.first { $0.key.isSame(as: key) }?.value
    }

    /// Whether two keys are the same: integers by value, texts by their bytes.
    func isSame(as other: CBORValue) -> Bool {
        switch (self, other) {
        case (.unsigned(let left), .unsigned(let right)), (.negative(let left), .negative(let right)): left == right
        case (.text(let left), .text(let right)): left.utf8.elementsEqual(right.utf8)
        default: false
        }
    }
}
