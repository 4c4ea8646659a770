/// The two ways of writing an ECDSA signature: DER (RFC 3279 §2.2.3), which TUF 1.0 and X.509 use, and both numbers side
/// by side at fixed width, which Notary v1 uses.
package enum ECDSASignature {
    /// Turns DER into the form of fixed width.
    ///
    /// - Parameters:
    ///   - der: Strict DER of two numbers that are at least 1, and nothing else.
    ///   - fieldLength: The length of each number in bytes: 32 on P-256, 48 on P-384.
    /// - Returns: r and s, each padded with zeros at the left; nil for other bytes, or numbers that are too long.
    package static func raw(der: [UInt8], fieldLength: Int) -> [UInt8]? {
        do {
            let bytes = der.span
            var whole = DERReader(bytes)
            var numbers = try whole.enter(DERReader.Tag.sequence, in: bytes)
            try whole.finish()
            let r = try numbers.readUnsigned(in: bytes)
            let s = try numbers.readUnsigned(in: bytes)
            try numbers.finish()
            guard (1...fieldLength).contains(r.count), (1...fieldLength).contains(s.count) else { return nil }
            return [r, s].flatMap { [UInt8](repeating: 0, count: fieldLength - $0.count) + der[$0] }
        } catch {
            return nil
        }
    }

    /// Turns the form of fixed width into DER.
    ///
    /// - Parameters:
    ///   - raw: r and s.
    ///   - fieldLength: The length of each number in bytes.
    /// - Returns: The one DER form; nil for another length, or a number that is zero.
    package static func der(raw: Span<UInt8>, fieldLength: Int) -> [UInt8]? {
        guard raw.count == 2 * fieldLength else { return nil }
        let numbers = [0..<fieldLength, fieldLength..<raw.count].map { range in
            Array(range.map { raw[$0] }.drop { $0 == 0 })
        }
        guard numbers.allSatisfy({ !$0.isEmpty }) else { return nil }
        return DERWriter.element(DERReader.Tag.sequence, numbers.flatMap(DERWriter.unsigned))
    }
}
