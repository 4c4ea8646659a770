public import TUF
import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension TrustPolicy {
    /// Reads a policy from a file. What it names is read from beside it.
    ///
    /// Whoever can write a policy says what this machine trusts: the file, and those that it names, must belong to the user or to
    /// root, and nobody else may write them. A link may lead to them; what it leads to is looked at.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - now: The time, for warnings of exceptions that have ended; nil gives none.
    /// - Throws: ``Refusal`` with ``Reason/usage`` as ``init(parsing:name:now:files:)``, and when there is no such file; with
    ///   ``Reason/storage`` when it cannot be read, or others can write it.
    public init(contentsOf path: String, now: Instant? = nil) throws(Refusal) {
        let bytes = try Self.read(path, limit: Self.maximumLength, checked: "policy \(path)")
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) + "/" } ?? ""
        try self.init(parsing: bytes, name: path, now: now) { (file) throws(Refusal) in
            let place = file.utf8.first == UInt8(ascii: "/") ? file : folder + file
            return try Self.read(place, limit: Certificate.maximumTextLength, checked: "policy \(path): \(place)")
        }
    }

    private static func read(_ path: String, limit: Int, checked: String) throws(Refusal) -> [UInt8] {
        let status: FileDescriptor.Status
        let bytes: [UInt8]
        do throws(FileError) {
            // Non-blocking: opening a FIFO would wait for a writer.
            let descriptor = try FileDescriptor(opening: path, flags: O_RDONLY | O_NONBLOCK)
            status = try descriptor.status()
            guard status.isRegularFile else { throw .wrongFileType(path: path) }
            bytes = try descriptor.readAll(limit: limit)
        } catch .other(_, ENOENT), .other(_, ENOTDIR) {
            throw Refusal(.usage, checked: checked, found: "no such file")
        } catch {
            throw Refusal.file(error, checked: checked)
        }
        guard status.owner == 0 || status.owner == geteuid() else {
            throw Refusal(
                .storage,
                checked: checked,
                found: "it belongs to another user, who says what it demands",
                next: "chown \(geteuid()) \(ShellWord.quoted(path))"
            )
        }
        guard status.permissions & 0o022 == 0 else {
            throw Refusal(
                .storage,
                checked: checked,
                found: "others can write it",
                next: "chmod go-w \(ShellWord.quoted(path))"
            )
        }
        return bytes
    }
}
