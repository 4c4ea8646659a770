import Testing
import TrustTestSupport

@testable import TrustCrypto

/// Key files, keys and signatures against the `openssl` command, in both directions.
@Suite struct OpenSSLCommandTests {
    @Test(arguments: [.ecdsaP256, .ecdsaP384, .ed25519, .rsa(bits: 3072)] as [KeyAlgorithm])
    func opensslReadsWhatIsWritten(algorithm: KeyAlgorithm) throws {
        let directory = try TemporaryDirectory()
        let key = try PrivateKey.generate(algorithm)
        let file = directory.path + "/key.pem"
        let encrypted = try PrivateKeyFile.written(key, Fixtures.passphrase)
        try DurableFile.write(encrypted.span, to: file, mode: 0o600)
        let pem = try OpenSSLCommand.run(["pkey", "-in", file, "-passin", "pass:" + Fixtures.passphrase, "-pubout"])
        #expect(pem == key.publicKey.pem)
        #expect(throws: OpenSSLCommand.Failure.self) {
            try OpenSSLCommand.run(["pkey", "-in", file, "-passin", "pass:wrong", "-pubout"])
        }
        let check = try OpenSSLCommand.run([
            "pkey", "-in", file, "-passin", "pass:" + Fixtures.passphrase, "-check", "-noout",
        ])
        #expect(check.contains("Key is valid") || algorithm == .ed25519)
        let structure = try OpenSSLCommand.run(["asn1parse", "-in", file])
        for name in ["PBES2", "1.3.6.1.4.1.11591.4.11", "aes-256-cbc", "INTEGER           :4000"] {
            #expect(structure.contains(name) || (name.hasPrefix("1.3") && structure.contains("scrypt")))
        }

        let unencrypted = try PrivateKeyFile.encodeUnencryptedUnsafe(key).array
        try DurableFile.write(unencrypted.span, to: file, mode: 0o600)
        #expect(try OpenSSLCommand.run(["pkey", "-in", file, "-pubout"]) == key.publicKey.pem)
    }

    /// Signature schemes, each with the options that make `openssl` sign and verify the same way.
    static let schemes: [(file: String, scheme: SignatureScheme, options: [String])] = [
        ("p256", .ecdsaSHA2NISTP256, ["-digest", "sha256"]),
        ("p384", .ecdsaSHA2NISTP384, ["-digest", "sha384"]),
        ("ed25519", .ed25519, []),
        (
            "rsa2048", .rsassaPSSSHA256,
            ["-digest", "sha256", "-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:32"]
        ),
        ("rsa2048", .rsaPKCS1v15SHA256, ["-digest", "sha256", "-pkeyopt", "rsa_padding_mode:pkcs1"]),
    ]

    @Test(arguments: schemes)
    func signaturesAgree(file: String, scheme: SignatureScheme, options: [String]) throws {
        let directory = try TemporaryDirectory()
        let message: [UInt8] = Array("what is signed".utf8)
        let messageFile = directory.path + "/message"
        let signatureFile = directory.path + "/signature"
        let keyFile = Fixtures.path + "/keys/\(file).pem"
        let key = try PrivateKeyFile.read(Fixtures.bytes("keys/\(file).pem"))
        try DurableFile.write(message.span, to: messageFile, mode: 0o600)

        let common = ["-rawin", "-in", messageFile, "-inkey", keyFile] + options
        try OpenSSLCommand.run(["pkeyutl", "-sign", "-out", signatureFile] + common)
        let theirs = try #require(try DurableFile.read(signatureFile, limit: 4096))
        #expect(key.publicKey.verifies(theirs, message, scheme))

        let ours = try key.signature(message, scheme)
        try DurableFile.write(ours.span, to: signatureFile, mode: 0o600)
        try OpenSSLCommand.run(["pkeyutl", "-verify", "-sigfile", signatureFile] + common)
    }
}
