import CSodium

/// Bytes that must not leak: a passphrase, a private key, a derived key.
///
/// They live in memory of their own from libsodium: between guard pages, kept out of swap and core dumps where the
/// system allows it, read-only once filled, overwritten with zeros when this value ends. Not copyable, not printable,
/// not encodable.
public struct SecretBytes: ~Copyable, @unchecked Sendable {
    /// Number of bytes.
    public let count: Int

    private let storage: UnsafeMutableRawPointer

    /// Copies bytes in. The source stays as it was; wiping it is up to the caller.
    ///
    /// - Parameter bytes: What to keep.
    public init(copying bytes: Span<UInt8>) {
        self.init(count: bytes.count) { buffer in
            bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
        }
    }

    /// Makes secret bytes by filling a buffer of zeros.
    ///
    /// - Parameters:
    ///   - count: Number of bytes.
    ///   - fill: Writes them. What it leaves out stays zero.
    package init(count: Int, filling fill: (UnsafeMutableBufferPointer<UInt8>) -> Void) {
        self.init(capacity: count) { buffer in
            fill(buffer)
            return count
        }
    }

    /// Makes secret bytes whose number turns out while they are made.
    ///
    /// - Parameters:
    ///   - capacity: The most bytes there can be.
    ///   - fill: Writes them from the start of a buffer of zeros, and returns their number.
    package init(capacity: Int, filling fill: (UnsafeMutableBufferPointer<UInt8>) -> Int) {
        Sodium.start()
        guard let storage = sodium_malloc(capacity) else {
            // As with any other allocation in Swift: no memory, no program.
            fatalError("no memory for \(capacity) secret bytes")
        }
        sodium_memzero(storage, capacity)
        let buffer = UnsafeMutableBufferPointer(start: storage.assumingMemoryBound(to: UInt8.self), count: capacity)
        let count = fill(buffer)
        precondition((0...capacity).contains(count))
        // Best effort: a page that stays writable is no leak.
        sodium_mprotect_readonly(storage)
        self.count = count
        self.storage = storage
    }

    deinit {
        // Overwrites before it frees.
        sodium_free(storage)
    }

    /// Makes random bytes.
    ///
    /// - Parameter count: Number of bytes.
    /// - Returns: Bytes from the system's cryptographic generator.
    public static func random(count: Int) -> SecretBytes {
        SecretBytes(count: count) { buffer in
            if let start = buffer.baseAddress { randombytes_buf(start, buffer.count) }
        }
    }

    /// Lends the bytes for the time of one call.
    ///
    /// - Parameter body: Reads the bytes; it must not copy them to where they would stay.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws.
    public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let buffer = UnsafeBufferPointer(
            start: UnsafePointer(storage.assumingMemoryBound(to: UInt8.self)),
            count: count
        )
        return try body(buffer.span)
    }

    /// Compares in a time that depends on the lengths alone.
    ///
    /// - Parameters:
    ///   - left: One secret.
    ///   - right: The other.
    /// - Returns: True when both are the same bytes.
    public static func == (left: borrowing SecretBytes, right: borrowing SecretBytes) -> Bool {
        left.count == right.count && sodium_memcmp(left.storage, right.storage, left.count) == 0
    }
}
