import Testing
import TrustCrypto

@Suite struct PublicKeyTests {
    @Test(arguments: ["p256", "p384", "ed25519", "rsa2048", "rsa3072"])
    func opensslWritesTheSamePEM(kind: String) throws {
        let pem = try Fixtures.text("keys/\(kind).pub.pem")
        #expect(try PublicKey(pem: pem).pem == pem)
    }

    @Test func compressedPointsAreTheSameKey() throws {
        let key = try PublicKey(pem: Fixtures.text("keys/p256.pub.pem"))
        let compressed = try PublicKey(pem: Fixtures.text("keys/p256.compressed.pub.pem"))
        #expect(key == compressed)
        #expect(key.hashValue == compressed.hashValue)
        #expect(key.spkiDER == compressed.spkiDER)
        let point = Array(key.spkiDER.suffix(65))
        #expect(try PublicKey(ecdsaPoint: point, algorithm: .ecdsaP256) == key)
        #expect(throws: CryptoError.malformedPublicKey) { try PublicKey(ecdsaPoint: point, algorithm: .ecdsaP384) }
        #expect(throws: CryptoError.unsupportedPublicKey) { try PublicKey(ecdsaPoint: point, algorithm: .ed25519) }
    }

    @Test(arguments: ["p521", "secp256k1", "p256-explicit", "ed448", "x25519", "rsa-pss"])
    func otherKindsAreUnsupported(kind: String) throws {
        let pem = try Fixtures.text("keys/refused.\(kind).pub.pem")
        #expect(throws: CryptoError.unsupportedPublicKey) { try PublicKey(pem: pem) }
    }

    @Test func smallModuliAreRefused() throws {
        let pem = try Fixtures.text("keys/refused.rsa1024.pub.pem")
        #expect(throws: CryptoError.rsaModulusSize(bits: 1024)) { try PublicKey(pem: pem) }
        #expect(throws: CryptoError.rsaModulusSize(bits: 1024)) { try PrivateKey.generate(.rsa(bits: 1024)) }
    }

    @Test func whiteSpaceAroundPEMIsHarmless() throws {
        let pem = try Fixtures.text("keys/p256.pub.pem")
        let key = try PublicKey(pem: pem)
        let body = pem.split(separator: "\n")[1...2].joined()
        for same in [
            "\n  " + pem + " \r\n\n", String(pem.dropLast()), pem.replacing("\n", with: "\r\n"),
            "-----BEGIN PUBLIC KEY-----\n\(body)\n-----END PUBLIC KEY-----",
        ] {
            #expect(try PublicKey(pem: same) == key)
        }
    }

    @Test func otherTextIsNoPEM() throws {
        let pem = try Fixtures.text("keys/p256.pub.pem")
        for wrong in [
            "", "\n", "x" + pem, pem + "x", pem + pem, pem.replacing("PUBLIC", with: "PRIVATE"),
            pem.replacing("=", with: ""), pem.replacing("MF", with: "M F="), pem.replacing("-----END", with: "----END"),
            pem.replacing("-----BEGIN PUBLIC KEY-----\n", with: "-----BEGIN PUBLIC KEY-----"),
            "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", "-----BEGIN PUBLIC KEY-----",
            pem.replacing("\n", with: String(repeating: "\n", count: 20_000)), "\u{301}" + pem,
        ] {
            #expect(throws: CryptoError.malformedPublicKey, "\(wrong.prefix(100))") { try PublicKey(pem: wrong) }
        }
    }
}
