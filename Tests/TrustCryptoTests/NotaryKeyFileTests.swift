import Testing

@testable import TrustCrypto

/// Key files of Notary v1 and docker: `role` and `gun` in the headers, encodings of their own.
@Suite struct NotaryKeyFileTests {
    static let passphrase = "passphrase1"
    static let salt: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
    static let iv: [UInt8] = Array(0..<16)

    /// A private key whose scalar or seed is one byte, repeated.
    static func key(_ algorithm: KeyAlgorithm, _ byte: UInt8) throws -> PrivateKey {
        let secret = [UInt8](repeating: byte, count: algorithm == .ecdsaP384 ? 48 : 32)
        if algorithm == .ed25519 { return try PrivateKey(ed25519: Ed25519Secret(seed: secret.span)) }
        let curve = algorithm == .ecdsaP256 ? EllipticCurve.p256 : .p384
        return try PrivateKey(curve: curve, key: curve.privateKey(scalar: secret.span))
    }

    /// Files that the Go programs read.
    static let vectors: [(byte: UInt8, headers: NotaryKeyFile.Headers, file: String)] = [
        (
            0x55, .init(role: "alice", gun: nil),
            """
            -----BEGIN ENCRYPTED PRIVATE KEY-----
            role: alice

            MIHuMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAgBAgMEBQYHCAICCAAw
            HQYJYIZIAWUDBAEqBBAAAQIDBAUGBwgJCgsMDQ4PBIGgjcovXnVvL0ziMeQuMN0l
            0SXbSI6ExQyJsH48XwKhwh9CtfMOEBotVlUkPkpfzIMt/F8Q5QVaA9wUK+e369dv
            XIA31uFPVslJFO7+FCuozhu/dLigQTaYPKamtelw4WpSGYYZzszWZIbpQeuhFqo/
            HGFJhh9i7zLMqw0vw5zecUNa6xYbuPfzlUUBirTGldf1hVe0T7ztYB492JpCpMOZ
            Vw==
            -----END ENCRYPTED PRIVATE KEY-----

            """
        ),
        (
            0x22, .init(role: "targets", gun: "example.com/app"),
            """
            -----BEGIN ENCRYPTED PRIVATE KEY-----
            gun: example.com/app
            role: targets

            MIHuMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAgBAgMEBQYHCAICCAAw
            HQYJYIZIAWUDBAEqBBAAAQIDBAUGBwgJCgsMDQ4PBIGgjcovXnVvL0ziMeQuMN0l
            0SXbSI6ExQyJsH48XwKhwh8mvp337C7aRE2iA5WIZ8025zJikIWiut/JYZghefe1
            szBv736RGqYHApoyVgE1YbqQg/Na8+UYFAkbyY1tj1D7UEYecfmfk107vTrBU7W3
            r/Y8MGsNtfofLS527dH/LI6UfEY8WBHg9dUOI06g4KIo7wJUDurDxyTLl30vijMH
            Tw==
            -----END ENCRYPTED PRIVATE KEY-----

            """
        ),
    ]

    @Test(arguments: vectors)
    func filesAreThoseOfNotary(byte: UInt8, headers: NotaryKeyFile.Headers, file: String) throws {
        let key = try Self.key(.ecdsaP256, byte)
        let written = try NotaryKeyFile.encode(
            key,
            headers,
            passphrase: SecretBytes(Self.passphrase),
            salt: Self.salt,
            iv: Self.iv
        )
        #expect(String(decoding: written.array, as: UTF8.self) == file)
        #expect(try PrivateKeyFile.read(Array(file.utf8), Self.passphrase).publicKey == key.publicKey)
    }

    /// What older versions wrote, but for the case of the hexadecimal digits.
    @Test(arguments: [true, false])
    func theOldEncryptionIsRead(isUppercase: Bool) throws {
        let iv = "000102030405060708090A0B0C0D0E0F"
        let file = """
            -----BEGIN EC PRIVATE KEY-----
            Proc-Type: 4,ENCRYPTED
            DEK-Info: AES-256-CBC,\(isUppercase ? iv : iv.lowercased())
            gun: example.com/app
            role: snapshot

            +3NJzJxOfu76TOY5/eKGNlTO7vX2G0CS8mE8CwnNAZhVjLsqP1MHcnmh+eqkaAE1
            a92zgpqDE+ZdTStU3cTlr7Z6VgpRPAQdbE5WS4p2ho1B6s8HFPY+xSg7Y3p/AV6x
            Sfim05IYzh783JspihuIeLLvyimc+5Rt8LVB/SoNmtw=
            -----END EC PRIVATE KEY-----

            """
        let bytes = Array(file.utf8)
        #expect(try PrivateKeyFile.read(bytes, Self.passphrase).publicKey == Self.key(.ecdsaP256, 0x33).publicKey)
        #expect(throws: KeyFileError.wrongPassphrase) { try PrivateKeyFile.read(bytes, "passphrase2") }
        let entries = try PrivateKeyFile.entries(in: bytes.span)
        #expect(entries.map(\.role) == ["snapshot"])
        #expect(entries.map(\.gun) == ["example.com/app"])
        #expect(entries.map(\.isEncrypted) == [.success(true)])
    }

