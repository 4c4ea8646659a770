/// One of the private keys in a file that may hold many, as the exports of docker and notary do.
public struct PrivateKeyEntry: Sendable, Equatable {
    /// The label of its PEM block.
    public let label: String
    /// The header `role`: a role, or the name of a signer. Nothing vouches for it.
    public let role: String?
    /// The header `gun`: the repository, by the name that Notary v1 has for it. Nothing vouches for it.
    public let gun: String?
    /// The header `path`: in exports, the name of the file that the key was in, or its path.
    public let path: String?
    /// Whether the key needs a passphrase, or why that, or what the block says of the key, cannot be told.
    public let isEncrypted: Result<Bool, KeyFileError>
    /// Where in the file its block is.
    public let extent: Range<Int>
}

extension PrivateKeyFile {
    /// The longest file of many keys that is read, in bytes.
    public static let maximumExportLength = PEM.Limits.export.bytes

    /// Finds all private keys in a file. Blocks of other kinds are skipped.
    ///
    /// - Parameter file: The file's contents, at most ``maximumExportLength`` bytes.
    /// - Returns: The keys, in the order of the file. Each one's ``PrivateKeyEntry/extent`` is a file of its own to
    ///   ``decode(_:)`` and ``decode(_:passphrase:)``.
    /// - Throws: ``KeyFileError`` when the file as a whole cannot be read, or holds no private key.
    public static func entries(in file: Span<UInt8>) throws(KeyFileError) -> [PrivateKeyEntry] {
        let blocks = try PEM.blocks(in: file, .export)
        guard let first = blocks.first else { throw .notAKey }
        let entries = blocks.filter(\.isPrivateKey).map(PrivateKeyEntry.init)
        guard !entries.isEmpty else { throw .notAPrivateKey(label: first.label) }
        return entries
    }

    /// The bytes that a private key's block holds, whatever its form.
    ///
    /// - Parameters:
    ///   - entry: An entry of the file.
    ///   - file: The file's contents.
    /// - Returns: The decoded base64.
    /// - Throws: ``KeyFileError/malformed``.
    public static func contents(
        of entry: PrivateKeyEntry,
        in file: Span<UInt8>
    ) throws(KeyFileError) -> SecretBytes {
        let part = file.extracting(entry.extent)
        guard let block = try PEM.blocks(in: part).first else { throw .malformed }
        return try PEM.contents(of: block, in: part)
    }
}

extension PrivateKeyEntry {
    init(_ block: PEM.Block) {
        var problem: KeyFileError?
        func header(_ name: String) -> String? {
            do throws(KeyFileError) {
                // An empty header says as much as none.
                let value = try block.value(of: name)
                return value?.isEmpty == true ? nil : value
            } catch {
                problem = error
                return nil
            }
        }
        label = block.label
        role = header("role")
        gun = header("gun")
        path = header("path")
        extent = block.extent
        if let problem {
            isEncrypted = .failure(problem)
        } else {
            isEncrypted = Result { () throws(KeyFileError) in try PrivateKeyFile.isEncrypted(block) }
        }
    }
}
