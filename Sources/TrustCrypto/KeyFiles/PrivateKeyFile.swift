/// Private keys as files: read in all the PEM forms that OpenSSL and Notary v1 write, written as PKCS #8.
///
/// Read are `PRIVATE KEY` and `ENCRYPTED PRIVATE KEY` (PKCS #8, RFC 5958; PBES2 with scrypt or PBKDF2, AES-CBC or
/// three-key DES), `EC PRIVATE KEY` (SEC 1), `RSA PRIVATE KEY` (PKCS #1) and `ED25519 PRIVATE KEY` (Notary v1), the
/// latter three also with the PEM encryption of old. Text around the block is skipped, as are blocks of other kinds, such as `EC PARAMETERS` or certificates; two
/// private keys in one file are refused. Files have at most 65536 bytes.
///
/// An encrypted file says itself how much work its passphrase costs; what is accepted is bounded by 128 MiB of memory
/// and some seconds of time. Run these calls where blocking for that long does no harm.
public enum PrivateKeyFile {
    /// The longest file that is read, in bytes.
    public static let maximumLength = PEM.maximumLength

    /// Whether a passphrase is needed to read a file.
    ///
    /// - Parameter file: The file's contents.
    /// - Returns: True for an encrypted key.
    /// - Throws: ``KeyFileError`` when the file is not a private key of a known form. A key that is not encrypted is not
    ///   looked at any further.
    public static func isEncrypted(_ file: Span<UInt8>) throws(KeyFileError) -> Bool {
        try isEncrypted(keyBlock(in: file))
    }

    static func isEncrypted(_ block: PEM.Block) throws(KeyFileError) -> Bool {
        switch try Form(block) {
        case .encryptedPKCS8: true
        case .pkcs8: false
        case .sec1, .pkcs1, .notaryEd25519: try LegacyEncryption.parse(block) != nil
        }
    }

    /// Reads a key that is not encrypted.
    ///
    /// - Parameter file: The file's contents.
    /// - Returns: The key.
    /// - Throws: ``KeyFileError``, ``KeyFileError/passphraseRequired`` for an encrypted one.
    public static func decode(_ file: Span<UInt8>) throws(KeyFileError) -> PrivateKey {
        let block = try keyBlock(in: file)
        let form = try Form(block)
        let contents = try PEM.contents(of: block, in: file)
        guard form != .encryptedPKCS8, try LegacyEncryption.parse(block) == nil else {
            throw .passphraseRequired
        }
        return try contents.withBytes { (der) throws(KeyFileError) in try decode(der, form, wasEncrypted: false) }
    }

    /// Reads a key.
    ///
    /// - Parameters:
    ///   - file: The file's contents.
    ///   - passphrase: Opens the key if it is encrypted; else it is not looked at.
    /// - Returns: The key.
    /// - Throws: ``KeyFileError``.
    public static func decode(
        _ file: Span<UInt8>,
        passphrase: borrowing SecretBytes
    ) throws(KeyFileError) -> PrivateKey {
        let block = try keyBlock(in: file)
        let form = try Form(block)
        let contents = try PEM.contents(of: block, in: file)
        guard form == .encryptedPKCS8 else {
            guard let encryption = try LegacyEncryption.parse(block) else {
                return try contents.withBytes { (der) throws(KeyFileError) in
                    try decode(der, form, wasEncrypted: false)
                }
            }
            let plaintext = try contents.withBytes { (ciphertext) throws(KeyFileError) in
                try encryption.decrypt(ciphertext, passphrase: passphrase)
            }
            return try plaintext.withBytes { (der) throws(KeyFileError) in try decode(der, form, wasEncrypted: true) }
        }
        let plaintext = try contents.withBytes { (der) throws(KeyFileError) in
            try checkLength(der)
            let (scheme, ciphertext) = try PBES2.parse(der)
            return try scheme.decrypt(der.extracting(ciphertext), passphrase: passphrase)
        }
        return try plaintext.withBytes { (der) throws(KeyFileError) in try decode(der, .pkcs8, wasEncrypted: true) }
    }

