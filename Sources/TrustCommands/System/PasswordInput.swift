import ContentTrust

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The password of `--password-stdin`.
enum PasswordInput {
    /// The longest password or access token, in bytes.
    static let maximumLength = 65_536

    /// The first line of standard input.
    ///
    /// - Throws: ``Refusal`` with ``Reason/usage`` when there is none.
    static func read() throws(Refusal) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        func wrong(_ found: String) -> Refusal {
            Refusal(.usage, checked: "--password-stdin", found: found, expected: "the password on one line")
        }
        while !bytes.contains(UInt8(ascii: "\n")) {
            let count = InputFile.systemRead(STDIN_FILENO, into: &buffer)
            if count < 0 {
                if errno == EINTR { continue }
                throw wrong("standard input cannot be read (\(String(cString: strerror(errno))))")
            }
            if count == 0 { break }
            bytes += buffer.prefix(count)
            guard bytes.count <= maximumLength else { throw wrong("more than \(maximumLength) bytes") }
        }
        var line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
        guard let password = String(validating: line, as: UTF8.self) else { throw wrong("bytes that are not UTF-8") }
        guard !password.isEmpty else { throw wrong("nothing") }
        return password
    }
}
