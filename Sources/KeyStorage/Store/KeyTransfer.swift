import TUF
public import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Key files of others on their way in, and stored keys on their way out.
public enum KeyTransfer {
    /// Whether a passphrase is needed to read a key file.
    ///
    /// - Parameter path: The file, in any form that ``PrivateKeyFile`` reads.
    /// - Returns: True for an encrypted key.
    /// - Throws: ``KeyStorageError/keyFile(path:_:)``, ``KeyStorageError/fileMissing(path:)``,
    ///   ``KeyStorageError/file(_:)``.
    public static func isEncrypted(_ path: String) async throws(KeyStorageError) -> Bool {
        try await BlockingWork.run(on: BlockingWork.waiting) { () throws(KeyStorageError) in
            let contents = try contents(of: path)
            return try contents.withBytes { (bytes) throws(KeyStorageError) in
                do throws(KeyFileError) {
                    return try PrivateKeyFile.isEncrypted(bytes)
                } catch {
                    throw .keyFile(path: path, error)
                }
            }
        }
    }

    /// Reads a key file. Its permissions are those of whoever made it and are not looked at.
    ///
    /// - Parameters:
    ///   - path: The file, in any form that ``PrivateKeyFile`` reads.
    ///   - passphrase: Opens it; nil for a key that is not encrypted.
    /// - Returns: The key.
    /// - Throws: ``KeyStorageError/keyFile(path:_:)``, with ``KeyFileError/wrongPassphrase`` among its reasons;
    ///   ``KeyStorageError/fileMissing(path:)``, ``KeyStorageError/file(_:)``.
    public static func read(_ path: String, passphrase: Passphrase?) async throws(KeyStorageError) -> PrivateKey {
        try await BlockingWork.run(on: BlockingWork.derivation) { () throws(KeyStorageError) in
            let contents = try contents(of: path)
            return try contents.withBytes { (bytes) throws(KeyStorageError) in
                do throws(KeyFileError) {
                    guard let passphrase else { return try PrivateKeyFile.decode(bytes) }
                    return try PrivateKeyFile.decode(bytes, passphrase: passphrase.bytes)
                } catch {
                    throw .keyFile(path: path, error)
                }
            }
        }
    }

    /// Writes a key as PEM: PKCS #8, encrypted as in the key store. (Its public half is ``PublicKey/pem``.)
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - passphrase: What opens the result; at least ``Passphrase/minimumLength`` bytes.
    /// - Returns: The contents of the file; write it with mode 0600.
    /// - Throws: ``KeyStorageError``.
    public static func encrypted(
        _ key: PrivateKey,
        passphrase: Passphrase
    ) async throws(KeyStorageError) -> [UInt8] {
        try await encrypted(key, passphrase: passphrase, path: "exported key")
    }

    /// As ``encrypted(_:passphrase:)``, for a file whose path is known.
    static func encrypted(
        _ key: PrivateKey,
        passphrase: Passphrase,
        path: String
    ) async throws(KeyStorageError) -> [UInt8] {
        try passphrase.requireStrength()
        return try await BlockingWork.run(on: BlockingWork.derivation) { () throws(KeyStorageError) in
            do throws(KeyFileError) {
                return try PrivateKeyFile.encodeEncrypted(key, passphrase: passphrase.bytes)
            } catch {
                throw .keyFile(path: path, error)
            }
        }
    }

    /// Writes a key as docker and notary do: PKCS #8, encrypted with 2048 rounds of PBKDF2, and what it is for in headers.
    ///
    /// - Parameters:
    ///   - key: The key.
    ///   - attributes: What it is for. The label is not written, nor is the repository of a delegated role.
    ///   - passphrase: What opens the result; at least ``Passphrase/minimumLength`` bytes.
    ///   - isExport: Whether the key's id is written too, as `notary key export` does it: `notary key import` then takes
    ///     the key as it is.
    /// - Returns: The contents of the file; write it with mode 0600.
    /// - Throws: ``KeyStorageError``.
    public static func notary(
        _ key: PrivateKey,
        _ attributes: KeyAttributes,
        passphrase: Passphrase,
        isExport: Bool
    ) async throws(KeyStorageError) -> SharedSecret {
        let id = isExport ? NotaryKeyID.id(of: key.publicKey).string : nil
        return try await notary(key, headers(attributes, id: id), passphrase: passphrase, path: "exported key")
    }

    /// As ``notary(_:_:passphrase:isExport:)``, for a file whose path is known.
    static func notary(
        _ key: PrivateKey,
        _ attributes: KeyAttributes,
        passphrase: Passphrase,
        path: String
    ) async throws(KeyStorageError) -> SharedSecret {
        try await notary(key, headers(attributes, id: nil), passphrase: passphrase, path: path)
    }

    static func notary(
        _ key: PrivateKey,
        _ headers: NotaryKeyFile.Headers,
        passphrase: Passphrase,
        path: String
    ) async throws(KeyStorageError) -> SharedSecret {
        try passphrase.requireStrength()
        return try await BlockingWork.run(on: BlockingWork.derivation) { () throws(KeyStorageError) in
            do throws(KeyFileError) {
                return SharedSecret(
                    try NotaryKeyFile.encodeEncrypted(key, headers, passphrase: passphrase.bytes)
                )
            } catch {
                throw .keyFile(path: path, error)
            }
        }
    }

    private static func headers(_ attributes: KeyAttributes, id: String?) -> NotaryKeyFile.Headers {
        NotaryKeyFile.Headers(
            role: attributes.role.string,
            gun: ForeignKey.belongsToRepository(attributes.role) ? attributes.repository : nil,
            path: id
        )
    }

    /// Reads a file that may be anybody's, as a whole.
    static func contents(
        of path: String,
        limit: Int = PrivateKeyFile.maximumLength
    ) throws(KeyStorageError) -> SecretBytes {
        do throws(FileError) {
            // A pipe is as good as a file: keys come out of other programs.
            return try FileDescriptor(opening: path, flags: O_RDONLY).readSecret(limit: limit)
        } catch .other(_, ENOENT), .other(_, ENOTDIR) {
            throw .fileMissing(path: path)
        } catch {
            throw .file(error)
        }
    }
}
