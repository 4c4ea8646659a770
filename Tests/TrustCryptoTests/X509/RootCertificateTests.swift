import Testing
import TrustTestSupport

@testable import TrustCrypto

/// Making the certificate of a root key.
@Suite struct RootCertificateTests {
    static let gun = "registry.example/library/app"

    /// Signs like a key elsewhere.
    struct RemoteSigner: Signer {
        let key: PrivateKey
        let scheme: SignatureScheme
        var signed: PrivateKey?
        var publicKey: PublicKey { key.publicKey }

        func sign(_ message: [UInt8]) async throws(CryptoError) -> [UInt8] {
            try (signed ?? key).signature(message, scheme)
        }
    }

    static func make(_ key: PrivateKey, _ name: String = gun) throws -> Certificate {
        try RootCertificate.make(
            key: key,
            commonName: name,
            notBefore: CertificateVector.notBefore,
            notAfter: CertificateVector.notBefore + RootCertificate.lifetime
        )
    }

    /// With the vector's key, name, times and number, the part that is signed is the vector's to the byte.
    @Test func vector() throws {
        let vector = try CertificateVector.certificate()
        let unsigned = try RootCertificate(
            publicKey: CertificateVector.key().publicKey,
            commonName: "example.com/app",
            notBefore: CertificateVector.notBefore,
            notAfter: CertificateVector.notAfter,
            serialNumber: Array(1...16)
        )
        #expect(CertificateVector.notAfter - CertificateVector.notBefore == RootCertificate.lifetime)
        #expect(Array(vector.der[4..<(4 + unsigned.toBeSigned.count)]) == unsigned.toBeSigned)
        let signature = Array(vector.der.suffix(70))
        #expect(try unsigned.certificate(signature: signature) == vector)
        #expect(throws: CertificateError.signingFailed) { try unsigned.certificate(signature: signature + [0]) }
        #expect(throws: CertificateError.signingFailed) { try unsigned.certificate(signature: []) }
    }

    static let kinds: [(algorithm: KeyAlgorithm, signature: String)] = [
        (.ecdsaP256, "ecdsa-with-SHA256"), (.ecdsaP384, "ecdsa-with-SHA384"),
        (.rsa(bits: 2048), "sha256WithRSAEncryption"),
    ]

    @Test(arguments: kinds)
    func opensslReadsIt(algorithm: KeyAlgorithm, signature: String) async throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/root.pem"
        let key = try PrivateKey.generate(algorithm)
        let certificate = try Self.make(key)
        #expect(certificate.isSound && !certificate.isCA && certificate.covers(Self.gun))
        #expect(certificate.publicKey == key.publicKey)
        let pem = Array(certificate.pem.utf8)
        try DurableFile.write(pem.span, to: file, mode: 0o600)

