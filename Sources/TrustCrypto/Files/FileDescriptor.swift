#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An open file that closes itself.
package struct FileDescriptor: ~Copyable {
    /// What the system knows about an open file.
    package struct Status: Sendable, Equatable {
        /// Its length in bytes.
        package let size: Int
        /// Its permission bits, `0o7777` at most.
        package let permissions: UInt32
        /// The user it belongs to.
        package let owner: UInt32
        /// Whether it is a regular file.
        package let isRegularFile: Bool
    }

    package let number: CInt
    package let path: String

    /// Opens a file; it is not inherited by other programs.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - flags: Flags of `open`.
    ///   - permissions: Permission bits of a file that is made.
    /// - Throws: ``FileError``.
    package init(opening path: String, flags: CInt, permissions: UInt32 = 0) throws(FileError) {
        guard !path.utf8.contains(0) else { throw .other(path: path, errno: EINVAL) }
        var number: CInt
        repeat {
            number = open(path, flags | O_CLOEXEC, mode_t(truncatingIfNeeded: permissions))
        } while number < 0 && errno == EINTR
        guard number >= 0 else { throw FileError(path: path) }
        self.number = number
        self.path = path
    }

    /// Opens a second descriptor of what is open already; the first one stays open.
    ///
    /// - Parameters:
    ///   - number: The descriptor.
    ///   - name: What errors call it.
    /// - Throws: ``FileError``.
    package init(duplicating number: CInt, name: String) throws(FileError) {
        let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw FileError(path: name) }
        self.number = copy
        path = name
    }

    deinit { close(number) }

    /// Writes all bytes at the current position.
    ///
    /// - Parameter bytes: The bytes.
    /// - Throws: ``FileError``.
    package func writeAll(_ bytes: Span<UInt8>) throws(FileError) {
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

    /// Reads up to the end.
    ///
    /// - Parameter limit: The most bytes accepted.
    /// - Returns: The bytes.
    /// - Throws: ``FileError``, ``FileError/tooLarge(path:limit:)`` among them.
    package func readAll(limit: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        let size = try status().size
        guard size <= limit else { throw .tooLarge(path: path, limit: limit) }
        // One byte more than expected: a file that grew is noticed, and usually one call reads it all.
        var room = min(limit, max(size, 0)) + 1
        while true {
            var result: (count: Int, code: CInt) = (0, 0)
            bytes.append(
                contentsOf: [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                    result = receive(into: UnsafeMutableRawBufferPointer(buffer))
                    count = result.count
                }
            )
            guard result.code == 0 else { throw FileError(code: result.code, path: path) }
            guard bytes.count <= limit else { throw .tooLarge(path: path, limit: limit) }
            if result.count == 0 { return bytes }
            room = max(min(limit - bytes.count, 65536), 0) + 1
        }
    }

    /// Reads up to the end, straight into guarded memory.
    ///
    /// - Parameter limit: The most bytes accepted.
    /// - Returns: The bytes.
    /// - Throws: ``FileError``, ``FileError/tooLarge(path:limit:)`` among them.
    package func readSecret(limit: Int) throws(FileError) -> SecretBytes {
        try readSecret(limit: limit, untilLineEnd: false)
    }

    /// Reads one line, straight into guarded memory, and nothing behind it; the line feed, and a carriage return before
    /// it, are left out.
    ///
    /// - Parameter limit: The most bytes accepted.
    /// - Returns: The line.
    /// - Throws: ``FileError``, ``FileError/tooLarge(path:limit:)`` among them.
    package func readSecretLine(limit: Int) throws(FileError) -> SecretBytes {
        try readSecret(limit: limit, untilLineEnd: true)
    }

    private func readSecret(limit: Int, untilLineEnd: Bool) throws(FileError) -> SecretBytes {
        var failure: FileError?
        let secret = SecretBytes(capacity: limit + 1) { buffer in
            let raw = UnsafeMutableRawBufferPointer(buffer)
            var count = 0
            while count < raw.count {
                let piece = untilLineEnd ? count..<(count + 1) : count..<raw.count
                let (received, code) = receive(into: UnsafeMutableRawBufferPointer(rebasing: raw[piece]))
                guard code == 0 else {
                    failure = FileError(code: code, path: path)
                    return 0
                }
                if received == 0 { break }
                if untilLineEnd, raw[count] == UInt8(ascii: "\n") { break }
                count += received
            }
            guard count <= limit else {
                failure = .tooLarge(path: path, limit: limit)
                return 0
            }
            if untilLineEnd, count > 0, raw[count - 1] == UInt8(ascii: "\r") { count -= 1 }
            return count
        }
        if let failure { throw failure }
        return secret
    }

    private func receive(into buffer: UnsafeMutableRawBufferPointer) -> (count: Int, code: CInt) {
        var received: Int
        repeat { received = read(number, buffer.baseAddress, buffer.count) } while received < 0 && errno == EINTR
        return received < 0 ? (0, errno) : (received, 0)
    }

    /// Waits until what was written is on the medium.
    ///
    /// - Throws: ``FileError``.
    package func synchronize() throws(FileError) {
        var result: CInt
        repeat { result = fsync(number) } while result != 0 && errno == EINTR
        // Some file systems have nothing to do for a directory and say EINVAL.
        guard result == 0 || errno == EINVAL else { throw FileError(path: path) }
    }

    /// Asks the system about the file.
    ///
    /// - Returns: What it knows.
    /// - Throws: ``FileError``.
    package func status() throws(FileError) -> Status {
        var information = stat()
        guard fstat(number, &information) == 0 else { throw FileError(path: path) }
        return Status(
            size: Int(information.st_size),
            permissions: UInt32(information.st_mode) & 0o7777,
            owner: information.st_uid,
            isRegularFile: information.st_mode & S_IFMT == S_IFREG
        )
    }

    /// Demands a regular file.
    ///
    /// - Throws: ``FileError/wrongFileType(path:)``, and what asking about the file throws.
    func requireRegularFile() throws(FileError) {
        guard try status().isRegularFile else { throw .wrongFileType(path: path) }
    }
}
