import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files and folders that say what this machine trusts: nobody but the user and root may be able to write them.
package enum OwnFile {
    /// Reads a file. A link may lead to it; what it leads to is looked at.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - limit: The most bytes that it may have.
    ///   - checked: What it is, for messages.
    /// - Returns: Its bytes; nil when there is no such file.
    /// - Throws: ``Refusal`` with ``Reason/storage`` when it cannot be read, or others can write it; with ``Reason/usage`` for a
    ///   link that leads nowhere.
    package static func read(_ path: String, limit: Int, checked: String) throws(Refusal) -> [UInt8]? {
        let status: FileDescriptor.Status
        let bytes: [UInt8]
        do throws(FileError) {
            // Non-blocking: opening a FIFO would wait for a writer.
            let descriptor = try FileDescriptor(opening: path, flags: O_RDONLY | O_NONBLOCK)
            status = try descriptor.status()
            guard status.isRegularFile else { throw .wrongFileType(path: path) }
            bytes = try descriptor.readAll(limit: limit)
        } catch .other(_, ENOENT), .other(_, ENOTDIR) {
            // Somebody put a link there, and meant a file.
            var information = stat()
            guard lstat(path, &information) != 0 else {
                throw Refusal(.usage, checked: checked, found: "a link that leads nowhere", expected: "a file")
            }
            return nil
        } catch {
            throw Refusal.file(error, checked: checked)
        }
        try check(status, path, checked: checked, found: "it belongs to another user, who says what it demands")
        return bytes
    }

    /// Refuses a folder that another user owns or can write. One that is not there is nobody's.
    ///
    /// - Parameters:
    ///   - path: The folder.
    ///   - checked: What it is, for messages.
    /// - Throws: ``Refusal`` with ``Reason/storage``.
    package static func checkFolder(_ path: String, checked: String) throws(Refusal) {
        let status: FileDescriptor.Status
        do throws(FileError) {
            status = try FileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY | O_NONBLOCK).status()
        } catch .other(_, ENOENT) {
            return
        } catch {
            throw Refusal.file(error, checked: checked)
        }
        try check(
            status,
            path,
            checked: checked,
            found: "it belongs to another user, who may have written anything there"
        )
    }

    /// Refuses a program, or another file that is not read, that another user owns or can write.
    ///
    /// - Parameters:
    ///   - path: The file, without a link that leads to it.
    ///   - checked: What it is, for messages.
    ///   - found: What another owner of it means.
    /// - Throws: ``Refusal`` with ``Reason/storage``, also for what is no file.
    package static func checkFile(_ path: String, checked: String, found: String) throws(Refusal) {
        let status: FileDescriptor.Status
        do throws(FileError) {
            status = try FileDescriptor(opening: path, flags: O_RDONLY | O_NONBLOCK).status()
            guard status.isRegularFile else { throw .wrongFileType(path: path) }
        } catch {
            throw Refusal.file(error, checked: checked)
        }
        try check(status, path, checked: checked, found: found)
    }

    private static func check(
        _ status: FileDescriptor.Status,
        _ path: String,
        checked: String,
        found: String
    ) throws(Refusal) {
        guard status.owner == 0 || status.owner == geteuid() else {
            throw Refusal(
                .storage,
                checked: checked,
                found: found,
                next: "chown \(geteuid()) \(ShellWord.quoted(path))"
            )
        }
        guard status.permissions & 0o022 == 0 else {
            throw Refusal(
                .storage,
                checked: checked,
                found: "others can write it",
                next: "chmod go-w \(ShellWord.quoted(path))"
            )
        }
    }
}
