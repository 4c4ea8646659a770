#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files that are there as a whole or not at all, also after a crash or with a full disk.
///
/// The calls block; files here are small.
public enum DurableFile {
    private static let temporaryPrefix = ".trustctl-tmp-"

    /// Replaces a file's contents in one step.
    ///
    /// Readers see the old contents or the new ones. When this returns, the new ones survive a power cut. When it
    /// throws, the old ones are still there (unless only the last step failed, making the directory's entry durable).
    /// A symbolic link at `path` is replaced, not followed.
    ///
    /// - Parameters:
    ///   - bytes: The new contents.
    ///   - path: The file; its directory must exist.
    ///   - mode: Permission bits of the new file, whatever the process's umask.
    /// - Throws: ``FileError``.
    public static func write(_ bytes: Span<UInt8>, to path: String, mode: UInt32) throws(FileError) {
        let directory = parent(of: path)
        let temporary = join(directory, temporaryPrefix + Hex.encode(SecureRandom.bytes(count: 8).span))
        do throws(FileError) {
            try writeNew(bytes, to: temporary, mode: mode)
            guard rename(temporary, path) == 0 else { throw FileError(path: path) }
        } catch {
            unlink(temporary)
            throw error.about(path)
        }
        try synchronize(directory: directory)
    }

