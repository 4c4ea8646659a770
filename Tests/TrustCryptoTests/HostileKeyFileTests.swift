import Testing

@testable import TrustCrypto

/// Key files that nobody but an attacker, or a broken tool, would write.
@Suite struct HostileKeyFileTests {
    static func pem(_ label: StaticString, _ der: [UInt8]) -> [UInt8] {
        PEM.encode(label: label, der.span).array
    }

    static func pbes2(_ derivation: [UInt8], cipher: [UInt8] = ObjectIdentifiers.aes256CBC, iv: Int = 16) -> [UInt8] {
        let algorithm = DERWriter.sequence(
            DERWriter.objectIdentifier(ObjectIdentifiers.pbes2),
            DERWriter.sequence(
                derivation,
                DERWriter.sequence(
                    DERWriter.objectIdentifier(cipher),
                    DERWriter.octetString([UInt8](repeating: 1, count: iv))
                )
            )
        )
        return pem(
            "ENCRYPTED PRIVATE KEY",
            DERWriter.sequence(algorithm, DERWriter.octetString([UInt8](repeating: 2, count: 64)))
        )
    }

    static func scrypt(_ numbers: Int..., salt: Int = 16) -> [UInt8] {
        DERWriter.sequence(
            DERWriter.objectIdentifier(ObjectIdentifiers.scrypt),
            DERWriter.element(
                DERReader.Tag.sequence,
                DERWriter.octetString([UInt8](repeating: 3, count: salt)) + numbers.flatMap(DERWriter.integer)
            )
        )
    }

    static func pbkdf2(_ iterations: Int, salt: Int = 16, rest: [UInt8] = []) -> [UInt8] {
        DERWriter.sequence(
            DERWriter.objectIdentifier(ObjectIdentifiers.pbkdf2),
            DERWriter.element(
                DERReader.Tag.sequence,
                DERWriter.octetString([UInt8](repeating: 3, count: salt)) + DERWriter.integer(iterations) + rest
            )
        )
    }

    static let costs: [(file: [UInt8], error: KeyFileError)] = [
        (pbes2(scrypt(1 << 20, 8, 1)), .limitExceeded),
        (pbes2(scrypt(1 << 30, 1, 1)), .limitExceeded),
        (pbes2(scrypt(1 << 17, 16, 1)), .limitExceeded),
        (pbes2(scrypt(2, 1 << 22, 1)), .limitExceeded),
        (pbes2(scrypt(2, 1, 1 << 28)), .limitExceeded),
        (pbes2(scrypt(16384, 8, 100)), .limitExceeded),
        (pbes2(scrypt(1 << 31, 1 << 31, 1 << 31)), .limitExceeded),
        (pbes2(scrypt(16384, 8, 1, salt: 1025)), .limitExceeded),
        (pbes2(scrypt(16385, 8, 1)), .malformed),
        (pbes2(scrypt(1, 8, 1)), .malformed),
        (pbes2(scrypt(0, 8, 1)), .malformed),
        (pbes2(scrypt(16384, 0, 1)), .malformed),
        (pbes2(scrypt(16384, 8, 0)), .malformed),
        (pbes2(scrypt(1 << 40, 8, 1)), .malformed),
        (pbes2(scrypt(1024, 8, 1, 16)), .malformed),
        (pbes2(scrypt(1024, 8, 1, 32, 1)), .malformed),
        (pbes2(scrypt(1024, 8)), .malformed),
        (pbes2(scrypt(1024, 8, 1), iv: 15), .malformed),
        (pbes2(scrypt(1024, 8, 1), cipher: ObjectIdentifiers.tripleDESCBC), .malformed),
        (pbes2(scrypt(1024, 8, 1), cipher: [1, 2, 3]), .unsupported("cipher of the encrypted key")),
        (pbes2(pbkdf2(0)), .malformed),
        (pbes2(pbkdf2(5_000_001)), .limitExceeded),
        (pbes2(pbkdf2(0xFFFF_FFFF)), .limitExceeded),
        (pbes2(pbkdf2(2048, salt: 1025)), .limitExceeded),
        (pbes2(pbkdf2(2048, rest: DERWriter.integer(16))), .malformed),
        (
            pbes2(pbkdf2(2048, rest: DERWriter.sequence(DERWriter.objectIdentifier([1, 2, 3])))),
            .unsupported("hash function of the encrypted key's PBKDF2")
        ),
        (
            pbes2(DERWriter.sequence(DERWriter.objectIdentifier([1, 2, 3]), DERWriter.null)),
            .unsupported("key derivation of the encrypted key")
        ),
        // Within bounds, and then the passphrase is wrong.
        (pbes2(scrypt(2, 1, 1, salt: 0)), .wrongPassphrase),
        (pbes2(scrypt(1024, 8, 1, 32)), .wrongPassphrase),
        (pbes2(pbkdf2(1, salt: 0)), .wrongPassphrase),
    ]

