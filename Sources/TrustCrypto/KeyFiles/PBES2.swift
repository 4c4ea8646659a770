/// EncryptedPrivateKeyInfo (RFC 5958 §3) with PBES2 (RFC 8018 §6.2): what `ENCRYPTED PRIVATE KEY` holds.
struct PBES2: Equatable {
    let derivation: KeyDerivation
    let cipher: BlockCipher
    let iv: [UInt8]

    /// Reads the algorithm and finds the ciphertext.
    static func parse(_ der: Span<UInt8>) throws(KeyFileError) -> (scheme: PBES2, ciphertext: Range<Int>) {
        var parser = PBES2Parser()
        let result: (scheme: PBES2, ciphertext: Range<Int>)?
        do throws(DERError) {
            result = try parser.parse(der)
        } catch {
            throw .malformed
        }
        guard let result else { throw .unsupported(parser.unsupported) }
        try result.scheme.derivation.checkCost()
        return result
    }

    /// Decrypts, at the cost that the file asks for, within the bounds of ``KeyDerivation``.
    func decrypt(_ ciphertext: Span<UInt8>, passphrase: borrowing SecretBytes) throws(KeyFileError) -> SecretBytes {
        let key = try derivation.derive(cipher.keyLength, from: passphrase)
        guard let plaintext = cipher.decrypt(ciphertext, key: key, iv: iv) else { throw .wrongPassphrase }
        return plaintext
    }

    /// What this program's own key files are encrypted with: scrypt and AES-256-CBC, with a fresh salt.
    static func standard() -> PBES2 {
        PBES2(
            derivation: .standard(salt: SecureRandom.bytes(count: 16)),
            cipher: .aes256,
            iv: SecureRandom.bytes(count: 16)
        )
    }

    /// Encrypts, and writes the whole EncryptedPrivateKeyInfo.
    func encrypt(_ plaintext: Span<UInt8>, passphrase: borrowing SecretBytes) throws(KeyFileError) -> [UInt8] {
        let key = try derivation.derive(cipher.keyLength, from: passphrase)
        guard let ciphertext = cipher.encrypt(plaintext, key: key, iv: iv) else { throw .encodingFailed }
        return DERWriter.sequence(
            DERWriter.sequence(
                DERWriter.objectIdentifier(ObjectIdentifiers.pbes2),
                DERWriter.sequence(
                    derivation.algorithmIdentifier,
                    DERWriter.sequence(
                        DERWriter.objectIdentifier(cipher.objectIdentifier),
                        DERWriter.octetString(iv)
                    )
                )
            ),
            DERWriter.octetString(ciphertext.withBytes { bytes in bytes.indices.map { bytes[$0] } })
        )
    }
}

extension KeyDerivation {
    /// AlgorithmIdentifier of RFC 7914 §7 or RFC 8018 appendix A.2, which leaves out the default, HMAC-SHA-1.
    fileprivate var algorithmIdentifier: [UInt8] {
        switch self {
        case .scrypt(let salt, let cost, let blockSize, let parallelism):
            DERWriter.sequence(
                DERWriter.objectIdentifier(ObjectIdentifiers.scrypt),
                DERWriter.sequence(
                    DERWriter.octetString(salt),
                    DERWriter.integer(cost),
                    DERWriter.integer(blockSize),
                    DERWriter.integer(parallelism)
                )
            )
        case .pbkdf2(let salt, let iterations, let hash):
            DERWriter.sequence(
                DERWriter.objectIdentifier(ObjectIdentifiers.pbkdf2),
                DERWriter.sequence(
                    DERWriter.octetString(salt),
                    DERWriter.integer(iterations),
                    hash == .sha1
                        ? []
                        : DERWriter.sequence(DERWriter.objectIdentifier(hash.objectIdentifier), DERWriter.null)
                )
            )
        }
    }
}

/// Reads the parameters of PBES2; a nil result means that ``unsupported`` names what is not supported.
private struct PBES2Parser {
    var unsupported = ""

