public import TUF
public import TrustCrypto

/// A private key in a file of another program, as far as it can be read without its passphrase.
///
/// What is known of it stands in the file, in its name or in its place, and whoever may write there can change it.
public struct ForeignKey: Sendable {
    /// Whose file it is.
    public enum Form: String, Sendable, CaseIterable {
        /// PEM of OpenSSL and others, and this program's own.
        case pem
        /// A key file of docker or notary, or one of their exports.
        case notary
        /// A key file of cosign.
        case cosign
    }

    /// The path of the file.
    public let path: String
    /// Whose file it is.
    public let form: Form
    /// The id by which Notary v1 knows the key, where the file, its name or the key itself says it.
    public let notaryID: KeyID?
    /// The role that the key signs for, or the name of a signer; nil when nothing says it.
    public let role: RoleName?
    /// The repository that the key belongs to; nil where it may serve many, and when nothing says it.
    public let repository: String?
    /// Whether a passphrase is needed to use it.
    public let isEncrypted: Bool
    /// When the file was last written, of keys in a directory.
    public let modified: Instant?

    let source: Source

    /// Where the bytes are.
    enum Source: Sendable {
        /// In a file of its own, in a directory, read again when the key is opened.
        case file
        /// Part of a file that was read, perhaps from a pipe.
        case part(SharedSecret, Range<Int>)
        /// A key of cosign.
        case box(SecretBoxKey)
    }

    /// What Notary v1 does: keys of these roles belong to one repository, all others may serve many.
    static func belongsToRepository(_ role: RoleName) -> Bool {
        [.targets, .snapshot, .timestamp].contains(role)
    }

    /// Opens the key.
    ///
    /// - Parameter passphrase: Opens it; nil will do for a key that is not encrypted. (cosign encrypts with an empty
    ///   passphrase where none was typed; nil stands for that one, too.)
    /// - Returns: The key; where its id was known, it is the one with that id.
    /// - Throws: ``KeyStorageError``, ``KeyStorageError/keyFile(path:_:)`` with ``KeyFileError/wrongPassphrase`` among them.
    public func open(_ passphrase: Passphrase?) async throws(KeyStorageError) -> PrivateKey {
        try await BlockingWork.run(on: BlockingWork.derivation) { () throws(KeyStorageError) in
            try openNow(passphrase)
        }
    }

    /// As ``open(_:)``, on this thread.
    func openNow(_ passphrase: Passphrase?) throws(KeyStorageError) -> PrivateKey {
        let key: PrivateKey
        switch source {
        case .file:
            let contents = try ForeignKeyFile.read(path)
            key = try contents.withBytes { (bytes) throws(KeyStorageError) in try decode(bytes, passphrase) }
        case .part(let contents, let extent):
            key = try contents.bytes.withBytes { (bytes) throws(KeyStorageError) in
                try decode(bytes.extracting(extent), passphrase)
            }
        case .box(let box):
            do throws(KeyFileError) {
                if let passphrase { key = try box.open(passphrase.bytes) } else { key = try box.openWithNothing() }
            } catch {
                throw .keyFile(path: path, error)
            }
        }
        guard notaryID == nil || notaryID == NotaryKeyID.id(of: key.publicKey) else {
            throw .malformedRecord(path: path)
        }
        return key
    }

    /// A key that is not encrypted, with the id that it has.
    func identified() throws(KeyStorageError) -> ForeignKey {
        ForeignKey(
            path: path,
            form: form,
            notaryID: NotaryKeyID.id(of: try openNow(nil).publicKey),
            role: role,
            repository: repository,
            isEncrypted: isEncrypted,
            modified: modified,
            source: source
        )
    }

    private func decode(_ bytes: Span<UInt8>, _ passphrase: Passphrase?) throws(KeyStorageError) -> PrivateKey {
        do throws(KeyFileError) {
            guard let passphrase else { return try PrivateKeyFile.decode(bytes) }
            return try PrivateKeyFile.decode(bytes, passphrase: passphrase.bytes)
        } catch {
            throw .keyFile(path: path, error)
        }
    }
}

extension ForeignKey {
    /// A key of cosign's, whose file says nothing but how it is encrypted.
    init(path: String, source: Source) {
        self.init(
            path: path,
            form: .cosign,
            notaryID: nil,
            role: nil,
            repository: nil,
            isEncrypted: true,
            modified: nil,
            source: source
        )
    }
}

extension SecretBoxKey {
    fileprivate func openWithNothing() throws(KeyFileError) -> PrivateKey {
        let nothing: [UInt8] = []
        do throws(KeyFileError) {
            return try open(SecretBytes(copying: nothing.span))
        } catch .wrongPassphrase {
            throw .passphraseRequired
        } catch {
            throw error
        }
    }
}

/// Secret bytes that several values look at; they are wiped when the last one lets go of them.
public final class SharedSecret: Sendable {
    /// The bytes.
    public let bytes: SecretBytes

    /// Takes over secret bytes.
    ///
    /// - Parameter bytes: The bytes.
    public init(_ bytes: consuming SecretBytes) { self.bytes = bytes }
}

/// The keys of other programs that were found, and what could not be read.
public struct ForeignKeyListing: Sendable {
    /// The keys: of a directory ordered by path, of a file in its order.
    public var keys: [ForeignKey]
    /// What could not be read. The others are listed all the same.
    public var problems: [KeyListing.Problem]

    /// Makes a listing.
    ///
    /// - Parameters:
    ///   - keys: The keys.
    ///   - problems: What could not be read.
    public init(keys: [ForeignKey] = [], problems: [KeyListing.Problem] = []) {
        self.keys = keys
        self.problems = problems
    }
}