    @Test(arguments: costs)
    func costsAreBounded(file: [UInt8], error: KeyFileError) throws {
        let start = ContinuousClock.now
        #expect(throws: error) { try PrivateKeyFile.read(file, "passphrase") }
        // Without bounds some of these take hours.
        #expect(start.duration(to: .now) < .seconds(120))
    }

    static func pkcs8(_ algorithm: [UInt8], _ key: [UInt8], version: Int = 0, rest: [UInt8] = []) -> [UInt8] {
        pem(
            "PRIVATE KEY",
            DERWriter.sequence(DERWriter.integer(version), algorithm, DERWriter.octetString(key), rest)
        )
    }

    static let ed25519 = DERWriter.sequence(DERWriter.objectIdentifier(ObjectIdentifiers.ed25519))
    static let p256 = DERWriter.sequence(
        DERWriter.objectIdentifier(ObjectIdentifiers.ecPublicKey),
        DERWriter.objectIdentifier(EllipticCurve.p256.objectIdentifier)
    )
    static let order = Hex.decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551") ?? []
    static let orderMinusOne = Array(order.dropLast()) + [0x50]

    static func sec1(_ scalar: [UInt8], curve: EllipticCurve? = nil, point: [UInt8]? = nil) -> [UInt8] {
        var contents = DERWriter.integer(1) + DERWriter.octetString(scalar)
        if let curve {
            contents += DERWriter.element(
                DERReader.Tag.context(0, constructed: true),
                DERWriter.objectIdentifier(curve.objectIdentifier)
            )
        }
        if let point {
            contents += DERWriter.element(DERReader.Tag.context(1, constructed: true), DERWriter.bitString(point))
        }
        return DERWriter.element(DERReader.Tag.sequence, contents)
    }

    static let seed = [UInt8](repeating: 7, count: 32)

    static let inconsistent: [(file: [UInt8], error: KeyFileError?)] = [
        (pkcs8(ed25519, DERWriter.octetString(seed)), nil),
        (pkcs8(ed25519, DERWriter.octetString(seed), version: 1), nil),
        (pkcs8(ed25519, DERWriter.octetString(seed), version: 2), .unsupported("version of PKCS #8")),
        (pkcs8(ed25519, DERWriter.octetString(seed), rest: [0xA0, 0]), nil),
        (pkcs8(ed25519, DERWriter.octetString(seed), rest: [0x30, 0]), .malformed),
        (pkcs8(ed25519, seed), .malformed),
        (pkcs8(ed25519, DERWriter.octetString(seed + [0])), .malformed),
        (pkcs8(ed25519, DERWriter.octetString(Array(seed.dropLast()))), .malformed),
        (
            pkcs8(
                ed25519,
                DERWriter.octetString(seed),
                version: 1,
                rest: DERWriter.element(0x81, [0] + [UInt8](repeating: 9, count: 32))
            ), .inconsistentKey
        ),
        (pkcs8(p256, sec1([1])), nil),
        (pkcs8(p256, sec1(orderMinusOne)), nil),
        (pkcs8(p256, sec1([UInt8](repeating: 0, count: 31) + [1], curve: .p256)), nil),
        (pkcs8(p256, sec1([0])), .inconsistentKey),
        (pkcs8(p256, sec1([])), .inconsistentKey),
        (pkcs8(p256, sec1(order)), .inconsistentKey),
        (pkcs8(p256, sec1([UInt8](repeating: 0xFF, count: 32))), .inconsistentKey),
        (pkcs8(p256, sec1([UInt8](repeating: 1, count: 33))), .inconsistentKey),
        (pkcs8(p256, sec1([1], curve: .p384)), .inconsistentKey),
        (pkcs8(p256, sec1([1], point: [4] + [UInt8](repeating: 1, count: 64))), .inconsistentKey),
        (pem("EC PRIVATE KEY", sec1([1])), .unsupported("EC key that names no curve")),
        (pem("EC PRIVATE KEY", sec1([1], curve: .p384)), nil),
        (pem("EC PRIVATE KEY", sec1([1], curve: .p384) + [0]), .malformed),
    ]

    @Test(arguments: inconsistent)
    func keysAreChecked(file: [UInt8], error: KeyFileError?) throws {
        if let error {
            #expect(throws: error) { try PrivateKeyFile.read(file) }
        } else {
            #expect(throws: Never.self) { try PrivateKeyFile.read(file) }
        }
    }

    /// A point that is a key, but not that of this scalar.
    @Test func anotherKeysPublicHalfIsNoticed() throws {
        let other = try PrivateKey.generate(.ecdsaP256).publicKey.spkiDER.suffix(65)
        let file = Self.pkcs8(Self.p256, Self.sec1([1], point: Array(other)))
        #expect(throws: KeyFileError.inconsistentKey) { try PrivateKeyFile.read(file) }
    }

