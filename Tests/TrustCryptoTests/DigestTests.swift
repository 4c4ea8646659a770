import Testing
import TrustCrypto

@Suite struct DigestTests {
    static let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    static let abc: [(HashAlgorithm, String)] = [
        (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            .sha384,
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
        ),
        (
            .sha512,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
                + "454d4423643ce80e2a9ac94fa54ca49f"
        ),
    ]

    @Test(arguments: abc)
    func knownAnswers(algorithm: HashAlgorithm, hex: String) throws {
        let message = Array("abc".utf8)
        #expect(Digest.of(message, algorithm).hex == hex)
        #expect(try Digest(algorithm: algorithm, hex: hex) == Digest.of(message, algorithm))
        #expect(try Digest(parsing: "\(algorithm.rawValue):\(hex)").description == "\(algorithm.rawValue):\(hex)")
    }

    @Test func emptyInput() {
        #expect(Digest.of([]).description == Self.empty)
        let digest = DigestHasher().finalize()
        #expect(digest.description == Self.empty)
    }

    @Test(arguments: HashAlgorithm.allCases)
    func piecesMakeTheSameDigest(algorithm: HashAlgorithm) {
        let message = SecureRandom.bytes(count: 1000)
        for cut in [0, 1, 63, 64, 65, 999, 1000] {
            var hasher = DigestHasher(algorithm)
            hasher.update(Array(message[..<cut]).span)
            hasher.update(Array(message[cut...]).span)
            let digest = hasher.finalize()
            #expect(digest == Digest.of(message, algorithm))
        }
    }

    @Test(arguments: [
        "", "sha256", "sha256:", "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        empty + "0", String(empty.dropLast()), empty + "\n", empty.replacing("e3b0", with: "g3b0"),
        empty.replacing("e3b0", with: "é3b"),
    ])
    func malformedTextIsRefused(text: String) {
        #expect(throws: CryptoError.malformedDigest) { try Digest(parsing: text) }
    }

    @Test(arguments: [
        "md5:d41d8cd98f00b204e9800998ecf8427e", "SHA256:" + empty.dropFirst(7), "sha512+b64:x", ":", " " + empty,
    ])
    func unknownAlgorithmsAreRefused(text: String) {
        #expect(throws: CryptoError.unknownHashAlgorithm) { try Digest(parsing: text) }
    }

    @Test func wrongLengthIsRefused() {
        #expect(throws: CryptoError.malformedDigest) { try Digest(algorithm: .sha512, bytes: [1, 2, 3]) }
    }
}
