#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why a file could not be read, written or locked.
public enum FileError: Error, Sendable, Equatable {
    /// The file system is full, or the user's quota used up.
    case noSpace(path: String)
    /// The file system is mounted read-only.
    case readOnly(path: String)
    /// The user may not do this.
    case permissionDenied(path: String)
    /// The file has more bytes than the caller accepts.
    case tooLarge(path: String, limit: Int)
    /// Another process (or task) held the lock until the time was up.
    case locked(path: String)
    /// The task was cancelled while it waited for the lock.
    case cancelled(path: String)
    /// The path names something other than a regular file, or a directory where one is needed.
    case wrongFileType(path: String)
    /// The path is a symbolic link where none is followed.
    case symbolicLink(path: String)
    /// Any other refusal of the system, with its error number.
    case other(path: String, errno: Int32)

    /// Translates the system's error number.
    ///
    /// - Parameters:
    ///   - code: The number, `errno` by default.
    ///   - path: What the call was about.
    package init(code: Int32 = errno, path: String) {
        self =
            switch code {
            case ENOSPC, EDQUOT: .noSpace(path: path)
            case EROFS: .readOnly(path: path)
            case EACCES, EPERM: .permissionDenied(path: path)
            case EISDIR: .wrongFileType(path: path)
            case ELOOP: .symbolicLink(path: path)
            default: .other(path: path, errno: code)
            }
    }
}
