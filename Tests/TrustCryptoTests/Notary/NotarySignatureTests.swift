import Testing
import TrustTestSupport

@testable import TrustCrypto

/// The forms of signature that Notary v1 writes and takes.
@Suite struct NotarySignatureTests {
    static let algorithms: [KeyAlgorithm] = [.ecdsaP256, .ecdsaP384, .ed25519, .rsa(bits: 2048)]
    static let message = Array("what is signed".utf8)

    /// Signs like a key elsewhere: only with its own scheme.
    struct RemoteSigner: Signer {
        let key: PrivateKey
        let scheme: SignatureScheme
        var publicKey: PublicKey { key.publicKey }

        func sign(_ message: [UInt8]) async throws(CryptoError) -> [UInt8] { try key.signature(message, scheme) }
    }

    @Test(arguments: algorithms)
    func signaturesBelongToMethods(algorithm: KeyAlgorithm) async throws {
        let key = try PrivateKey.generate(algorithm)
        let signature = try await key.notarySignature(over: Self.message)
        for method in NotarySignatureMethod.allCases {
            #expect(key.publicKey.verifies(signature, Self.message, method) == (method == algorithm.notaryMethod))
            #expect(!key.publicKey.verifies(signature, Self.message + [0], method))
            #expect(!key.publicKey.verifies(Array(signature.dropLast()), Self.message, method))
            #expect(!key.publicKey.verifies([0] + signature, Self.message, method))
            #expect(!key.publicKey.verifies([], Self.message, method))
        }
    }

    /// What TUF 1.0 signs is no Notary signature where the two differ, and the reverse.
    @Test(arguments: [.ecdsaP256, .ecdsaP384] as [KeyAlgorithm])
    func dialectsDoNotMix(algorithm: KeyAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        let der = try key.signature(Self.message, key.scheme)
        #expect(!key.publicKey.verifies(der, Self.message, .ecdsa))
        let raw = try #require(ECDSASignature.raw(der: der, fieldLength: der.count / 2 > 40 ? 48 : 32))
        // On P-384 the hash differs too.
        #expect(key.publicKey.verifies(raw, Self.message, .ecdsa) == (algorithm == .ecdsaP256))
        #expect(!key.publicKey.verifies(raw, Self.message, key.scheme))
    }

    @Test(arguments: [0, 20, 31, 33, 64])
    func saltsHave32Bytes(length: Int) async throws {
        let directory = try TemporaryDirectory()
        try DurableFile.write(Self.message.span, to: directory.path + "/message", mode: 0o600)
        try await runSuccessfully(
            Command(
                "openssl",
                [
                    "pkeyutl", "-sign", "-rawin", "-in", directory.path + "/message", "-out",
                    directory.path + "/signature", "-inkey", Fixtures.path + "/keys/rsa2048.pem", "-digest", "sha256",
                    "-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:\(length)",
                ]
            )
        )
        let signature = try #require(try DurableFile.read(directory.path + "/signature", limit: 4096))
        let key = try PublicKey(pem: Fixtures.text("keys/rsa2048.pub.pem"))
        #expect(key.verifies(signature, Self.message, .rsassaPSSSHA256))
        #expect(!key.verifies(signature, Self.message, .rsapss))
    }

    @Test func pkcs1IsRead() throws {
        let key = try PrivateKey.generate(.rsa(bits: 2048))
        let signature = try key.signature(Self.message, .rsaPKCS1v15SHA256)
        #expect(key.publicKey.verifies(signature, Self.message, .rsapkcs1v15))
        #expect(!key.publicKey.verifies(signature, Self.message, .rsapss))
    }

    @Test func keysElsewhere() async throws {
        for algorithm in [.ecdsaP256, .ed25519, .rsa(bits: 2048)] as [KeyAlgorithm] {
            let signer = RemoteSigner(key: try .generate(algorithm), scheme: algorithm.defaultScheme)
            let signature = try await signer.notarySignature(over: Self.message)
            #expect(signer.publicKey.verifies(signature, Self.message, algorithm.notaryMethod))
        }
        for scheme in [.ecdsaSHA2NISTP384, .rsaPKCS1v15SHA256] as [SignatureScheme] {
            let key = try PrivateKey.generate(scheme == .ecdsaSHA2NISTP384 ? .ecdsaP384 : .rsa(bits: 2048))
            let signer = RemoteSigner(key: key, scheme: scheme)
            await #expect(throws: CryptoError.schemeMismatch(scheme)) {
                try await signer.notarySignature(over: Self.message)
            }
        }
    }

    /// The signatures of the files that the specification prints; a Go client takes them.
    @Test func vectors() throws {
        let key = try PublicKey(
            spkiDER: #require(
                Base64.decode(
                    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEV+l39tt+M8P+es8oQu2YcAnK9W1FhoL8pEe309diqzTFqzdwulc73/VB"
                        + "QGVkD/tbNG36hN7E201o5fWcxHHC7A=="
                )
            )
        )
        let signed =
            Array(
                #"{"_type":"Targets","delegations":{"keys":{},"roles":[]},"expires":"2033-01-01T00:00:00.123456789Z","#
                    .utf8
            ) + Array(#""targets":{"1.0":{"hashes":{"sha256":"WJG1tSLV3whtD/CxEPvZ0hu0/HFjrzTQgoai6Eb2vgM="},"#.utf8)
            + Array(#""length":6}},"version":1}"#.utf8)
        let signature = try #require(
            Base64.decode(
                "w8WRxIG262KCcO4r6SQ1jPixas2v5PDycVBBHWEDMiF/e3/SR5o+oLF24NXuDpnoZehBd4sxZaQCKU2EQdHKIQ=="
            )
        )
        #expect(key.verifies(signature, signed, .ecdsa))
        let timestamp = try PublicKey(
            ed25519: #require(Base64.decode("11l5O7wTooGagnx2rbb7qKSa7gB/SfLQmS2ZuCWtLEg="))
        )
        #expect(!timestamp.verifies(signature, signed, .eddsa))
    }

    @Test func namesOfMethods() {
        #expect(NotarySignatureMethod(ignoringCase: "ECDSA") == .ecdsa)
        #expect(NotarySignatureMethod(ignoringCase: "RSAPSS") == .rsapss)
        #expect(NotarySignatureMethod(ignoringCase: "rsapkcs1v15") == .rsapkcs1v15)
        #expect(NotarySignatureMethod(ignoringCase: "EdDSA") == .eddsa)
        // The sign for kelvin and the long s become ASCII letters in other alphabets' lower case.
        for other in ["", " ecdsa", "ecd\u{17F}a", "ed25519", "pycrypto-pkcs#1 pss"] {
            #expect(NotarySignatureMethod(ignoringCase: other) == nil)
        }
    }
}
