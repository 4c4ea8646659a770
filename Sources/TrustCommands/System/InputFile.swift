import ContentTrust
import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files that a user names to be read: regular ones, pipes of process substitution, or `-` for standard input.
enum InputFile {
    /// All bytes of a file.
    ///
    /// - Parameters:
    ///   - path: The file; `-` for standard input.
    ///   - limit: The most bytes accepted.
    ///   - option: Where it was named, for messages.
    ///   - isRegular: Whether only a regular file will do: a pipe keeps its reader waiting for as long as nobody writes.
    /// - Returns: The bytes.
    /// - Throws: ``Refusal`` with ``Reason/usage`` when there is no such file, it is too long or of another kind, with
    ///   ``Reason/storage`` when it cannot be read.
    static func read(
        _ path: String,
        limit: Int,
        option: String,
        isRegular: Bool = false
    ) throws(Refusal) -> [UInt8] {
        let checked = "\(option) \(path)"
        var descriptor = STDIN_FILENO
        if path != "-" {
            guard !path.utf8.contains(0) else {
                throw Refusal(.usage, checked: option, found: "a path with a NUL byte")
            }
            let flags = O_RDONLY | O_CLOEXEC | (isRegular ? O_NONBLOCK : 0)
            repeat { descriptor = open(path, flags) } while descriptor < 0 && errno == EINTR
            guard descriptor >= 0 else {
                let code = errno
                if code == ENOENT || code == ENOTDIR {
                    throw Refusal(.usage, checked: checked, found: "no such file")
                }
                throw Refusal.file(FileError(code: code, path: path), checked: checked)
            }
        }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        if isRegular, descriptor != STDIN_FILENO {
            var information = stat()
            guard fstat(descriptor, &information) == 0 else {
                throw Refusal.file(FileError(code: errno, path: path), checked: checked)
            }
            guard information.st_mode & S_IFMT == S_IFREG else {
                throw Refusal(
                    .usage,
                    checked: checked,
                    found: "not a regular file",
                    next: "name the file itself; from a pipe: - for standard input"
                )
            }
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = systemRead(descriptor, into: &buffer)
            if count < 0 {
                if errno == EINTR { continue }
                throw Refusal.file(FileError(code: errno, path: path), checked: checked)
            }
            if count == 0 { return bytes }
            bytes += buffer.prefix(count)
            guard bytes.count <= limit else {
                throw Refusal(.usage, checked: checked, found: "more than \(limit) bytes")
            }
        }
    }

    /// The system's `read`, which a static method of the same name hides; ECANCELED when the task is cancelled before
    /// there is anything to read, because a person may never type it.
    static func systemRead(_ descriptor: CInt, into buffer: inout [UInt8]) -> Int {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&request, 1, 100) == 0 {
            guard !Task.isCancelled else {
                errno = ECANCELED
                return -1
            }
        }
        return buffer.withUnsafeMutableBytes { pointer in
            #if canImport(Darwin)
                Darwin.read(descriptor, pointer.baseAddress, pointer.count)
            #elseif canImport(Musl)
                Musl.read(descriptor, pointer.baseAddress, pointer.count)
            #else
                Glibc.read(descriptor, pointer.baseAddress, pointer.count)
            #endif
        }
    }
}