    /// Files of `fixtures/keys`, each with the one that has its public half.
    static let fixtures: [(file: String, role: String?, gun: String?, publicKey: String)] = {
        let (root, targets, alice, bob) = (
            "61ab89b154e23acb0bd387f3f3f0823885119dd2a6a2c3a325864109d3581b6d",
            "923a49d862ded691e27d723c2f4a7c6d12e7ae4d1b8702a58964c60629cf2441",
            "df44812c12c97237727bbe94be8e141d85050451f289fa5b4c52c847caadc94a",
            "13064184d1644c951a4b6da0c546ad3ca8b9136b53ad4f42b6176d3299b6aea6"
        )
        let gun = "registry.example/team/app"
        return [
            ("notary/private/\(root)", "root", nil, "p256"),
            ("notary/private/\(targets)", "targets", gun, "p384"),
            ("notary/private/\(alice)", "alice", nil, "rsa2048"),
            ("notary/private/\(bob)", "bob", nil, "p256.sec1-with-parameters"),
            ("notary-old/private/root_keys/\(root)_root", nil, nil, "p256"),
            ("notary-old/private/tuf_keys/\(gun)/\(targets)_targets", nil, nil, "p384"),
            ("notary-old/private/tuf_keys/\(gun)/\(bob)", "snapshot", nil, "p256.sec1-with-parameters"),
            ("notary-old/private/tuf_keys/\(alice)", "targets/releases", nil, "rsa2048"),
        ]
    }()

    @Test(arguments: fixtures)
    func filesOfTheGoProgramsAreRead(file: String, role: String?, gun: String?, publicKey: String) throws {
        let bytes = try Fixtures.bytes("keys/\(file).key")
        let entries = try PrivateKeyFile.entries(in: bytes.span)
        #expect(entries.map(\.role) == [role])
        #expect(entries.map(\.gun) == [gun])
        #expect(entries.map(\.isEncrypted) == [.success(true)])
        let key = try PrivateKeyFile.read(bytes, Fixtures.passphrase)
        #expect(try key.publicKey == PublicKey(pem: Fixtures.text("keys/\(publicKey).pub.pem")))
        #expect(throws: KeyFileError.wrongPassphrase) { try PrivateKeyFile.read(bytes, "wrong") }
        guard file.hasPrefix("notary/") else { return }
        // All that differs is chance: salt, initialization vector and what follows from them.
        let written = try NotaryKeyFile.encodeEncrypted(
            key,
            NotaryKeyFile.Headers(role: role, gun: gun),
            passphrase: SecretBytes(Fixtures.passphrase)
        )
        let block = try #require(try PEM.blocks(in: bytes.span).first)
        let der = try PEM.contents(of: block, in: bytes.span)
        let again = try der.withBytes { (der) throws(KeyFileError) in
            let (scheme, _) = try PBES2.parse(der)
            return try NotaryKeyFile.encode(
                key,
                NotaryKeyFile.Headers(role: role, gun: gun),
                passphrase: SecretBytes(Fixtures.passphrase),
                salt: scheme.derivation.salt,
                iv: scheme.iv
            )
        }
        #expect(again.array == bytes)
        #expect(written.count == bytes.count)
    }

    @Test func exportsOfNotaryAreTakenApart() throws {
        let bytes = try Fixtures.bytes("keys/notary/export.pem")
        let entries = try PrivateKeyFile.entries(in: bytes.span)
        #expect(Set(entries.map(\.role)) == ["root", "targets", "alice"])
        for entry in entries {
            let file = try #require(Self.fixtures.first { $0.role == entry.role && $0.file.hasPrefix("notary/") })
            #expect(entry.path == file.file.split(separator: "/").last.map(String.init))
            #expect(entry.gun == file.gun)
            let key = try PrivateKeyFile.read(Array(bytes[entry.extent]), Fixtures.passphrase)
            #expect(try key.publicKey == PublicKey(pem: Fixtures.text("keys/\(file.publicKey).pub.pem")))
        }
    }

