import CSodium

/// Base64 of RFC 4648 §4, with padding.
public enum Base64 {
    /// Writes bytes as base64 with padding and without line breaks.
    ///
    /// - Parameter bytes: Any bytes.
    /// - Returns: Four characters for each three bytes begun.
    public static func encode(_ bytes: Span<UInt8>) -> String {
        String(decoding: encodedBytes(bytes), as: UTF8.self)
    }

    /// Reads base64.
    ///
    /// - Parameter text: Base64 with padding, without white space; unused trailing bits are zero.
    /// - Returns: The bytes, or nil for anything else.
    public static func decode(_ text: String) -> [UInt8]? { decode(text, variant: sodium_base64_VARIANT_ORIGINAL) }

    /// Reads base64url of RFC 4648 §5 without padding, as JSON Web Signatures have it (RFC 7515 §2).
    ///
    /// - Parameter text: The text, without white space and padding; unused trailing bits are zero.
    /// - Returns: The bytes, or nil for anything else.
    public static func decodeURLSafe(_ text: String) -> [UInt8]? {
        decode(text, variant: sodium_base64_VARIANT_URLSAFE_NO_PADDING)
    }

    private static func decode(_ text: String, variant: CInt) -> [UInt8]? {
        let characters = Array(text.utf8)
        var valid = false
        let bytes = [UInt8](unsafeUninitializedCapacity: characters.count / 4 * 3 + 3) { buffer, count in
            let written = decode(characters.span, ignoring: nil, variant: variant, into: buffer)
            valid = written != nil
            count = written ?? 0
        }
        return valid ? bytes : nil
    }

    /// libsodium's codec takes the same time for all values, so it serves for secret bytes too.
    static func encodedBytes(_ bytes: Span<UInt8>) -> [UInt8] {
        let capacity = sodium_base64_encoded_len(bytes.count, sodium_base64_VARIANT_ORIGINAL)
        return [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            encode(bytes, into: buffer)
            count = bytes.count == 0 ? 0 : capacity - 1  // libsodium ends the text with a zero byte
        }
    }

    /// The caller provides room for the text and a zero byte.
    static func encode(_ bytes: Span<UInt8>, into buffer: UnsafeMutableBufferPointer<UInt8>) {
        bytes.withUnsafeBufferPointer { source in
            buffer.withMemoryRebound(to: CChar.self) { text in
                guard let start = text.baseAddress, let sourceStart = source.baseAddress else { return }
                sodium_bin2base64(start, text.count, sourceStart, source.count, sodium_base64_VARIANT_ORIGINAL)
            }
        }
    }

    /// - Returns: The number of bytes written, or nil when the text is not base64 or the buffer too small.
    static func decode(
        _ text: Span<UInt8>,
        ignoring ignored: StaticString?,
        variant: CInt = sodium_base64_VARIANT_ORIGINAL,
        into buffer: UnsafeMutableBufferPointer<UInt8>
    ) -> Int? {
        guard text.count > 0 else { return 0 }
        guard let target = buffer.baseAddress else { return nil }
        var written = 0
        var end: UnsafePointer<CChar>?
        let isComplete = text.withUnsafeBufferPointer { source in
            source.withMemoryRebound(to: CChar.self) { characters in
                guard let start = characters.baseAddress else { return false }
                let skipped = ignored.map { UnsafeRawPointer($0.utf8Start).assumingMemoryBound(to: CChar.self) }
                let status = sodium_base642bin(
                    target,
                    buffer.count,
                    start,
                    characters.count,
                    skipped,
                    &written,
                    &end,
                    variant
                )
                guard status == 0, let end else { return false }
                return end == start + characters.count
            }
        }
        return isComplete ? written : nil
    }
}
