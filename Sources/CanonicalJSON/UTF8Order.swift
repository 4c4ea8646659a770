/// Comparison of strings by the bytes of their UTF-8.
///
/// `String`'s own operators take canonically equivalent strings for equal (`é` in its two spellings), which would
/// merge keys that are different in what is signed.
enum UTF8Order {
    @inline(__always)
    static func order(_ first: String, _ second: String) -> KeyOrder {
        var first = first
        var second = second
        return first.withUTF8 { left in
            second.withUTF8 { right in
                Source.order(UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right))
            }
        }
    }

    @inline(__always)
    static func isSame(_ first: String, _ second: String) -> Bool {
        order(first, second) == .same
    }

    /// Hashes what `isSame` compares.
    static func hash(_ string: String, into hasher: inout Hasher) {
        var string = string
        string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(0xFF as UInt8)
    }
}
