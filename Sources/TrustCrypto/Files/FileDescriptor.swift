#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An open file that closes itself.
struct FileDescriptor: ~Copyable {
    let number: CInt
    let path: String

    init(opening path: String, flags: CInt, permissions: UInt32 = 0) throws(FileError) {
        guard !path.utf8.contains(0) else { throw .other(path: path, errno: EINVAL) }
        var number: CInt
        repeat {
            number = open(path, flags | O_CLOEXEC, mode_t(truncatingIfNeeded: permissions))
        } while number < 0 && errno == EINTR
        guard number >= 0 else { throw FileError(path: path) }
        self.number = number
        self.path = path
    }

    deinit { close(number) }

    func writeAll(_ bytes: Span<UInt8>) throws(FileError) {
        let code: CInt = bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let written = write(number, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                if written < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                done += written
            }
            return 0
        }
        guard code == 0 else { throw FileError(code: code, path: path) }
    }

    /// - Returns: The bytes up to the end; more than `limit` is an error.
    func readAll(limit: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        let (size, code) = status()
        guard code == 0 else { throw FileError(code: code, path: path) }
        guard size <= limit else { throw .tooLarge(path: path, limit: limit) }
        // One byte more than expected: a file that grew is noticed, and usually one call reads it all.
        var room = min(limit, max(size, 0)) + 1
        while true {
            var failure: CInt = 0
            let start = bytes.count
            var received = 0
            bytes.append(
                contentsOf: [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                    repeat {
                        received = read(number, buffer.baseAddress, room)
                    } while received < 0 && errno == EINTR
                    if received < 0 { failure = errno }
                    count = max(received, 0)
                }
            )
            guard failure == 0 else { throw FileError(code: failure, path: path) }
            guard bytes.count <= limit else { throw .tooLarge(path: path, limit: limit) }
            if bytes.count == start { return bytes }
            room = max(min(limit - bytes.count, 65536), 0) + 1
        }
    }

    func synchronize() throws(FileError) {
        var result: CInt
        repeat { result = fsync(number) } while result != 0 && errno == EINTR
        // Some file systems have nothing to do for a directory and say EINVAL.
        guard result == 0 || errno == EINVAL else { throw FileError(path: path) }
    }

    func requireRegularFile() throws(FileError) {
        var information = stat()
        guard fstat(number, &information) == 0 else { throw FileError(path: path) }
        guard information.st_mode & S_IFMT == S_IFREG else { throw .wrongFileType(path: path) }
    }

    private func status() -> (size: Int, code: CInt) {
        var information = stat()
        guard fstat(number, &information) == 0 else { return (0, errno) }
        return (Int(information.st_size), 0)
    }
}
