import TUF
import TrustCrypto

/// Finding private keys that other programs have left.
public enum ForeignKeys {
    /// Lists the private keys of docker or notary, in today's layout and in that of before 2016, without any passphrase.
    ///
    /// - Parameter directory: `~/.docker/trust`, `~/.notary`, or a copy; also the directory `private` in them.
    /// - Returns: The keys, and what could not be read: damaged files, symbolic links, files and directories that others
    ///   may use.
    /// - Throws: ``KeyStorageError`` when the directory as a whole cannot be read, ``KeyStorageError/storeMissing(path:)``
    ///   when there is none.
    public static func inDirectory(_ directory: String) async throws(KeyStorageError) -> ForeignKeyListing {
        try await BlockingWork.run(on: BlockingWork.waiting) { () throws(KeyStorageError) in
            try NotaryLayout.list(NotaryLayout.keyDirectory(in: directory))
        }
    }

    /// Lists the private keys in a file, without any passphrase: a PEM file in any form that ``PrivateKeyFile`` reads, an
    /// export of docker's or notary's with any number of keys, a key file of cosign.
    ///
    /// - Parameter path: The file; a pipe will do. Its permissions are those of whoever made it and are not looked at.
    /// - Returns: The keys, and those that cannot be used.
    /// - Throws: ``KeyStorageError/keyFile(path:_:)`` when there is no private key at all,
    ///   ``KeyStorageError/fileMissing(path:)``, ``KeyStorageError/file(_:)``.
    public static func inFile(_ path: String) async throws(KeyStorageError) -> ForeignKeyListing {
        try await BlockingWork.run(on: BlockingWork.waiting) { () throws(KeyStorageError) in
            let contents = SharedSecret(
                try KeyTransfer.contents(of: path, limit: PrivateKeyFile.maximumExportLength)
            )
            let entries = try contents.bytes.withBytes { (bytes) throws(KeyStorageError) in
                do throws(KeyFileError) {
                    return try PrivateKeyFile.entries(in: bytes)
                } catch {
                    throw .keyFile(path: path, error)
                }
            }
            var listing = ForeignKeyListing()
            for entry in entries {
                do throws(KeyStorageError) {
                    listing.keys.append(try key(entry, in: contents, path))
                } catch {
                    listing.problems.append(KeyListing.Problem(path: path, error: error))
                }
            }
            return listing
        }
    }

    private static func key(
        _ entry: PrivateKeyEntry,
        in contents: SharedSecret,
        _ path: String
    ) throws(KeyStorageError) -> ForeignKey {
        if CosignKeyFile.labels.contains(entry.label) {
            let box = try contents.bytes.withBytes { (bytes) throws(KeyStorageError) in
                do throws(KeyFileError) {
                    return try CosignKeyFile.parse(PrivateKeyFile.contents(of: entry, in: bytes))
                } catch {
                    throw .keyFile(path: path, error)
                }
            }
            return ForeignKey(path: path, source: .box(box))
        }
        let source = ForeignKey.Source.part(contents, entry.extent)
        let isEncrypted: Bool
        do throws(KeyFileError) {
            isEncrypted = try entry.isEncrypted.get()
        } catch {
            throw .keyFile(path: path, error)
        }
        // In exports of old, the path says what the headers do not.
        var place = entry.path.map { $0.split(separator: "/").map(String.init) } ?? []
        let named = place.popLast().flatMap(NotaryKeyID.parse)
        let old = NotaryLayout.attributes(ofOld: place)
        let attributes = try NotaryLayout.attributes(
            role: named?.role ?? old?.role ?? entry.role,
            repository: old?.repository ?? entry.gun,
            path: path
        )
        let hasHeaders = entry.role != nil || entry.gun != nil || entry.path != nil
        let key = ForeignKey(
            path: path,
            form: hasHeaders ? .notary : .pem,
            notaryID: named?.id,
            role: attributes.role,
            repository: attributes.repository,
            isEncrypted: isEncrypted,
            modified: nil,
            source: source
        )
        return isEncrypted ? key : try key.identified()
    }
}
