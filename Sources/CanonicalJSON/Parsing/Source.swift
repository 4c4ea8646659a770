/// A document's bytes behind an unsafe pointer, valid only inside the closure that lends it.
///
/// Offsets are the caller's to keep within `0..<count`; debug builds check them.
struct Source {
    let base: UnsafeRawPointer
    let count: Int

    @inline(__always)
    init(base: UnsafeRawPointer, count: Int) {
        self.base = base
        self.count = count
    }

    @inline(__always)
    subscript(_ offset: Int) -> UInt8 {
        assert(offset >= 0 && offset < count)
        return base.load(fromByteOffset: offset, as: UInt8.self)
    }

    /// Eight bytes, the first in the lowest bits on every machine.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        assert(offset >= 0 && offset + 8 <= count)
        return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The bytes of a range, which must lie within the document.
    @inline(__always)
    func slice(_ offset: Int, _ length: Int) -> UnsafeRawBufferPointer {
        assert(offset >= 0 && length >= 0 && offset + length <= count)
        return UnsafeRawBufferPointer(start: base + offset, count: length)
    }
}

extension [UInt8] {
    /// Lends the bytes as a `Source`.
    @inline(__always)
    func withSource<R, E: Error>(_ body: (Source) throws(E) -> R) throws(E) -> R {
        try withUnsafeBufferPointer { (buffer) throws(E) -> R in
            // No document is empty: the parser refuses that before anything is lent.
            guard let base = buffer.baseAddress else { preconditionFailure("no bytes to lend") }
            return try body(Source(base: UnsafeRawPointer(base), count: buffer.count))
        }
    }
}