    mutating func parse(_ der: Span<UInt8>) throws(DERError) -> (scheme: PBES2, ciphertext: Range<Int>)? {
        var whole = DERReader(der)
        var outer = try whole.enter(DERReader.Tag.sequence, in: der)
        try whole.finish()
        var algorithm = try outer.enter(DERReader.Tag.sequence, in: der)
        let ciphertext = try outer.read(DERReader.Tag.octetString, in: der)
        try outer.finish()
        guard try algorithm.readObjectIdentifier(in: der) == ObjectIdentifiers.pbes2 else {
            return refuse("encryption other than PBES2")
        }
        var parameters = try algorithm.enter(DERReader.Tag.sequence, in: der)
        try algorithm.finish()
        var derivationReader = try parameters.enter(DERReader.Tag.sequence, in: der)
        var cipherReader = try parameters.enter(DERReader.Tag.sequence, in: der)
        try parameters.finish()

        let cipherName = try cipherReader.readObjectIdentifier(in: der)
        guard let cipher = BlockCipher.allCases.first(where: { $0.objectIdentifier == cipherName }) else {
            return refuse("cipher of the encrypted key")
        }
        let iv = try cipherReader.read(DERReader.Tag.octetString, in: der)
        try cipherReader.finish()
        guard iv.count == cipher.blockLength else { throw DERError() }
        guard let derivation = try derivation(&derivationReader, in: der, keyLength: cipher.keyLength) else {
            return nil
        }
        return (PBES2(derivation: derivation, cipher: cipher, iv: iv.map { der[$0] }), ciphertext)
    }

    private mutating func derivation(
        _ reader: inout DERReader,
        in der: Span<UInt8>,
        keyLength: Int
    ) throws(DERError) -> KeyDerivation? {
        let name = try reader.readObjectIdentifier(in: der)
        guard name == ObjectIdentifiers.scrypt || name == ObjectIdentifiers.pbkdf2 else {
            return refuse("key derivation of the encrypted key")
        }
        var parameters = try reader.enter(DERReader.Tag.sequence, in: der)
        try reader.finish()
        let salt = try parameters.read(DERReader.Tag.octetString, in: der).map { der[$0] }
        let derivation: KeyDerivation
        if name == ObjectIdentifiers.scrypt {
            let cost = try parameters.readSmallInteger(in: der)
            let blockSize = try parameters.readSmallInteger(in: der)
            let parallelism = try parameters.readSmallInteger(in: der)
            try checkKeyLength(&parameters, in: der, keyLength)
            derivation = .scrypt(salt: salt, cost: cost, blockSize: blockSize, parallelism: parallelism)
        } else {
            let iterations = try parameters.readSmallInteger(in: der)
            try checkKeyLength(&parameters, in: der, keyLength)
            var hash = KeyDerivation.PBKDF2Hash.sha1
            if !parameters.isAtEnd {
                var function = try parameters.enter(DERReader.Tag.sequence, in: der)
                let name = try function.readObjectIdentifier(in: der)
                if !function.isAtEnd {
                    guard try function.read(DERReader.Tag.null, in: der).isEmpty else { throw DERError() }
                }
                try function.finish()
                guard let known = KeyDerivation.PBKDF2Hash.allCases.first(where: { $0.objectIdentifier == name }) else {
                    return refuse("hash function of the encrypted key's PBKDF2")
                }
                hash = known
            }
            derivation = .pbkdf2(salt: salt, iterations: iterations, hash: hash)
        }
        try parameters.finish()
        return derivation
    }

    /// The optional keyLength says nothing new.
    private func checkKeyLength(
        _ parameters: inout DERReader,
        in der: Span<UInt8>,
        _ keyLength: Int
    ) throws(DERError) {
        guard parameters.nextTag(in: der) == DERReader.Tag.integer else { return }
        guard try parameters.readSmallInteger(in: der) == keyLength else { throw DERError() }
    }

    private mutating func refuse<Result>(_ reason: String) -> Result? {
        unsupported = reason
        return nil
    }
}