        let text = try await runSuccessfully(Command("openssl", ["x509", "-in", file, "-noout", "-text"])).text
        for part in [
            "Version: 3 (0x2)", "Signature Algorithm: \(signature)", "Issuer: CN = \(Self.gun)\n",
            "Subject: CN = \(Self.gun)\n", "Not Before: Jan  1 00:00:00 2024 GMT",
            "Not After : Dec 29 00:00:00 2033 GMT",
            """
                    X509v3 extensions:
                        X509v3 Key Usage: critical
                            Digital Signature, Key Encipherment
                        X509v3 Extended Key Usage:\(" ")
                            Code Signing
                        X509v3 Basic Constraints: critical
                            CA:FALSE
                Signature Algorithm:
            """,
        ] {
            #expect(text.contains(part), "\(part)\n\(text)")
        }
        // `check_ss_sig` has it verify the certificate's signature of itself.
        let verification = [
            "verify", "-check_ss_sig", "-attime", "\(certificate.notBefore + 1)", "-CAfile", file, file,
        ]
        try await runSuccessfully(Command("openssl", verification))
        let again = try await runSuccessfully(Command("openssl", ["x509", "-in", file]))
        #expect(again.text == certificate.pem)
    }

    @Test func serialNumbers() throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        #expect(try Self.make(key) != Self.make(key))
        for (number, encoded) in [
            ([], [2, 1, 0]), ([0, 0], [2, 1, 0]), ([0, 1], [2, 1, 1]), ([0x80], [2, 2, 0, 0x80]),
            ([UInt8](repeating: 0xFF, count: 16), [2, 17, 0] + [UInt8](repeating: 0xFF, count: 16)),
        ] as [([UInt8], [UInt8])] {
            let certificate = try RootCertificate(
                publicKey: key.publicKey,
                commonName: Self.gun,
                notBefore: 0,
                notAfter: 1,
                serialNumber: number
            )
            // After the outer tag and length, and the version.
            let start = certificate.toBeSigned.count < 0x104 ? 8 : 9
            #expect(Array(certificate.toBeSigned[start..<(start + encoded.count)]) == encoded)
        }
    }

    @Test(
        arguments: [
            ("r.example/app", 0x13), ("A z'()+,-./:=?09", 0x13), ("r.example/a_b", 0x0C), ("r.example/*", 0x0C),
            ("r.example/\u{E9}", 0x0C), ("a@b", 0x0C), ("a&b", 0x0C), (String(repeating: "a", count: 400), 0x13),
        ] as [(String, UInt8)]
    )
    func names(name: String, tag: UInt8) throws {
        let certificate = try Self.make(.generate(.ecdsaP256), name)
        #expect(certificate.commonName == name)
        let encoded =
            DERWriter.objectIdentifier(ObjectIdentifiers.commonName) + DERWriter.element(tag, Array(name.utf8))
        let places = certificate.der.indices.filter { certificate.der[$0...].starts(with: encoded) }
        #expect(places.count == 2)
    }

    @Test func whatCannotBeMade() throws {
        let key = try PrivateKey.generate(.ecdsaP256)
        #expect(throws: CertificateError.unsupportedScheme(.ed25519)) { try Self.make(.generate(.ed25519)) }
        for name in ["", String(repeating: "a", count: 4097)] {
            #expect(throws: CertificateError.invalidContents) { try Self.make(key, name) }
        }
        for (start, end) in [(1, 0), (0, 253_402_300_800), (-62_167_219_201, 0), (.min, .max)] as [(Int64, Int64)] {
            #expect(throws: CertificateError.invalidContents) {
                try RootCertificate.make(key: key, commonName: Self.gun, notBefore: start, notAfter: end)
            }
        }
        #expect(throws: CertificateError.invalidContents) {
            try RootCertificate(
                publicKey: key.publicKey,
                commonName: Self.gun,
                notBefore: 0,
                notAfter: 1,
                serialNumber: [UInt8](repeating: 1, count: 17)
            )
        }
        let whole = try RootCertificate.make(
            key: key,
            commonName: Self.gun,
            notBefore: CertificateTime.range.lowerBound,
            notAfter: CertificateTime.range.upperBound
        )
        #expect(
            whole.notBefore == CertificateTime.range.lowerBound && whole.notAfter == CertificateTime.range.upperBound
        )
    }

    @Test func keysElsewhere() async throws {
        let schemes: [(KeyAlgorithm, SignatureScheme)] = [
            (.ecdsaP256, .ecdsaSHA2NISTP256), (.ecdsaP384, .ecdsaSHA2NISTP384), (.rsa(bits: 2048), .rsaPKCS1v15SHA256),
        ]
        for (algorithm, scheme) in schemes {
            let signer = RemoteSigner(key: try .generate(algorithm), scheme: scheme)
            let certificate = try await RootCertificate.make(
                signer: signer,
                commonName: Self.gun,
                notBefore: 0,
                notAfter: 1
            )
            #expect(certificate.publicKey == signer.publicKey)
        }
        let pss = RemoteSigner(key: try .generate(.rsa(bits: 2048)), scheme: .rsassaPSSSHA256)
        await #expect(throws: CertificateError.unsupportedScheme(.rsassaPSSSHA256)) {
            try await RootCertificate.make(signer: pss, commonName: Self.gun, notBefore: 0, notAfter: 1)
        }
        let other = RemoteSigner(
            key: try .generate(.ecdsaP256),
            scheme: .ecdsaSHA2NISTP256,
            signed: try .generate(.ecdsaP256)
        )
        await #expect(throws: CertificateError.signingFailed) {
            try await RootCertificate.make(signer: other, commonName: Self.gun, notBefore: 0, notAfter: 1)
        }
        let near = try await RootCertificate.make(
            signer: PrivateKey.generate(.rsa(bits: 2048)),
            commonName: Self.gun,
            notBefore: 0,
            notAfter: 1
        )
        #expect(near.isSound)
    }
}