    /// Reads a regular file as a whole.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - limit: The most bytes accepted.
    /// - Returns: The contents; nil when there is no such file or directory, and only then.
    /// - Throws: ``FileError``, ``FileError/tooLarge(path:limit:)`` among them.
    public static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8]? {
        do {
            // Non-blocking: opening a FIFO would wait for a writer.
            let file = try FileDescriptor(opening: path, flags: O_RDONLY | O_NONBLOCK)
            try file.requireRegularFile()
            return try file.readAll(limit: limit)
        } catch .other(_, ENOENT), .other(_, ENOTDIR) {
            return nil
        }
    }

    /// Removes a file, durably.
    ///
    /// - Parameter path: The file.
    /// - Returns: False when there was none.
    /// - Throws: ``FileError``.
    @discardableResult
    public static func remove(_ path: String) throws(FileError) -> Bool {
        guard unlink(path) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return false }
            throw FileError(path: path)
        }
        try synchronize(directory: parent(of: path))
        return true
    }

    /// Removes a file of secrets, durably, after overwriting it.
    ///
    /// Overwriting is a best effort: a file system that copies on write, a flash medium and every backup keep what they
    /// have. Once the name is gone the file stays gone, also when the process dies in the middle.
    ///
    /// - Parameter path: The file.
    /// - Returns: False when there was none.
    /// - Throws: ``FileError``.
    @discardableResult
    package static func removeOverwriting(_ path: String) throws(FileError) -> Bool {
        let directory = parent(of: path)
        let doomed = join(directory, temporaryPrefix + Hex.encode(SecureRandom.bytes(count: 8).span))
        guard rename(path, doomed) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return false }
            throw FileError(path: path)
        }
        try synchronize(directory: directory)
        do throws(FileError) {
            let file = try FileDescriptor(opening: doomed, flags: O_WRONLY | O_NOFOLLOW | O_NONBLOCK)
            let status = try file.status()
            if status.isRegularFile {
                let zeros = [UInt8](repeating: 0, count: min(status.size, 1 << 20))
                try file.writeAll(zeros.span)
                try file.synchronize()
            }
        } catch {
            // The name has gone already, and so must the file.
            unlink(doomed)
            throw error.about(path)
        }
        guard unlink(doomed) == 0 else { throw FileError(path: path) }
        try synchronize(directory: directory)
        return true
    }

    /// Makes a directory, and those above it that are missing.
    ///
    /// - Parameters:
    ///   - path: The directory. One that exists is left as it is.
    ///   - mode: Permission bits of each directory made, whatever the process's umask.
    /// - Throws: ``FileError``.
    public static func createDirectory(_ path: String, mode: UInt32) throws(FileError) {
        var missing: [String] = []
        var current = path
        while true {
            var information = stat()
            if stat(current, &information) == 0 {
                guard information.st_mode & S_IFMT == S_IFDIR else { throw .wrongFileType(path: current) }
                break
            }
            guard errno == ENOENT else { throw FileError(path: current) }
            missing.append(current)
            let above = parent(of: current)
            guard above != current else { throw .other(path: current, errno: ENOENT) }
            current = above
        }
        for directory in missing.reversed() {
            // Another process may have been faster, which is as good.
            if mkdir(directory, 0o700) == 0 {
                guard chmod(directory, mode_t(truncatingIfNeeded: mode)) == 0 else { throw FileError(path: directory) }
            } else if errno != EEXIST {
                throw FileError(path: directory)
            }
            try synchronize(directory: parent(of: directory))
        }
    }

    /// Lists the names in a directory, without `.` and `..` and without this type's temporary files, sorted by bytes.
    ///
    /// - Parameters:
    ///   - path: The directory.
    ///   - limit: The most names accepted.
    /// - Returns: The names that are UTF-8; nil when there is no such directory.
    /// - Throws: ``FileError``; ``FileError/tooLarge(path:limit:)`` for more names than that.
    public static func list(_ path: String, limit: Int = 100_000) throws(FileError) -> [String]? {
        guard let names = try names(in: path, limit: limit) else { return nil }
        return names.filter { !$0.hasPrefix(temporaryPrefix) }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Removes temporary files that a killed process has left behind.
    ///
    /// - Parameter directory: The directory. The caller holds the lock under which alone files are written in it.
    /// - Throws: ``FileError``.
    public static func removeAbandonedTemporaries(in directory: String) throws(FileError) {
        guard let names = try names(in: directory, limit: 100_000) else { return }
        for name in names where name.hasPrefix(temporaryPrefix) {
            let file = join(directory, name)
            guard unlink(file) == 0 || errno == ENOENT else { throw FileError(path: file) }
        }
    }

    private static func names(in path: String, limit: Int) throws(FileError) -> [String]? {
        guard let handle = opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw FileError(path: path)
        }
        defer { closedir(handle) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(handle) else {
                guard errno == 0 else { throw FileError(path: path) }
                return names
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(validatingCString: $0) }
            }
            // A name that is not UTF-8 is none of ours.
            guard let name, name != ".", name != ".." else { continue }
            guard names.count < limit else { throw .tooLarge(path: path, limit: limit) }
            names.append(name)
        }
    }

    private static func writeNew(_ bytes: Span<UInt8>, to path: String, mode: UInt32) throws(FileError) {
        let file = try FileDescriptor(
            opening: path,
            flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
            permissions: 0o600
        )
        guard fchmod(file.number, mode_t(truncatingIfNeeded: mode)) == 0 else { throw FileError(path: path) }
        try file.writeAll(bytes)
        try file.synchronize()
    }

    private static func synchronize(directory: String) throws(FileError) {
        try FileDescriptor(opening: directory, flags: O_RDONLY | O_DIRECTORY).synchronize()
    }

    /// The directory that a path is in, by its text.
    ///
    /// - Parameter path: Absolute or relative.
    /// - Returns: What stands before the last slash; `.` for a bare name.
    package static func parent(of path: String) -> String {
        var bytes = Array(path.utf8)
        let slash = UInt8(ascii: "/")
        while bytes.count > 1, bytes.last == slash { bytes.removeLast() }
        guard let cut = bytes.lastIndex(of: slash) else { return "." }
        bytes.removeSubrange(cut...)
        while bytes.count > 1, bytes.last == slash { bytes.removeLast() }
        return bytes.isEmpty ? "/" : String(decoding: bytes, as: UTF8.self)
    }

    /// The path of a name in a directory.
    ///
    /// - Parameters:
    ///   - directory: The directory.
    ///   - name: A name, without slashes.
    /// - Returns: Both with one slash between.
    package static func join(_ directory: String, _ name: String) -> String {
        directory.utf8.last == UInt8(ascii: "/") ? directory + name : directory + "/" + name
    }
}

extension FileError {
    /// The same error about another path: people know the file they asked for, not its temporary name.
    package func about(_ path: String) -> FileError {
        switch self {
        case .noSpace: .noSpace(path: path)
        case .readOnly: .readOnly(path: path)
        case .permissionDenied: .permissionDenied(path: path)
        case .tooLarge(_, let limit): .tooLarge(path: path, limit: limit)
        case .locked: .locked(path: path)
        case .cancelled: .cancelled(path: path)
        case .wrongFileType: .wrongFileType(path: path)
        case .symbolicLink: .symbolicLink(path: path)
        case .other(_, let code): .other(path: path, errno: code)
        }
    }
}
