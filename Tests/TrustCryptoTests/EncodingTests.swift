import Testing

@testable import TrustCrypto

@Suite struct EncodingTests {
    @Test(arguments: [([], ""), ([0], "00"), ([0xDE, 0xAD, 0x0F], "dead0f")] as [([UInt8], String)])
    func hex(bytes: [UInt8], text: String) {
        let written = Hex.encode(bytes.span)
        #expect(written == text)
        #expect(Hex.decode(text) == bytes)
        #expect(Hex.decode(text.uppercased()) == bytes)
    }

    @Test(arguments: ["0", "0g", " 00", "00 ", "0x00", "é", "٠٠", "00\0"])
    func notHex(text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test(
        arguments: [
            ([], ""), ([0], "AA=="), ([0, 0], "AAA="), ([0, 0, 0], "AAAA"), ([0xFB, 0xFF], "+/8="),
            (Array("any carnal pleas".utf8), "YW55IGNhcm5hbCBwbGVhcw=="),
        ] as [([UInt8], String)]
    )
    func base64(bytes: [UInt8], text: String) {
        let written = Base64.encode(bytes.span)
        #expect(written == text)
        #expect(Base64.decode(text) == bytes)
    }

    @Test(arguments: ["A", "AA", "AAA", "AA=", "AA===", "AB==", "AAB=", "AAAA=", "AAAA AAAA", "AAAA\n", "-_8=", "AAé="])
    func notBase64(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(arguments: ["", String(repeating: "a", count: 129), "a b", "a\n", "é", "\u{7F}", "a\0"])
    func notKeyIDs(text: String) {
        #expect(throws: CryptoError.malformedKeyID) { try KeyID(text) }
    }

    @Test func keyIDsCompareByBytes() throws {
        #expect(try KeyID("abc") != KeyID("ABC"))
        #expect(try KeyID("Z") < KeyID("a"))
        #expect(try KeyID(String(repeating: "~", count: 128)).string.count == 128)
    }

    @Test func uuids() {
        let uuid = SecureRandom.uuid()
        #expect(uuid.utf8.count == 36)
        #expect(Array(uuid)[14] == "4")
        #expect("89ab".contains(Array(uuid)[19]))
        #expect(SecureRandom.uuid() != uuid)
    }

    @Test func secretBytes() {
        let secret = SecretBytes("secret")
        #expect(secret.count == 6)
        #expect(secret.array == Array("secret".utf8))
        let equal = secret == SecretBytes("secret")
        let different = secret == SecretBytes("secreT")
        let shorter = secret == SecretBytes("secre")
        let empty = SecretBytes("") == SecretBytes("")
        #expect(equal && !different && !shorter && empty)
        let random = SecretBytes.random(count: 32)
        #expect(random.array != [UInt8](repeating: 0, count: 32))
    }

    /// DER that is not DER.
    @Test(
        arguments: [
            [], [0x30], [0x30, 0x01], [0x30, 0x80, 0, 0], [0x30, 0x81, 0x01, 0], [0x30, 0x82, 0, 0x80], [0x31, 0],
            [0x30, 0x84, 0, 0, 0, 1, 0], [0x30, 0x88, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x30, 0xFF],
            [0x30, 0x83, 0xFF, 0xFF, 0xFF],
        ] as [[UInt8]]
    )
    func lengthsAreDefiniteAndMinimal(bytes: [UInt8]) {
        var reader = DERReader(bytes.span)
        #expect(throws: DERError.self) { try reader.read(DERReader.Tag.sequence, in: bytes.span) }
    }

    @Test(
        arguments: [[0x02, 0], [0x02, 1, 0x80], [0x02, 2, 0, 0x7F], [0x02, 2, 0, 0], [0x02, 1, 0xFF]] as [[UInt8]]
    )
    func integersAreMinimalAndNotNegative(bytes: [UInt8]) {
        var reader = DERReader(bytes.span)
        #expect(throws: DERError.self) { try reader.readUnsigned(in: bytes.span) }
    }

    @Test(arguments: [0, 1, 127, 128, 255, 256, 16384, 0x7FFF_FFFF])
    func integersSurvive(value: Int) throws {
        let bytes = DERWriter.integer(value)
        var reader = DERReader(bytes.span)
        #expect(try reader.readSmallInteger(in: bytes.span) == value)
        #expect(reader.isAtEnd)
    }
}
