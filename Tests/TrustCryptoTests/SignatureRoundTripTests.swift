import Testing

@testable import TrustCrypto

/// What every scheme has to do for keys made here.
@Suite struct SignatureRoundTripTests {
    static let algorithms: [KeyAlgorithm] = [.ecdsaP256, .ecdsaP384, .ed25519, .rsa(bits: 2048)]

    @Test(arguments: algorithms)
    func signedMessagesVerify(algorithm: KeyAlgorithm) async throws {
        let key = try PrivateKey.generate(algorithm)
        #expect(key.publicKey.algorithm == algorithm)
        for message in [[], [0], [UInt8](repeating: 7, count: 100_000)] as [[UInt8]] {
            var signature = try await key.sign(message)
            #expect(key.publicKey.verifies(signature, message, key.scheme))
            let other = message + [1]
            #expect(!key.publicKey.verifies(signature, other, key.scheme))
            signature[signature.count / 2] ^= 1
            #expect(!key.publicKey.verifies(signature, message, key.scheme))
        }
    }

    @Test(arguments: algorithms)
    func schemesBelongToKeyTypes(algorithm: KeyAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        let message: [UInt8] = [1, 2, 3]
        for scheme in SignatureScheme.allCases {
            guard algorithm.supports(scheme) else {
                #expect(throws: CryptoError.schemeMismatch(scheme)) {
                    try key.signature(message, scheme)
                }
                continue
            }
            let signature = try key.signature(message, scheme)
            for claimed in SignatureScheme.allCases {
                #expect(
                    key.publicKey.verifies(signature, message, claimed)
                        == (claimed == scheme)
                )
            }
        }
    }

    @Test(arguments: algorithms)
    func publicKeysSurviveTheirEncodings(algorithm: KeyAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm).publicKey
        #expect(try PublicKey(spkiDER: key.spkiDER) == key)
        #expect(try PublicKey(pem: key.pem) == key)
        #expect(try PublicKey(pem: key.pem).pem == key.pem)
        if let raw = key.ed25519Raw { #expect(try PublicKey(ed25519: raw) == key) }
    }
}