    @Test func rsaNumbersAreTriedOut() throws {
        let file = try Fixtures.bytes("keys/rsa2048.pkcs1.pem")
        let block = try #require(try PEM.blocks(in: file.span).first)
        let der = try PEM.contents(of: block, in: file.span).array
        var whole = DERReader(der.span)
        var reader = try whole.enter(DERReader.Tag.sequence, in: der.span)
        var numbers: [[UInt8]] = []
        while !reader.isAtEnd { numbers.append(try reader.readUnsigned(in: der.span).map { der[$0] }) }
        #expect(numbers.count == 9)

        func read(_ numbers: [[UInt8]]) throws(KeyFileError) -> PrivateKey {
            let contents = DERWriter.element(DERReader.Tag.sequence, numbers.flatMap(DERWriter.unsigned))
            return try PrivateKeyFile.read(Self.pem("RSA PRIVATE KEY", contents))
        }
        #expect(throws: Never.self) { try read(numbers) }
        var other = numbers
        for index in 1...8 {
            for replacement in [[], [1], [2], [3], numbers[1] + [1], numbers[4]] as [[UInt8]] where index != 4 {
                other = numbers
                other[index] = replacement
                #expect(throws: KeyFileError.self, "number \(index)") { try read(other) }
            }
            other = numbers
            other[index][other[index].count - 1] ^= 2
            #expect(throws: KeyFileError.inconsistentKey, "number \(index)") { try read(other) }
        }
        // Primes the other way round need other exponents and another coefficient.
        other = numbers
        other.swapAt(4, 5)
        #expect(throws: KeyFileError.inconsistentKey) { try read(other) }
    }

    static let texts: [(text: String, error: KeyFileError)] = [
        ("", .notAKey),
        ("-----BEGIN PRIVATE KEY-----", .truncated),
        ("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----", .malformed),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", .malformed),
        ("-----BEGIN PRIVATE KEY-----\nAAA\n-----END PRIVATE KEY-----\n", .malformed),
        ("-----BEGIN PRIVATE KEY-----\nA*AA\n-----END PRIVATE KEY-----\n", .malformed),
        ("-----BEGIN PRIVATE KEY-----\n-----BEGIN PRIVATE KEY-----\n", .malformed),
        ("-----BEGIN PRIVATE KEY-----\nRole: x\n-----END PRIVATE KEY-----\n", .malformed),
        ("-----BEGIN \u{7}-----\n-----END \u{7}-----\n", .malformed),
        ("-----BEGIN \(String(repeating: "A", count: 65))-----\n", .malformed),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
            .unsupported("OPENSSH PRIVATE KEY")
        ),
        ("-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n", .unsupported("DSA PRIVATE KEY")),
        (
            "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END EC PRIVATE KEY-----\n", .malformed
        ),
        (
            "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: RC4,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n",
            .unsupported("cipher of the PEM block")
        ),
        (
            "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n",
            .malformed
        ),
        (
            "-----BEGIN EC PRIVATE KEY-----\n" + String(repeating: "A: b\n", count: 9)
                + "\nAAAA\n-----END EC PRIVATE KEY-----\n", .malformed
        ),
        (String(repeating: "-----BEGIN A-----\n-----END A-----\n", count: 33), .malformed),
        (String(repeating: "-----BEGIN A-----\n-----END A-----\n", count: 32), .notAPrivateKey(label: "A")),
        (String(repeating: "\n", count: 65537), .limitExceeded),
        (String(repeating: "\n", count: 65536), .notAKey),
    ]

    @Test(arguments: texts)
    func brokenPEM(text: String, error: KeyFileError) {
        #expect(throws: error) { try PrivateKeyFile.read(Array(text.utf8), "passphrase") }
    }

    @Test func twoKeysAreAmbiguous() throws {
        let key = try Fixtures.bytes("keys/p256.pem")
        #expect(throws: KeyFileError.severalKeys) { try PrivateKeyFile.read(key + key) }
        let certificate = try Fixtures.bytes("keys/refused.certificate.pem")
        #expect(throws: Never.self) {
            try PrivateKeyFile.read(certificate + Array("text\r\n".utf8) + key + certificate)
        }
    }

    @Test func windowsLineEndsAndNoLastLineFeed() throws {
        for file in ["p256.pem", "p256.sec1-aes128.pem"] {
            let text = try Fixtures.text("keys/\(file)")
            let key = try PrivateKeyFile.read(Array(text.utf8), Fixtures.passphrase).publicKey
            for same in [text.replacing("\n", with: "\r\n"), String(text.dropLast()), "\u{FEFF}text: \n" + text] {
                #expect(try PrivateKeyFile.read(Array(same.utf8), Fixtures.passphrase).publicKey == key)
            }
        }
    }
}
