import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads files of any size piece by piece.
enum FilePieces {
    private static let size = 1 << 20

    /// Hands the content of a regular file over, until `body` has had enough.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - body: Takes a piece, and says whether it wants more.
    /// - Returns: False when there is no such file.
    /// - Throws: ``FileError``.
    static func read(_ path: String, _ body: ([UInt8]) -> Bool) throws(FileError) -> Bool {
        do {
            // Non-blocking: opening a FIFO would wait for a writer.
            try read(FileDescriptor(opening: path, flags: O_RDONLY | O_NONBLOCK), body)
            return true
        } catch .other(_, ENOENT), .other(_, ENOTDIR) {
            return false
        } catch {
            throw error
        }
    }

    private static func read(_ descriptor: borrowing FileDescriptor, _ body: ([UInt8]) -> Bool) throws(FileError) {
        guard try descriptor.status().isRegularFile else { throw .wrongFileType(path: descriptor.path) }
        var buffer = [UInt8](repeating: 0, count: size)
        while true {
            let count = buffer.withUnsafeMutableBytes { systemRead(descriptor.number, $0) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError(path: descriptor.path) }
            guard count > 0, body(Array(buffer.prefix(count))) else { return }
        }
    }

    private static func systemRead(_ number: CInt, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Darwin)
            Darwin.read(number, buffer.baseAddress, buffer.count)
        #elseif canImport(Musl)
            Musl.read(number, buffer.baseAddress, buffer.count)
        #else
            Glibc.read(number, buffer.baseAddress, buffer.count)
        #endif
    }
}
