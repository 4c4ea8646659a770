import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files and directories that nobody but their owner may touch.
enum PrivatePath {
    /// What a path names, as `lstat` tells it.
    enum Kind: Equatable {
        case directory
        case link(isToDirectory: Bool)
        /// A file, or something that is none; with the seconds from the epoch to when it was last written.
        case other(modified: Int64)
    }

    /// Looks at a path.
    ///
    /// - Returns: Nil when there is nothing, or nothing that this user may see.
    static func kind(of path: String) -> Kind? {
        var information = stat()
        guard !path.utf8.contains(0), lstat(path, &information) == 0 else { return nil }
        switch information.st_mode & S_IFMT {
        case S_IFDIR: return .directory
        case S_IFLNK:
            var target = stat()
            return .link(isToDirectory: stat(path, &target) == 0 && target.st_mode & S_IFMT == S_IFDIR)
        default:
            #if canImport(Darwin)
                return .other(modified: Int64(information.st_mtimespec.tv_sec))
            #else
                return .other(modified: Int64(information.st_mtim.tv_sec))
            #endif
        }
    }

    /// Demands a directory of this user's that is closed to others.
    ///
    /// - Returns: False when there is none.
    static func checkDirectory(_ path: String) throws(KeyStorageError) -> Bool {
        // O_NOFOLLOW looks at the last part of the path alone, and a slash behind it would make it follow.
        var bare = path
        while bare.utf8.count > 1, bare.utf8.last == UInt8(ascii: "/") { bare.removeLast() }
        guard let directory = try open(bare, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW) else { return false }
        try check(try status(of: directory), path)
        return true
    }

    /// Reads a file of this user's that is closed to others.
    ///
    /// - Returns: Nil when there is none.
    static func read(_ path: String, limit: Int) throws(KeyStorageError) -> SecretBytes? {
        // Non-blocking: opening a FIFO would wait for a writer.
        guard let file = try open(path, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK) else { return nil }
        let status = try status(of: file)
        guard status.isRegularFile else { throw .file(.wrongFileType(path: path)) }
        try check(status, path)
        do throws(FileError) {
            return try file.readSecret(limit: limit)
        } catch {
            throw .file(error)
        }
    }

    private static func open(_ path: String, flags: CInt) throws(KeyStorageError) -> FileDescriptor? {
        do throws(FileError) {
            return try FileDescriptor(opening: path, flags: flags)
        } catch {
            switch error {
            case .other(_, ENOENT): return nil
            case .symbolicLink: throw .symbolicLink(path: path)
            // Asked for a directory, the system calls a link "not a directory" too.
            case .other(_, ENOTDIR):
                var information = stat()
                let isLink = lstat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFLNK
                throw isLink ? .symbolicLink(path: path) : .storeNotADirectory(path: path)
            default: throw .file(error)
            }
        }
    }

    private static func status(of file: borrowing FileDescriptor) throws(KeyStorageError) -> FileDescriptor.Status {
        do throws(FileError) {
            return try file.status()
        } catch {
            throw .file(error)
        }
    }

    private static func check(_ status: FileDescriptor.Status, _ path: String) throws(KeyStorageError) {
        guard status.owner == geteuid() else { throw .foreignOwner(path: path, owner: status.owner) }
        guard status.permissions & 0o077 == 0 else {
            throw .permissionsTooWide(path: path, permissions: status.permissions)
        }
    }
}
