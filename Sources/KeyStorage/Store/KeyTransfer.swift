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
