#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Excludes other processes, and other tasks of this one, for as long as it lives.
///
/// It rests on `flock` of a file that stays where it is: removing a lock file would let two processes hold "the" lock.
/// The system releases the lock when the process dies, however it dies.
public struct FileLock: ~Copyable, Sendable {
    private let descriptor: CInt

    private init(descriptor: CInt) { self.descriptor = descriptor }

    deinit {
        // Closing alone leaves the lock to a child that has been forked and has not replaced its program yet.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Takes the lock, waiting while somebody else has it.
    ///
    /// - Parameters:
    ///   - path: The lock file; made if it is missing, in a directory that exists.
    ///   - timeout: How long to wait at most; zero tries once.
    /// - Returns: The lock, held until the value ends.
    /// - Throws: ``FileError/locked(path:)`` when the time is up, ``FileError/cancelled(path:)``, or what opening the
    ///   file threw.
    public static func acquire(_ path: String, timeout: Duration) async throws(FileError) -> FileLock {
        let lock = FileLock(descriptor: try openLockFile(path))
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: timeout)
        var pause = Duration.milliseconds(2)
        while true {
            if flock(lock.descriptor, LOCK_EX | LOCK_NB) == 0 { return lock }
            guard errno == EWOULDBLOCK || errno == EINTR else { throw FileError(path: path) }
            let now = clock.now
            guard now < deadline else { throw .locked(path: path) }
            do {
                try await clock.sleep(until: min(deadline, now.advanced(by: pause)))
            } catch {
                throw .cancelled(path: path)
            }
            pause = min(pause * 2, .milliseconds(50))
        }
    }

    private static func openLockFile(_ path: String) throws(FileError) -> CInt {
        guard !path.utf8.contains(0) else { throw .other(path: path, errno: EINVAL) }
        let flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        let descriptor = open(path, O_RDWR | O_CREAT | flags, 0o600)
        if descriptor >= 0 { return descriptor }
        let code = errno
        // A lock file that may only be read locks as well: a store on a read-only medium.
        if code == EACCES || code == EROFS {
            let readable = open(path, O_RDONLY | flags)
            if readable >= 0 { return readable }
        }
        throw FileError(code: code, path: path)
    }
}
