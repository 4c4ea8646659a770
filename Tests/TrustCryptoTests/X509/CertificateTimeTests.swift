import Testing

@testable import TrustCrypto

@Suite struct CertificateTimeTests {
    static let times: [(seconds: Int64, tag: UInt8, text: String)] = [
        (0, 0x17, "700101000000Z"),
        (-1, 0x17, "691231235959Z"),
        (-631_152_000, 0x17, "500101000000Z"),
        (-631_152_001, 0x18, "19491231235959Z"),
        (951_782_400, 0x17, "000229000000Z"),
        (1_704_067_200, 0x17, "240101000000Z"),
        (2_524_607_999, 0x17, "491231235959Z"),
        (2_524_608_000, 0x18, "20500101000000Z"),
        (4_107_542_399, 0x18, "21000228235959Z"),
        (4_107_542_400, 0x18, "21000301000000Z"),
        (253_402_300_799, 0x18, "99991231235959Z"),
        (-62_167_219_200, 0x18, "00000101000000Z"),
        (-62_162_035_201, 0x18, "00000229235959Z"),
        (-62_162_035_200, 0x18, "00000301000000Z"),
    ]

    static func read(_ tag: UInt8, _ text: String) throws -> Int64 {
        let element = DERWriter.element(tag, Array(text.utf8))
        var reader = DERReader(element.span)
        let time = try CertificateTime.read(&reader, in: element.span)
        try reader.finish()
        return time
    }

    @Test(arguments: times)
    func bothWays(seconds: Int64, tag: UInt8, text: String) throws {
        #expect(try Self.read(tag, text) == seconds)
        #expect(CertificateTime.write(seconds) == DERWriter.element(tag, Array(text.utf8)))
    }

    @Test func manyDays() throws {
        for day in stride(
            from: CertificateTime.range.lowerBound,
            through: CertificateTime.range.upperBound,
            by: 86_399 * 41
        ) {
            let written = CertificateTime.write(day)
            let text = String(decoding: written.dropFirst(2), as: UTF8.self)
            #expect(try Self.read(written[0], text) == day)
        }
    }

    @Test(
        arguments: [
            (0x17, ""), (0x17, "Z"), (0x17, "240101000000"), (0x17, "2401010000Z"), (0x17, "240101000000+0000"),
            (0x17, "20240101000000Z"), (0x17, "240101000060Z"), (0x17, "240101006000Z"), (0x17, "240101240000Z"),
            (0x17, "240100000000Z"), (0x17, "240132000000Z"), (0x17, "240001000000Z"), (0x17, "241301000000Z"),
            (0x17, "230229000000Z"), (0x17, "240431000000Z"), (0x17, "24010100000aZ"), (0x17, "-40101000000Z"),
            (0x18, "240101000000Z"), (0x18, "21000229000000Z"), (0x18, "20240101000000.5Z"), (0x18, "2024010100Z"),
            (0x13, "240101000000Z"),
        ] as [(UInt8, String)]
    )
    func otherTimesAreRefused(tag: UInt8, text: String) {
        #expect(throws: DERError.self) { try Self.read(tag, text) }
    }
}
