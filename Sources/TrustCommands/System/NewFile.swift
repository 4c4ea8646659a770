import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files that must not be there yet.
enum NewFile {
    /// The system's number for a file that is there already.
    static let existsCode: CInt = EEXIST

    /// Whether something has a name, a link included.
    static func exists(_ path: String) -> Bool {
        var information = stat()
        return lstat(path, &information) == 0
    }

    /// Writes a file as a whole; nothing is left when that fails.
    ///
    /// - Parameters:
    ///   - bytes: Its contents.
    ///   - path: The file. A link is not followed.
    ///   - mode: Its permission bits, whatever the umask.
    /// - Throws: ``FileError``; ``FileError/other(path:errno:)`` with ``existsCode`` when something is there.
    static func write(_ bytes: Span<UInt8>, to path: String, mode: UInt32) throws(FileError) {
        guard !path.utf8.contains(0) else { throw .other(path: path, errno: EINVAL) }
        // Takes the name first, so that nobody else's file is replaced below.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError(code: errno, path: path) }
        close(descriptor)
        do throws(FileError) {
            try DurableFile.write(bytes, to: path, mode: mode)
        } catch {
            unlink(path)
            throw error
        }
    }
}
