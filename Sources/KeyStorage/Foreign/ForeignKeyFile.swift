import TUF
import TrustCrypto

/// A file in a key directory of docker or notary.
enum ForeignKeyFile {
    /// One key; two in a file of such a directory are none of theirs.
    static let maximumLength = PrivateKeyFile.maximumLength

    /// Reads a file that is closed to others.
    static func read(_ path: String) throws(KeyStorageError) -> SecretBytes {
        guard let contents = try PrivatePath.read(path, limit: maximumLength) else { throw .fileMissing(path: path) }
        return contents
    }

    /// Reads what a file says of its key.
    static func entry(_ contents: borrowing SecretBytes, path: String) throws(KeyStorageError) -> PrivateKeyEntry {
        try contents.withBytes { (bytes) throws(KeyStorageError) in
            do throws(KeyFileError) {
                let entries = try PrivateKeyFile.entries(in: bytes)
                guard let entry = entries.first, entries.count == 1 else { throw .severalKeys }
                return entry
            } catch {
                throw .keyFile(path: path, error)
            }
        }
    }

    /// Takes what is known of a key from the place of its file, its name and its headers.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - place: The directories above it, from `private` on.
    ///   - name: The file's name.
    ///   - modified: When it was last written.
    /// - Returns: The key.
    /// - Throws: ``KeyStorageError`` when the file is none of docker's or notary's.
    static func key(
        _ path: String,
        place: [String],
        name: String,
        modified: Instant
    ) throws(KeyStorageError) -> ForeignKey {
        let stem = String(name.dropLast(NotaryLayout.nameSuffix.count))
        guard let (id, nameRole) = NotaryKeyID.parse(stem: stem) else { throw .malformedRecord(path: path) }
        let contents = try read(path)
        let entry = try entry(contents, path: path)
        let isEncrypted: Bool
        do throws(KeyFileError) {
            isEncrypted = try entry.isEncrypted.get()
        } catch {
            throw .keyFile(path: path, error)
        }
        let old = NotaryLayout.attributes(ofOld: place)
        // The place and the name win over the headers, as when notary moves such files.
        let attributes = try NotaryLayout.attributes(
            role: nameRole ?? old?.role ?? entry.role,
            repository: old?.repository ?? entry.gun,
            path: path
        )
        return ForeignKey(
            path: path,
            form: .notary,
            notaryID: id,
            role: attributes.role,
            repository: attributes.repository,
            isEncrypted: isEncrypted,
            modified: modified,
            source: .file
        )
    }
}
