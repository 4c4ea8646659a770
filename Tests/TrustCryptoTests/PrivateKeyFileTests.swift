import Testing

@testable import TrustCrypto

/// Reading the key files that OpenSSL writes.
@Suite struct PrivateKeyFileTests {
    static let kinds = ["p256", "p384", "ed25519", "rsa2048", "rsa3072"]

    /// Files of `fixtures/keys`, each with the one that has its public half.
    static let plain: [(file: String, publicKey: String)] =
        kinds.map { ("\($0).pem", "\($0).pub.pem") } + [
            ("p256.sec1.pem", "p256.pub.pem"),
            ("p256.sec1-with-parameters.pem", "p256.sec1-with-parameters.pub.pem"),
            ("p256.sec1-without-public.pem", "p256.pub.pem"),
            ("p384.sec1.pem", "p384.pub.pem"),
            ("rsa2048.pkcs1.pem", "rsa2048.pub.pem"),
        ]

    static let encrypted: [(file: String, publicKey: String)] =
        kinds.flatMap { [("\($0).pbkdf2.pem", "\($0).pub.pem"), ("\($0).scrypt.pem", "\($0).pub.pem")] } + [
            ("p256.pbkdf2-sha1-aes128.pem", "p256.pub.pem"),
            ("p256.pbkdf2-sha384-aes192.pem", "p256.pub.pem"),
            ("p256.pbkdf2-sha512-des3.pem", "p256.pub.pem"),
            ("p256.pbkdf2-600000.pem", "p256.pub.pem"),
            ("p256.scrypt-1024-1-16.pem", "p256.pub.pem"),
            ("p256.sec1-aes128.pem", "p256.pub.pem"),
            ("p384.sec1-aes192.pem", "p384.pub.pem"),
            ("rsa2048.pkcs1-aes256.pem", "rsa2048.pub.pem"),
            ("rsa2048.pkcs1-des3.pem", "rsa2048.pub.pem"),
        ]

    static let refused: [(file: String, error: KeyFileError)] = [
        ("refused.p521.pem", .unsupported("EC key on a curve other than P-256 and P-384")),
        ("refused.secp256k1.pem", .unsupported("EC key on a curve other than P-256 and P-384")),
        ("refused.p256-explicit.pem", .unsupported("EC key with parameters instead of a curve's name")),
        ("refused.ed448.pem", .unsupported("type of key")),
        ("refused.x25519.pem", .unsupported("type of key")),
        ("refused.rsa1024.pem", .unsupported("RSA key of 1024 bits")),
        ("refused.rsa-pss.pem", .unsupported("type of key")),
        ("refused.rsa-multiprime.pem", .unsupported("RSA key with more than two primes")),
        ("refused.pbes1.pem", .unsupported("encryption other than PBES2")),
        ("refused.camellia.pem", .unsupported("cipher of the encrypted key")),
        ("refused.pbkdf2-iterations.pem", .limitExceeded),
        ("refused.certificate.pem", .notAPrivateKey(label: "CERTIFICATE")),
        ("p256.pub.pem", .notAPrivateKey(label: "PUBLIC KEY")),
        ("README.md", .notAKey),
    ]

    @Test(arguments: plain)
    func plainKeysAreRead(file: String, publicKey: String) async throws {
        let bytes = try Fixtures.bytes("keys/\(file)")
        let expected = try PublicKey(pem: Fixtures.text("keys/\(publicKey)"))
        #expect(try !PrivateKeyFile.needsPassphrase(bytes))
        let key = try PrivateKeyFile.read(bytes)
        #expect(key.publicKey == expected)
        let signature = try await key.sign([1, 2, 3])
        #expect(expected.verifies(signature, [1, 2, 3], key.scheme))
        // A passphrase does no harm where none is needed.
        #expect(try PrivateKeyFile.read(bytes, "whatever").publicKey == expected)
    }

    @Test(arguments: encrypted)
    func encryptedKeysAreRead(file: String, publicKey: String) async throws {
        let bytes = try Fixtures.bytes("keys/\(file)")
        let expected = try PublicKey(pem: Fixtures.text("keys/\(publicKey)"))
        #expect(try PrivateKeyFile.needsPassphrase(bytes))
        let key = try PrivateKeyFile.read(bytes, Fixtures.passphrase)
        #expect(key.publicKey == expected)
        let signature = try await key.sign([1, 2, 3])
        #expect(expected.verifies(signature, [1, 2, 3], key.scheme))
        #expect(throws: KeyFileError.passphraseRequired) { try PrivateKeyFile.read(bytes) }
        for wrong in ["", Fixtures.passphrase + " ", "Correct horse battery staple"] {
            #expect(throws: KeyFileError.wrongPassphrase) { try PrivateKeyFile.read(bytes, wrong) }
        }
    }

