public import TUF
public import TrustCrypto

/// Why a private key could not be found, opened, stored or removed.
public enum KeyStorageError: Error, Sendable, Equatable {
    /// No key store is at this path: the directory is missing, or its medium is not mounted.
    case storeMissing(path: String)
    /// What should be the directory of a key store is something else.
    case storeNotADirectory(path: String)
    /// A directory or key file can be read or written by others than its owner; `permissions` are its mode bits.
    case permissionsTooWide(path: String, permissions: UInt32)
    /// A directory or key file belongs to another user, whose id is given.
    case foreignOwner(path: String, owner: UInt32)
    /// A directory or key file is a symbolic link.
    case symbolicLink(path: String)
    /// A file in the key store has no record of its key, or one that contradicts it.
    case malformedRecord(path: String)
    /// No store has the key. `unavailable` lists the stores that could not be looked into.
    case keyNotFound(KeyID, unavailable: [String])
    /// The key is in the store already.
    case duplicateKey(KeyID, path: String)
    /// Keys of this role belong to one repository, and none was given.
    case repositoryRequired(RoleName)
    /// Root keys serve many repositories, and one was given.
    case repositoryNotAllowed(RoleName)
    /// A repository's name, or a label, is empty, too long or has control characters.
    case malformedAttribute(String)
    /// A file is not a private key that can be used.
    case keyFile(path: String, KeyFileError)
    /// The key does not open with the passphrase; `origin` says where that came from, where it is known.
    case wrongPassphrase(KeyID, origin: String?)
    /// The key is encrypted, and no passphrase was given.
    case passphraseRequired(KeyID)
    /// A new passphrase has fewer bytes than ``Passphrase/minimumLength``.
    case passphraseTooShort(minimum: Int)
    /// What should be a passphrase is empty or longer than ``Passphrase/maximumLength``.
    case malformedPassphrase(origin: String)
    /// A new passphrase was typed differently the second time, too often.
    case passphrasesDiffer
    /// Nothing and nobody can be asked for a passphrase. `ways` lists how one can be given.
    case noPassphraseSource(role: RoleName, ways: [String])
    /// The helper program could not be started.
    case helperNotStarted(program: String, errno: Int32)
    /// The helper program failed: its exit status, or the negated number of the signal that ended it.
    case helperFailed(program: String, status: Int32)
    /// The helper program took too long.
    case helperTimedOut(program: String)
    /// The terminal was closed, or the prompt ended with ctrl-C or ctrl-D.
    case promptEnded
    /// The task was cancelled.
    case cancelled
    /// A file that was named to be read, a key file or one with a passphrase, does not exist.
    case fileMissing(path: String)
    /// The file system refused.
    case file(FileError)
    /// A key could not be made or used.
    case crypto(CryptoError)

    /// Whether another passphrase may help.
    var isWrongPassphrase: Bool {
        switch self {
        case .wrongPassphrase, .keyFile(_, .wrongPassphrase): true
        default: false
        }
    }
}
