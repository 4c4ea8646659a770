import Testing
import TrustCrypto

@Suite("Keys of tools that sign artifacts")
struct ArtifactKeyTests {
    static let kinds = ["p256", "p384", "p521", "ed25519", "rsa2048", "rsa4096"]

    static func key(_ kind: String) throws -> ArtifactKey {
        try ArtifactKey(file: try Fixtures.bytes("signatures/cosign/\(kind).pub"))
    }

    static let methods: [ArtifactSignatureMethod] = [
        .ecdsa(.sha256), .ecdsa(.sha384), .ecdsa(.sha512), .ecdsaFixedWidth(.sha256), .rsaPSS(.sha256),
        .rsaPSS(.sha512),
        .rsaPKCS1v15(.sha256), .rsaPKCS1v15(.sha512), .ed25519, .ed25519Prehashed,
    ]

    /// Outside of the macros, which cannot take a span.
    private func isValid(
        _ signature: [UInt8],
        of key: ArtifactKey,
        over message: [UInt8],
        _ method: ArtifactSignatureMethod
    ) -> Bool {
        key.isValidSignature(signature.span, over: message.span, method: method)
    }

    @Test("take the signatures of one method alone", arguments: kinds)
    func methods(_ kind: String) throws {
        let key = try Self.key(kind)
        let message = try Fixtures.bytes("signatures/cosign/payload.json")
        let signature = try #require(Base64.decode(try Fixtures.text("signatures/cosign/\(kind).sig")))
        let expected: ArtifactSignatureMethod =
            switch key.kind {
            case .ecdsa: .ecdsa(.sha256)
            case .ed25519: .ed25519
            case .rsa: .rsaPKCS1v15(.sha256)
            }
        let valid = Self.methods.filter { isValid(signature, of: key, over: message, $0) }
        #expect(valid == [expected])
        var changed = signature
        changed[changed.count - 1] ^= 1
        #expect(!isValid(changed, of: key, over: message, expected))
        #expect(!isValid(signature + [0], of: key, over: message, expected))
        #expect(!isValid([], of: key, over: message, expected))
    }

    @Test("of the kinds that metadata has are the same keys", arguments: ["p256", "p384", "ed25519", "rsa2048"])
    func same(_ kind: String) throws {
        let file = try Fixtures.bytes("signatures/cosign/\(kind).pub")
        #expect(ArtifactKey(try PublicKey(file: file)) == (try ArtifactKey(file: file)))
    }

    @Test("take Ed25519ph (RFC 8032 §7.3)")
    func prehashed() throws {
        let hex = "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf"
        let key = ArtifactKey(try PublicKey(ed25519: try #require(Hex.decode(hex))))
        let signature = try #require(
            Hex.decode(
                "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e6"
                    + "36062aaad11c2a26083406"
            )
        )
        let message: [UInt8] = Array("abc".utf8)
        #expect(isValid(signature, of: key, over: message, .ed25519Prehashed))
        #expect(!isValid(signature, of: key, over: message, .ed25519))
        #expect(!isValid(signature, of: key, over: Array("abd".utf8), .ed25519Prehashed))
    }

    @Test(
        "are refused in other files",
        arguments: ["p256.pem", "refused.secp256k1.pub.pem", "refused.rsa1024.pub.pem", "README.md"]
    )
    func refused(_ file: String) {
        #expect(throws: KeyFileError.self) { try ArtifactKey(file: try Fixtures.bytes("keys/\(file)")) }
    }

    @Test("on P-521 are points of the curve")
    func points() throws {
        let key = try Self.key("p521")
        #expect(key.kind == .ecdsa(.sha512))
        var changed = key.spkiDER
        changed[changed.count - 1] ^= 1
        #expect(throws: CryptoError.malformedPublicKey) { try ArtifactKey(spkiDER: changed) }
        #expect(throws: CryptoError.malformedPublicKey) { try ArtifactKey(spkiDER: Array(key.spkiDER.dropLast())) }
    }

    @Test("base64url has neither padding nor the other alphabet")
    func base64URL() {
        #expect(Base64.decodeURLSafe("-_8") == [0xFB, 0xFF])
        #expect(Base64.decodeURLSafe("") == [])
        for text in ["-_8=", "+/8", "-_9", "-_ 8", "A"] { #expect(Base64.decodeURLSafe(text) == nil, "\(text)") }
    }
}