    @Test(arguments: [.ecdsaP256, .ecdsaP384, .ed25519, .rsa(bits: 2048)] as [KeyAlgorithm])
    func keysComeBack(algorithm: KeyAlgorithm) throws {
        let key = try PrivateKey.generate(algorithm)
        let headers = NotaryKeyFile.Headers(role: "targets", gun: "host:5000/a b", path: "0123")
        let encrypted = try NotaryKeyFile.encodeEncrypted(key, headers, passphrase: SecretBytes("päss")).array
        let plain = try NotaryKeyFile.encodeUnencryptedUnsafe(key, headers).array
        #expect(try PrivateKeyFile.read(encrypted, "päss").publicKey == key.publicKey)
        #expect(try PrivateKeyFile.read(plain).publicKey == key.publicKey)
        #expect(throws: KeyFileError.wrongPassphrase) { try PrivateKeyFile.read(encrypted, "pass") }
        let entries = try PrivateKeyFile.entries(in: (encrypted + Array("between\n".utf8) + plain).span)
        #expect(entries.map(\.role) == ["targets", "targets"])
        #expect(entries.map(\.gun) == ["host:5000/a b", "host:5000/a b"])
        #expect(entries.map(\.path) == ["0123", "0123"])
        #expect(entries.map(\.isEncrypted) == [.success(true), .success(false)])
        #expect(entries.map(\.label) == ["ENCRYPTED PRIVATE KEY", "PRIVATE KEY"])
        let second = try #require(entries.last).extent
        #expect(Array((encrypted + Array("between\n".utf8) + plain)[second]) == plain)
        #expect(throws: KeyFileError.severalKeys) { try PrivateKeyFile.read(encrypted + plain) }
    }

    @Test func ed25519KeysHaveTheFormOfNotary() throws {
        let secret = Array(0..<32 as Range<UInt8>)
        let key = try PrivateKey(ed25519: Ed25519Secret(seed: secret.span))
        let der = try key.notaryPKCS8().array
        #expect(Hex.encode(der.span).hasPrefix("3072020100300b06092b06010401da470f01046003a107bf"))
        let raw = Array(der.suffix(96))
        #expect(try PrivateKeyFile.read(HostileKeyFileTests.pem("ED25519 PRIVATE KEY", raw)).publicKey == key.publicKey)
        for index in [0, 31, 32, 63, 64, 95] {
            var damaged = raw
            damaged[index] ^= 1
            #expect(throws: KeyFileError.inconsistentKey) {
                try PrivateKeyFile.read(HostileKeyFileTests.pem("ED25519 PRIVATE KEY", damaged))
            }
        }
        for wrong in [Array(raw.dropLast()), raw + [0], [], secret] {
            #expect(throws: KeyFileError.malformed) {
                try PrivateKeyFile.read(HostileKeyFileTests.pem("ED25519 PRIVATE KEY", wrong))
            }
        }
    }

    @Test(arguments: ["", " a", "a ", "a\nrole: root", "é", "\u{7F}", String(repeating: "a", count: 1025)])
    func textThatIsNoHeaderIsRefused(text: String) throws {
        let key = try PrivateKey.generate(.ed25519)
        for (name, headers) in [
            ("role", NotaryKeyFile.Headers(role: text, gun: nil)), ("gun", .init(role: nil, gun: text)),
            ("path", .init(role: nil, gun: nil, path: text)),
        ] {
            #expect(throws: KeyFileError.unsupported("\(name) that is no text of a PEM header")) {
                _ = try NotaryKeyFile.encodeUnencryptedUnsafe(key, headers).count
            }
        }
        #expect(throws: KeyFileError.passphraseRequired) {
            _ = try NotaryKeyFile.encodeEncrypted(key, .init(role: nil, gun: nil), passphrase: SecretBytes("")).count
        }
    }

    @Test func entriesTellWhatIsWrongWithEach() throws {
        func block(_ label: String, _ headers: String) -> String {
            "-----BEGIN \(label)-----\n\(headers)AAAA\n-----END \(label)-----\n"
        }
        let file =
            block("PUBLIC KEY", "") + block("PRIVATE KEY", "role: \n\n") + block("PRIVATE KEY", "role: a\nrole: b\n\n")
            + block("DSA PRIVATE KEY", "role: c\n\n")
            + block("EC PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: DES-CBC,0001020304050607\n\n")
        let entries = try PrivateKeyFile.entries(in: Array(file.utf8).span)
        #expect(entries.map(\.role) == [nil, nil, "c", nil])
        #expect(
            entries.map(\.isEncrypted) == [
                .success(false), .failure(.malformed), .failure(.unsupported("DSA PRIVATE KEY")),
                .failure(.unsupported("cipher of the PEM block")),
            ]
        )
        func count(_ text: String) throws(KeyFileError) -> Int {
            try PrivateKeyFile.entries(in: Array(text.utf8).span).count
        }
        #expect(throws: KeyFileError.notAPrivateKey(label: "PUBLIC KEY")) { try count(block("PUBLIC KEY", "")) }
        #expect(throws: KeyFileError.notAKey) { try count("nothing") }
        let one = block("PRIVATE KEY", "")
        #expect(try count(String(repeating: one, count: 4096)) == 4096)
        #expect(throws: KeyFileError.malformed) { try count(String(repeating: one, count: 4097)) }
        #expect(throws: KeyFileError.limitExceeded) {
            try count(one + String(repeating: "\n", count: PrivateKeyFile.maximumExportLength))
        }
    }
}

extension KeyDerivation {
    fileprivate var salt: [UInt8] {
        switch self {
        case .scrypt(let salt, _, _, _), .pbkdf2(let salt, _, _): salt
        }
    }
}
