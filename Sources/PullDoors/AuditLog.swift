import ContentTrust
import TrustCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file of decisions, one line of JSON each, as `docs/schemas/audit.schema.json` describes them.
struct AuditLog: Sendable {
    let path: String

    /// Adds a line. Whole lines of several processes do not mix: each is one write at the end of the file.
    ///
    /// - Parameter record: The decision.
    /// - Throws: ``FileError``.
    func append(_ record: AuditRecord) throws(FileError) {
        let descriptor = try FileDescriptor(
            opening: path,
            flags: O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK,
            permissions: 0o640
        )
        guard try descriptor.status().isRegularFile else { throw .wrongFileType(path: path) }
        try descriptor.writeAll(Array("\(record.jsonLine)\n".utf8).span)
    }
}