    /// Writes a key as PEM block `ENCRYPTED PRIVATE KEY`: PKCS #8, PBES2 with scrypt (N = 16384, r = 8, p = 6: about
    /// 0.2 s and 16 MiB) and AES-256-CBC. `openssl pkey` of OpenSSL 3.0 reads it.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - passphrase: What opens it again; not empty.
    /// - Returns: The file's contents.
    /// - Throws: ``KeyFileError/passphraseRequired`` for an empty passphrase, ``KeyFileError/encodingFailed``.
    public static func encodeEncrypted(
        _ key: PrivateKey,
        passphrase: borrowing SecretBytes
    ) throws(KeyFileError) -> [UInt8] {
        guard passphrase.count > 0 else { throw .passphraseRequired }
        let plaintext = try key.pkcs8()
        let der = try plaintext.withBytes { (der) throws(KeyFileError) in
            try PBES2.standard().encrypt(der, passphrase: passphrase)
        }
        return PEM.encode(label: "ENCRYPTED PRIVATE KEY", der.span).withBytes { bytes in
            bytes.indices.map { bytes[$0] }
        }
    }

    /// Writes a key as PEM block `PRIVATE KEY`: PKCS #8 without any protection.
    ///
    /// - Parameter key: The key.
    /// - Returns: The file's contents, which whoever reads them can sign with.
    /// - Throws: ``KeyFileError/encodingFailed``.
    public static func encodeUnencryptedUnsafe(_ key: PrivateKey) throws(KeyFileError) -> SecretBytes {
        let plaintext = try key.pkcs8()
        return plaintext.withBytes { der in PEM.encode(label: "PRIVATE KEY", der) }
    }

    /// What the label of a block says.
    private enum Form {
        case pkcs8
        case encryptedPKCS8
        case sec1
        case pkcs1
        case notaryEd25519

        init(_ block: PEM.Block) throws(KeyFileError) {
            switch block.label {
            case "PRIVATE KEY": self = .pkcs8
            case "ENCRYPTED PRIVATE KEY": self = .encryptedPKCS8
            case "EC PRIVATE KEY": self = .sec1
            case "RSA PRIVATE KEY": self = .pkcs1
            case "ED25519 PRIVATE KEY": self = .notaryEd25519
            default: throw .unsupported(block.label)
            }
            // The old encryption belongs to the old forms; OpenSSL ignores it elsewhere, which helps nobody.
            if self == .pkcs8 || self == .encryptedPKCS8 {
                guard try LegacyEncryption.parse(block) == nil else { throw .malformed }
            }
        }
    }

    private static func keyBlock(in file: Span<UInt8>) throws(KeyFileError) -> PEM.Block {
        let blocks = try PEM.blocks(in: file)
        guard let first = blocks.first else { throw .notAKey }
        let keys = blocks.filter(\.isPrivateKey)
        guard let key = keys.first else { throw .notAPrivateKey(label: first.label) }
        guard keys.count == 1 else { throw .severalKeys }
        return key
    }

    private static func decode(
        _ der: Span<UInt8>,
        _ form: Form,
        wasEncrypted: Bool
    ) throws(KeyFileError) -> PrivateKey {
        do {
            switch form {
            case .pkcs8, .encryptedPKCS8: return try PrivateKeyContents.pkcs8(der)
            case .sec1: return try PrivateKeyContents.sec1(der)
            case .pkcs1: return try PrivateKeyContents.pkcs1(der)
            case .notaryEd25519: return try PrivateKeyContents.notaryEd25519(der)
            }
        } catch let error as KeyFileError {
            throw error
        } catch {
            // Once in 256 times a wrong passphrase leaves correct padding around nonsense.
            if wasEncrypted { throw .wrongPassphrase }
            if form != .notaryEd25519 { try checkLength(der) }
            throw .malformed
        }
    }

    /// Tells a file that was cut off from one that is damaged.
    private static func checkLength(_ der: Span<UInt8>) throws(KeyFileError) {
        guard let needed = DERReader.lengthOfElement(at: 0, in: der) else { return }
        guard der.count >= needed else { throw .truncated }
    }
}

extension PEM.Block {
    /// Whether the block says that it is a private key, of whatever form.
    var isPrivateKey: Bool { label.utf8.reversed().starts(with: "PRIVATE KEY".utf8.reversed()) }
}
