/// Private keys in the form that Notary v1 and docker write, since notary 0.6 and docker 17.12.
///
/// The derivation of the key is theirs, 2048 rounds of PBKDF2 with HMAC-SHA-1: it protects strong passphrases alone.
public enum NotaryKeyFile {
    /// How many rounds notary makes.
    static let iterations = 2048
    static let saltLength = 8

    /// What stands in the block's headers.
    public struct Headers: Sendable, Equatable {
        /// A role, or the name of a signer.
        public let role: String?
        /// The repository.
        public let gun: String?
        /// In exports, the key's id as notary computes it.
        public let path: String?

        /// Says what a key is for.
        ///
        /// - Parameters:
        ///   - role: A role, or the name of a signer.
        ///   - gun: The repository.
        ///   - path: In exports, the key's id as notary computes it.
        public init(role: String?, gun: String?, path: String? = nil) {
            self.role = role
            self.gun = gun
            self.path = path
        }
    }

    /// Writes a key as PEM block `ENCRYPTED PRIVATE KEY`.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - headers: What it is for.
    ///   - passphrase: What opens it again; not empty.
    /// - Returns: The file's contents.
    /// - Throws: ``KeyFileError/passphraseRequired`` for an empty passphrase, ``KeyFileError/unsupported(_:)`` for text
    ///   that a header cannot hold, ``KeyFileError/encodingFailed``.
    public static func encodeEncrypted(
        _ key: PrivateKey,
        _ headers: Headers,
        passphrase: borrowing SecretBytes
    ) throws(KeyFileError) -> SecretBytes {
        try encode(
            key,
            headers,
            passphrase: passphrase,
            salt: SecureRandom.bytes(count: saltLength),
            iv: SecureRandom.bytes(count: BlockCipher.aes256.blockLength)
        )
    }

    /// Writes a key as PEM block `PRIVATE KEY`, without any protection.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - headers: What it is for.
    /// - Returns: The file's contents, which whoever reads them can sign with.
    /// - Throws: ``KeyFileError/unsupported(_:)`` for text that a header cannot hold, ``KeyFileError/encodingFailed``.
    public static func encodeUnencryptedUnsafe(
        _ key: PrivateKey,
        _ headers: Headers
    ) throws(KeyFileError) -> SecretBytes {
        let lines = try lines(headers)
        let plaintext = try key.notaryPKCS8()
        return plaintext.withBytes { der in PEM.encode(label: "PRIVATE KEY", headers: lines, der) }
    }

    /// As ``encodeEncrypted(_:_:passphrase:)``, with nothing left to chance.
    static func encode(
        _ key: PrivateKey,
        _ headers: Headers,
        passphrase: borrowing SecretBytes,
        salt: [UInt8],
        iv: [UInt8]
    ) throws(KeyFileError) -> SecretBytes {
        guard passphrase.count > 0 else { throw .passphraseRequired }
        let lines = try lines(headers)
        let scheme = PBES2(
            derivation: .pbkdf2(salt: salt, iterations: iterations, hash: .sha1),
            cipher: .aes256,
            iv: iv
        )
        let plaintext = try key.notaryPKCS8()
        let der = try plaintext.withBytes { (der) throws(KeyFileError) in
            try scheme.encrypt(der, passphrase: passphrase)
        }
        return PEM.encode(label: "ENCRYPTED PRIVATE KEY", headers: lines, der.span)
    }

    /// Sorted by name, as Go's encoder does it.
    private static func lines(_ headers: Headers) throws(KeyFileError) -> [PEM.Header] {
        var lines: [PEM.Header] = []
        for (name, value) in [("gun", headers.gun), ("path", headers.path), ("role", headers.role)] {
            guard let value else { continue }
            // No message may carry it: it can be anything.
            guard PEM.isHeaderValue(value) else { throw .unsupported("\(name) that is no text of a PEM header") }
            lines.append(PEM.Header(name: name, value: value))
        }
        return lines
    }
}

extension PrivateKey {
    /// PrivateKeyInfo as notary writes it: version 1 around EC keys although no public key follows, RSA without the NULL
    /// that should follow its name, Ed25519 under an identifier and in a form of notary's own.
    func notaryPKCS8() throws(KeyFileError) -> SecretBytes {
        switch material {
        case .ed25519(let secret):
            let contents = secret.withSeed { seed in
                SecretBytes(count: 96) { buffer in
                    for index in 0..<32 {
                        buffer[index] = secret.publicKey[index]
                        buffer[32 + index] = seed[index]
                        buffer[64 + index] = secret.publicKey[index]
                    }
                }
            }
            return Self.info(version: 0, DERWriter.objectIdentifier(ObjectIdentifiers.notaryEd25519), contents)
        case .ellipticCurve(let curve, let key):
            guard let contents = key.traditional() else { throw .encodingFailed }
            let algorithm =
                DERWriter.objectIdentifier(ObjectIdentifiers.ecPublicKey)
                + DERWriter.objectIdentifier(curve.objectIdentifier)
            return Self.info(version: 1, algorithm, contents)
        case .rsa(let key):
            guard let contents = key.traditional() else { throw .encodingFailed }
            return Self.info(version: 0, DERWriter.objectIdentifier(ObjectIdentifiers.rsaEncryption), contents)
        }
    }

    private static func info(version: Int, _ algorithm: [UInt8], _ key: borrowing SecretBytes) -> SecretBytes {
        let front =
            DERWriter.integer(version) + DERWriter.element(DERReader.Tag.sequence, algorithm)
            + [DERReader.Tag.octetString] + DERWriter.length(key.count)
        let head = [DERReader.Tag.sequence] + DERWriter.length(front.count + key.count) + front
        return key.withBytes { key in
            SecretBytes(count: head.count + key.count) { buffer in
                for index in head.indices { buffer[index] = head[index] }
                for index in key.indices { buffer[head.count + index] = key[index] }
            }
        }
    }
}