    @Test(arguments: refused)
    func unsuitableKeysAreRefusedForTheirReason(file: String, error: KeyFileError) throws {
        let bytes = try Fixtures.bytes("keys/\(file)")
        #expect(throws: error) { try PrivateKeyFile.read(bytes, Fixtures.passphrase) }
    }

    @Test func everyFixtureIsUsed() throws {
        let used = Set(Self.plain.map(\.file) + Self.encrypted.map(\.file) + Self.refused.map(\.file))
        let names = try Fixtures.names(in: "keys").filter { $0.hasSuffix(".pem") && !$0.hasSuffix(".pub.pem") }
        #expect(Set(names).subtracting(used).isEmpty)
    }

    @Test(arguments: ["p256", "p384", "ed25519", "rsa2048"])
    func writtenKeysAreReadAgain(kind: String) throws {
        let key = try PrivateKeyFile.read(Fixtures.bytes("keys/\(kind).pem"))
        let file = try PrivateKeyFile.written(key, "päss wörd")
        #expect(try PrivateKeyFile.needsPassphrase(file))
        #expect(try PrivateKeyFile.read(file, "päss wörd").publicKey == key.publicKey)
        #expect(throws: KeyFileError.wrongPassphrase) { try PrivateKeyFile.read(file, "pass word") }
        let unencrypted = try PrivateKeyFile.encodeUnencryptedUnsafe(key).array
        #expect(try !PrivateKeyFile.needsPassphrase(unencrypted))
        // OpenSSL wrote the fixture: the same key has the same bytes.
        #expect(try unencrypted == Fixtures.bytes("keys/\(kind).pem"))
        // Two encryptions of one key have nothing in common.
        #expect(try PrivateKeyFile.written(key, "päss wörd") != file)
    }

    @Test func emptyPassphrasesProtectNothing() throws {
        let key = try PrivateKey.generate(.ed25519)
        #expect(throws: KeyFileError.passphraseRequired) {
            try PrivateKeyFile.written(key, "")
        }
    }

    /// Every prefix of a file is refused, as truncated where that can be told.
    @Test(arguments: ["p256.pem", "ed25519.pbkdf2.pem", "p256.sec1.pem", "p256.sec1-aes128.pem"])
    func truncatedFilesAreRefused(file: String) throws {
        let bytes = try Fixtures.bytes("keys/\(file)")
        let bodyEnd = try #require(bytes.indices.last { bytes[$0...].starts(with: "-----END".utf8) })
        let firstLine = try #require(bytes.firstIndex(of: UInt8(ascii: "\n")))
        for count in 0..<(bytes.count - 1) {
            let prefix = Array(bytes[..<count])
            let expected: KeyFileError = count < firstLine ? .notAKey : .truncated
            #expect(throws: expected, "\(count) of \(bytes.count) bytes") {
                try PrivateKeyFile.read(prefix, Fixtures.passphrase)
            }
        }
        // Lines missing in the middle.
        let lines = bytes[..<bodyEnd].split(separator: UInt8(ascii: "\n"))
        guard lines.count > 2, !file.contains("aes") else { return }
        let shortened = Array(lines.dropLast().joined(separator: [UInt8(ascii: "\n")])) + [10] + bytes[bodyEnd...]
        #expect(throws: KeyFileError.truncated) { try PrivateKeyFile.read(shortened, Fixtures.passphrase) }
    }

    /// Whatever byte of a file is changed, the answer is an error or the same key, where the file states its public half.
    @Test(arguments: ["p256.pem", "p256.sec1.pem", "rsa2048.pkcs1.pem", "p256.scrypt-1024-1-16.pem"])
    func damagedFilesAreRefusedOrHarmless(file: String) throws {
        let bytes = try Fixtures.bytes("keys/\(file)")
        let expected = try PrivateKeyFile.read(bytes, Fixtures.passphrase).publicKey
        let step = bytes.count > 1000 ? 17 : 1
        for index in stride(from: 0, to: bytes.count, by: step) {
            for change in [1, 0x20, 0x80] as [UInt8] {
                var damaged = bytes
                damaged[index] ^= change
                do throws(KeyFileError) {
                    let key = try PrivateKeyFile.read(damaged, Fixtures.passphrase)
                    guard key.publicKey != expected else { continue }
                    Issue.record("byte \(index) xor \(change) made another key")
                } catch {}
            }
        }
    }
}
