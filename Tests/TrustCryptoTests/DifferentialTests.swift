import COpenSSL
import CSodium
import Testing

@testable import TrustCrypto

/// One library against the other, for the algorithms that both have.
@Suite struct DifferentialTests {
    @Test func sha256() {
        for count in [0, 1, 55, 56, 63, 64, 65, 1000, 100_000] {
            let message = SecureRandom.bytes(count: count)
            var theirs = [UInt8](repeating: 0, count: 32)
            crypto_hash_sha256(&theirs, message, UInt64(count))
            #expect(Digest.of(message).bytes == theirs)
        }
    }

    @Test func sha512() {
        for count in [0, 111, 112, 127, 128, 1000] {
            let message = SecureRandom.bytes(count: count)
            var theirs = [UInt8](repeating: 0, count: 64)
            crypto_hash_sha512(&theirs, message, UInt64(count))
            #expect(Digest.of(message, .sha512).bytes == theirs)
        }
    }

    /// libcrypto signs and verifies Ed25519 as libsodium does.
    @Test func ed25519() throws {
        for count in 0..<64 {
            let message = SecureRandom.bytes(count: count)
            let secret = try Ed25519Secret.generate()
            let key = try PrivateKey(ed25519: secret)
            let signature = try key.signature(message, .ed25519)

            let seed = secret.withSeed { seed in seed.indices.map { seed[$0] } }
            let theirKey = EVP_PKEY_new_raw_private_key_ex(nil, "ED25519", nil, seed, seed.count)
            let pair = OpenSSLKey(owning: try #require(theirKey))
            let context = EVP_MD_CTX_new()
            defer { EVP_MD_CTX_free(context) }
            #expect(EVP_DigestSignInit(context, nil, nil, nil, pair.pointer) == 1)
            var theirs = [UInt8](repeating: 0, count: 64)
            var length = theirs.count
            #expect(EVP_DigestSign(context, &theirs, &length, message, message.count) == 1)
            #expect(theirs == signature)

            var point = [UInt8](repeating: 0, count: 32)
            length = point.count
            #expect(EVP_PKEY_get_raw_public_key(pair.pointer, &point, &length) == 1)
            #expect(point == key.publicKey.ed25519Raw)

            for bit in stride(from: 0, to: 512, by: 7) {
                var changed = signature
                changed[bit / 8] ^= 1 << (bit % 8)
                let verification = EVP_MD_CTX_new()
                defer { EVP_MD_CTX_free(verification) }
                #expect(EVP_DigestVerifyInit(verification, nil, nil, nil, pair.pointer) == 1)
                let accepted = EVP_DigestVerify(verification, changed, changed.count, message, message.count) == 1
                #expect(accepted == key.publicKey.verifies(changed, message, .ed25519))
            }
            ERR_clear_error()
        }
    }

    @Test func errorQueueStaysEmpty() throws {
        ERR_clear_error()
        let key = try PublicKey(pem: Fixtures.text("keys/p256.pub.pem"))
        #expect(!key.verifies([1, 2, 3], [4], .ecdsaSHA2NISTP256))
        let rsa = try PublicKey(pem: Fixtures.text("keys/rsa2048.pub.pem"))
        #expect(!rsa.verifies([UInt8](repeating: 1, count: 256), [4], .rsassaPSSSHA256))
        #expect(throws: CryptoError.malformedPublicKey) {
            try PublicKey(ecdsaPoint: [4] + [UInt8](repeating: 1, count: 64), algorithm: .ecdsaP256)
        }
        #expect(throws: KeyFileError.wrongPassphrase) {
            try PrivateKeyFile.read(Fixtures.bytes("keys/p256.scrypt-1024-1-16.pem"), "wrong")
        }
        #expect(ERR_peek_error() == 0)
    }
}
