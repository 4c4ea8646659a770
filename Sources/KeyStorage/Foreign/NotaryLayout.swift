import TUF
import TrustCrypto

/// Where docker and notary keep private keys: `private/ID.key`; before 2016 `private/root_keys/ID_root.key` and
/// `private/tuf_keys/REPOSITORY/ID_targets.key`.
enum NotaryLayout {
    static let nameSuffix = ".key"
    static let directoryName = "private"
    static let oldRootDirectory = "root_keys"
    static let oldDirectory = "tuf_keys"

    /// How deep directories may lie; each part of a repository's name is one.
    static let maximumDepth = 64
    /// The most files and directories that are looked at.
    static let maximumVisits = 20_000

    /// The directory of the keys, of a directory that a user names: `~/.docker/trust` or `~/.notary`, `~/.docker`, or the
    /// directory of the keys itself.
    ///
    /// - Returns: Where the keys are, or would be if there were any.
    static func keyDirectory(in directory: String) -> String {
        let own = DurableFile.join(directory, directoryName)
        if PrivatePath.kind(of: own) != nil { return own }
        let docker = DurableFile.join(DurableFile.join(directory, "trust"), directoryName)
        if PrivatePath.kind(of: docker) != nil { return docker }
        var bare = directory[...]
        while bare.utf8.count > 1, bare.hasSuffix("/") { bare.removeLast() }
        return bare == directoryName || bare.hasSuffix("/" + directoryName) ? String(bare) : own
    }

    /// What the place of a file says in the layout of before 2016.
    ///
    /// - Parameter place: The directories above the file, from `private` on.
    /// - Returns: Nil in today's layout.
    static func attributes(ofOld place: [String]) -> (role: String?, repository: String?)? {
        switch place.first {
        case oldRootDirectory: return ("root", nil)
        case oldDirectory:
            let repository = place.dropFirst().joined(separator: "/")
            return (nil, repository.isEmpty ? nil : repository)
        default: return nil
        }
    }

    /// Demands text that can be a role and a repository. Keys of root and of signers belong to no repository, whatever
    /// their headers say.
    static func attributes(
        role: String?,
        repository: String?,
        path: String
    ) throws(KeyStorageError) -> (role: RoleName?, repository: String?) {
        var name: RoleName?
        if let role {
            guard let valid = try? RoleName(role) else { throw .malformedRecord(path: path) }
            name = valid
        }
        guard let repository, name.map(ForeignKey.belongsToRepository) ?? true else { return (name, nil) }
        guard KeyAttributes.isReadable(repository) else { throw .malformedRecord(path: path) }
        return (name, repository)
    }

    /// Lists the private keys in a directory, without any passphrase. A file that cannot be read is listed as a problem
    /// and hides no other.
    ///
    /// Symbolic links and what others may read or write are problems, as in this program's own key store.
    static func list(_ directory: String) throws(KeyStorageError) -> ForeignKeyListing {
        guard try PrivatePath.checkDirectory(directory) else { throw .storeMissing(path: directory) }
        var walk = Walk()
        try walk.visit(directory, place: [])
        return ForeignKeyListing(keys: walk.keys, problems: walk.problems)
    }

    private struct Walk {
        var keys: [ForeignKey] = []
        var problems: [KeyListing.Problem] = []
        private var visits = 0

        mutating func visit(_ directory: String, place: [String]) throws(KeyStorageError) {
            let names: [String]?
            do throws(FileError) {
                names = try DurableFile.list(directory, limit: NotaryLayout.maximumVisits)
            } catch {
                throw .file(error)
            }
            for name in names ?? [] {
                visits += 1
                guard visits <= NotaryLayout.maximumVisits else {
                    throw .file(.tooLarge(path: directory, limit: NotaryLayout.maximumVisits))
                }
                try look(at: name, in: directory, place)
            }
        }

        private mutating func look(
            at name: String,
            in directory: String,
            _ place: [String]
        ) throws(KeyStorageError) {
            let path = DurableFile.join(directory, name)
            // Nil: removed since the names were read.
            guard let kind = PrivatePath.kind(of: path) else { return }
            do throws(KeyStorageError) {
                switch kind {
                case .directory:
                    guard place.count < NotaryLayout.maximumDepth else {
                        throw .file(.tooLarge(path: path, limit: NotaryLayout.maximumDepth))
                    }
                    guard try PrivatePath.checkDirectory(path) else { return }
                case .link(let isToDirectory):
                    guard isToDirectory || name.hasSuffix(NotaryLayout.nameSuffix) else { return }
                    throw .symbolicLink(path: path)
                case .other(let modified):
                    guard name.hasSuffix(NotaryLayout.nameSuffix) else { return }
                    keys.append(
                        try ForeignKeyFile.key(
                            path,
                            place: place,
                            name: name,
                            modified: Instant(secondsSinceEpoch: modified)
                        )
                    )
                    return
                }
            } catch .fileMissing {
                // Removed since it was looked at.
                return
            } catch {
                problems.append(KeyListing.Problem(path: path, error: error))
                return
            }
            try visit(path, place: place + [name])
        }
    }
}
