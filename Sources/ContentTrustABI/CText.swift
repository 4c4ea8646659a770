#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A text that C may read for as long as this lives.
final class CText: Sendable {
    // The address: a pointer is nothing that threads may share in Swift's eyes, and here nobody writes through it.
    private let address: UInt

    /// A copy of a text. A NUL in it would end it for C, and becomes U+FFFD.
    init(_ text: String) {
        let text =
            text.utf8.contains(0)
            ? String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 })) : text
        guard let copy = strdup(text) else { preconditionFailure("out of memory") }
        address = UInt(bitPattern: copy)
    }

    deinit { free(UnsafeMutableRawPointer(bitPattern: address)) }

    /// Where it is.
    var pointer: UnsafePointer<CChar>? { UnsafePointer(bitPattern: address) }
}
