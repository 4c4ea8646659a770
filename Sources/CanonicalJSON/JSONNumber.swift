/// A JSON number that is no 64-bit integer, kept as it is written: a fraction, an exponent, `-0` or a large integer.
public struct JSONNumber: Sendable, Hashable, CustomStringConvertible {
    /// The number as RFC 8259 §6 writes it.
    public let text: String

    /// Takes the text of a number.
    ///
    /// - Parameter text: nil is the answer if this is no JSON number, or one that ``JSONValue/integer(_:)`` holds.
    public init?(_ text: String) {
        let bytes = [UInt8](text.utf8)
        guard let first = bytes.first, first == UInt8(ascii: "-") || Source.isDigit(first) else { return nil }
        let scanned = bytes.withSource { try? $0.scanNumber(from: 0) }
        guard let scanned, scanned.end == bytes.count, scanned.tag == .number else { return nil }
        self.text = text
    }

    init(checked text: String) {
        self.text = text
    }

    /// The number as it is written.
    public var description: String { text }
}
