import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A regular file open for reading at offsets. Symbolic links and everything else are refused, and opening never waits
/// (a named pipe would).
final class RegularFile: Sendable {
    let path: String
    /// The length in bytes when the file was opened.
    let size: Int64
    private let descriptor: Int32

    /// Opens a file; nil when there is none.
    init?(opening path: String, followingLinks: Bool = false) throws(OCIError) {
        guard !path.utf8.contains(0) else { throw .file(.other(path: path, errno: EINVAL)) }
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (followingLinks ? 0 : O_NOFOLLOW)
        var descriptor = open(path, flags)
        while descriptor < 0, errno == EINTR { descriptor = open(path, flags) }
        guard descriptor >= 0 else {
            let code = errno
            if code == ENOENT || code == ENOTDIR { return nil }
            throw .file(FileError(code: code, path: path))
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw .file(FileError(code: code, path: path))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .file(.wrongFileType(path: path))
        }
        self.path = path
        self.size = Int64(status.st_size)
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Reads up to `buffer.count` bytes at an offset; fewer only at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(OCIError) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, base + done, buffer.count - done, off_t(offset) + off_t(done))
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw .file(FileError(path: path))
            }
            done += count
        }
        return done
    }
}

/// A run of bytes inside a file.
struct FileSlice: Sendable {
    let file: RegularFile
    let offset: Int64
    let size: Int64

    init(_ file: RegularFile) {
        self.init(file, offset: 0, size: file.size)
    }

    init(_ file: RegularFile, offset: Int64, size: Int64) {
        self.file = file
        self.offset = offset
        self.size = size
    }

    /// How much is read and hashed at once, in bytes.
    private static let chunk = 1 << 20

    /// All bytes.
    ///
    /// - Throws: ``OCIError/tooLarge(limit:)`` before anything is allocated.
    func bytes(limit: Int) throws(OCIError) -> [UInt8] {
        guard size <= Int64(limit) else { throw .tooLarge(limit: Int64(limit)) }
        var result = [UInt8](repeating: 0, count: Int(size))
        var count = 0
        var failure: OCIError?
        result.withUnsafeMutableBytes { buffer in
            do throws(OCIError) {
                count = try file.read(into: buffer, at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        if count < result.count { result.removeLast(result.count - count) }
        return result
    }

    /// The bytes, compared with a descriptor.
    func content(matching descriptor: Descriptor, limit: Int) throws(OCIError) -> VerifiedContent {
        guard size == descriptor.size else {
            throw .sizeMismatch(descriptor.digest, expected: descriptor.size, found: size)
        }
        return try VerifiedContent(try bytes(limit: limit), matching: descriptor)
    }

    /// Hashes the bytes piece by piece and compares them with a descriptor. Ends early when the task is cancelled.
    func verify(matching descriptor: Descriptor) throws(OCIError) {
        guard size == descriptor.size else {
            throw .sizeMismatch(descriptor.digest, expected: descriptor.size, found: size)
        }
        var hasher = DigestHasher(descriptor.digest.algorithm)
        var position: Int64 = 0
        while position < size {
            if Task.isCancelled { throw .cancelled }
            let piece = FileSlice(file, offset: offset + position, size: min(Int64(Self.chunk), size - position))
            let bytes = try piece.bytes(limit: Self.chunk)
            guard Int64(bytes.count) == piece.size else {
                throw .sizeMismatch(descriptor.digest, expected: size, found: position + Int64(bytes.count))
            }
            hasher.update(bytes.span)
            position += piece.size
        }
        let found = hasher.finalize()
        guard found == descriptor.digest else { throw .digestMismatch(expected: descriptor.digest, found: found) }
    }
}
