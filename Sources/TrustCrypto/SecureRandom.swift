import CSodium

/// The system's cryptographic random generator.
public enum SecureRandom {
    /// Makes random bytes that are not secret: salts, nonces, names. For secrets see ``SecretBytes/random(count:)``.
    ///
    /// - Parameter count: Number of bytes.
    /// - Returns: Random bytes.
    public static func bytes(count: Int) -> [UInt8] {
        Sodium.start()
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let start = buffer.baseAddress { randombytes_buf(start, count) }
            initialized = count
        }
    }

    /// Makes a random UUID (RFC 9562 §5.4, version 4).
    ///
    /// - Returns: Its lowercase text, 36 characters.
    public static func uuid() -> String {
        var bytes = bytes(count: 16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let parts = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { Hex.encode(Array(bytes[$0]).span) }
        return parts.joined(separator: "-")
    }
}
