import Glibc

/// A file system of a few pages, for tests that need a full disk or one that cannot be written.
public enum SmallFileSystem {
    /// Whether this process may mount file systems; without that ``with(bytes:_:)`` throws.
    public static var isAvailable: Bool { TestEnvironment.isRoot }

    /// Mounts a small empty tmpfs, runs a test with it and takes it away.
    ///
    /// - Parameters:
    ///   - bytes: Its size; the kernel rounds it up to whole pages.
    ///   - body: Gets the path where it is mounted.
    /// - Returns: What the closure answers.
    /// - Throws: What the closure throws, and `ProcessError` when it cannot be mounted.
    public static func with<Result>(
        bytes: Int = 1 << 20,
        _ body: (String) async throws -> Result
    ) async throws -> Result {
        try await TemporaryDirectory.with { directory in
            let path = try directory.makeDirectory("disk")
            try await runSuccessfully(
                Command("mount", ["-t", "tmpfs", "-o", "size=\(bytes),mode=0700", "trustctl-test", path])
            )
            do {
                let result = try await body(path)
                try await runSuccessfully(Command("umount", ["--lazy", path]))
                return result
            } catch {
                try await runSuccessfully(Command("umount", ["--lazy", path]))
                throw error
            }
        }
    }

    /// Mounts it anew, read-only or writable again.
    ///
    /// - Parameters:
    ///   - path: What ``with(bytes:_:)`` gave.
    ///   - isReadOnly: Whether writing fails from now on.
    /// - Throws: `ProcessError`, also when somebody still has a file open for writing.
    public static func setReadOnly(_ path: String, _ isReadOnly: Bool) async throws {
        try await runSuccessfully(Command("mount", ["-o", isReadOnly ? "remount,ro" : "remount,rw", path]))
    }

    /// Writes a file until the file system that it is on is full, but for some room.
    ///
    /// - Parameters:
    ///   - path: The file to write.
    ///   - room: How many bytes stay free, rounded to whole pages of 4096 bytes.
    /// - Throws: `FixtureError.file` when anything but a full disk stops the writing.
    public static func fill(_ path: String, leaving room: Int = 0) throws(FixtureError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(path, errno: errno) }
        defer { close(descriptor) }
        let page = [UInt8](repeating: 0xA5, count: 4096)
        var written = 0
        while true {
            let count = Glibc.write(descriptor, page, page.count)
            if count < 0 {
                guard errno == ENOSPC else { throw .file(path, errno: errno) }
                break
            }
            written += count
        }
        let kept = max(0, written - (room + 4095) / 4096 * 4096)
        guard ftruncate(descriptor, kept) == 0 else { throw .file(path, errno: errno) }
    }
}
