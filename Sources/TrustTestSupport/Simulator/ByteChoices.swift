/// Choices that are read from bytes: a fuzzer changes the bytes, and so the choices.
struct ByteChoices {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    var isEmpty: Bool { bytes.isEmpty }

    /// A number from 0, below a bound; 0 when there are no bytes any more.
    mutating func next(below bound: Int) -> Int {
        guard bound > 0, let byte = bytes.popFirst() else { return 0 }
        return Int(byte) % bound
    }

    /// One of some things; nil when there are none.
    mutating func next<Element>(of elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[next(below: elements.count)]
    }
}
