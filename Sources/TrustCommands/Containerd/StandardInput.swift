import ContentTrust

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Standard input of a program that must answer in time, whoever started it.
enum StandardInput {
    /// Reads to the end.
    ///
    /// - Parameters:
    ///   - limit: The most bytes; one more is read, so that whoever parses them notices.
    ///   - time: How long to wait for the end.
    /// - Returns: The bytes.
    /// - Throws: ``Refusal``.
    static func bytes(limit: Int, within time: Duration) throws(Refusal) -> [UInt8] {
        let deadline = ContinuousClock.now.advanced(by: time)
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            let left = ContinuousClock.now.duration(to: deadline)
            var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            let ready = poll(&descriptor, 1, CInt(clamping: max(0, milliseconds)))
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else {
                throw Refusal(.usage, checked: "standard input", found: "no end of it", expected: "a descriptor")
            }
            var failure: CInt = 0
            let part = [UInt8](unsafeUninitializedCapacity: min(65_536, limit + 1 - bytes.count)) { buffer, count in
                let got = read(STDIN_FILENO, buffer.baseAddress, buffer.count)
                failure = got < 0 ? errno : 0
                count = max(0, got)
            }
            if failure == EINTR || failure == EAGAIN { continue }
            guard failure == 0 else {
                throw Refusal(.storage, checked: "standard input", found: String(cString: strerror(failure)))
            }
            if part.isEmpty { break }
            bytes += part
        }
        return bytes
    }
}
