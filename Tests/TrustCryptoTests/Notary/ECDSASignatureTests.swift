import Testing

@testable import TrustCrypto

/// From DER to fixed width and back.
@Suite struct ECDSASignatureTests {
    static func der(_ numbers: [UInt8]...) -> [UInt8] {
        DERWriter.element(DERReader.Tag.sequence, numbers.flatMap { DERWriter.element(DERReader.Tag.integer, $0) })
    }

    static func der(raw: [UInt8], fieldLength: Int) -> [UInt8]? {
        ECDSASignature.der(raw: raw.span, fieldLength: fieldLength)
    }

    static let high = [UInt8](repeating: 0xFF, count: 32)

    @Test(arguments: [
        (der([1], [2]), [UInt8](repeating: 0, count: 31) + [1] + [UInt8](repeating: 0, count: 31) + [2]),
        (der([0] + high, [0, 0x80]), high + [UInt8](repeating: 0, count: 31) + [0x80]),
        (
            der([UInt8](repeating: 0x7F, count: 32), [1, 0]),
            [UInt8](repeating: 0x7F, count: 32) + [UInt8](repeating: 0, count: 30) + [1, 0]
        ),
    ])
    func bothWays(der: [UInt8], raw: [UInt8]) {
        #expect(ECDSASignature.raw(der: der, fieldLength: 32) == raw)
        #expect(Self.der(raw: raw, fieldLength: 32) == der)
    }

    @Test(
        arguments: [
            [], der([1]), der([1], [2], [3]), der([1], [2]) + [0], Array(der([1], [2]).dropLast()), der([], [1]),
            der([0], [1]), der([1], [0]), der([0x80], [1]), der([0xFF], [1]), der([0, 1], [1]), der([1], [0, 0x7F]),
            der([1] + high, [1]), der([1], [0, 1] + high), [0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0],
            [0x30, 0x81, 6, 2, 1, 1, 2, 1, 1], [0x31, 6, 2, 1, 1, 2, 1, 1],
        ] as [[UInt8]]
    )
    func otherDERIsRefused(der: [UInt8]) {
        #expect(ECDSASignature.raw(der: der, fieldLength: 32) == nil)
    }

    @Test func otherLengthsAndZerosAreRefused() {
        for count in [0, 1, 63, 65, 96] {
            #expect(Self.der(raw: [UInt8](repeating: 1, count: count), fieldLength: 32) == nil)
        }
        let zero = [UInt8](repeating: 0, count: 32)
        for raw in [zero + zero, zero + Self.high, Self.high + zero] {
            #expect(Self.der(raw: raw, fieldLength: 32) == nil)
        }
    }

    /// Some 1 in 128 signatures has a number with a leading zero, which the fixed width has to keep.
    @Test(arguments: [.ecdsaP256, .ecdsaP384] as [KeyAlgorithm])
    func numbersWithLeadingZeros(algorithm: KeyAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        let length = algorithm == .ecdsaP256 ? 32 : 48
        let message: [UInt8] = [1, 2, 3]
        var seen = 0
        for _ in 0..<20_000 where seen < 2 {
            let signature = try key.notarySignature(message)
            #expect(signature.count == 2 * length)
            guard signature[0] == 0 || signature[length] == 0 else { continue }
            seen += 1
            #expect(key.publicKey.verifies(signature, message, .ecdsa))
            // The same numbers, shorter: as a writer would make them that forgets to pad.
            let short = Array(signature[..<length].drop { $0 == 0 } + signature[length...].drop { $0 == 0 })
            #expect(!key.publicKey.verifies(short, message, .ecdsa))
        }
        #expect(seen == 2)
    }

    /// A signature with a number of zero, or not below the order of the group, is nobody's.
    @Test func numbersOutOfRange() throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        let message: [UInt8] = [1, 2, 3]
        let valid = try key.notarySignature(message)
        #expect(key.publicKey.verifies(valid, message, .ecdsa))
        for number in [[UInt8](repeating: 0, count: 32), Self.high] {
            #expect(!key.publicKey.verifies(Array(valid[..<32]) + number, message, .ecdsa))
            #expect(!key.publicKey.verifies(number + Array(valid[32...]), message, .ecdsa))
            #expect(!key.publicKey.verifies(number + number, message, .ecdsa))
        }
    }
}
