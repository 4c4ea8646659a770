import Testing
import TrustCrypto
import TrustTestSupport

/// A small file system that fills up and becomes read-only.
@Suite(.enabled(if: SmallFileSystem.isAvailable, "needs the right to mount"))
struct FullDiskTests {
    @Test func fullDisksKeepWhatWasThere() async throws {
        try await SmallFileSystem.with(bytes: 65536) { disk in
            let file = disk + "/file"
            let old = [UInt8](repeating: 1, count: 30_000)
            try DurableFile.write(old.span, to: file, mode: 0o600)
            for count in [40_000, 100_000] {
                let new = [UInt8](repeating: 2, count: count)
                #expect(throws: FileError.noSpace(path: file)) {
                    try DurableFile.write(new.span, to: file, mode: 0o600)
                }
                #expect(try DurableFile.read(file, limit: 100_000) == old)
            }
            // Nothing of the failed attempts is left, so there is room for a smaller one.
            let small = [UInt8](repeating: 3, count: 20_000)
            try DurableFile.write(small.span, to: file, mode: 0o600)
            #expect(try DurableFile.read(file, limit: 100_000) == small)
        }
    }

    @Test func readOnlyDisksCanBeReadAndLocked() async throws {
        try await SmallFileSystem.with(bytes: 65536) { disk in
            let (file, lock, new) = (disk + "/file", disk + "/lock", disk + "/new")
            try DurableFile.write([1].span, to: file, mode: 0o600)
            _ = try await FileLock.acquire(lock, timeout: .zero)
            try await runSuccessfully(Command("mount", ["-o", "remount,ro", disk]))
            #expect(throws: FileError.readOnly(path: file)) { try DurableFile.write([2].span, to: file, mode: 0o600) }
            #expect(throws: FileError.readOnly(path: file)) { try DurableFile.remove(file) }
            #expect(try DurableFile.read(file, limit: 1) == [1])
            _ = try await FileLock.acquire(lock, timeout: .zero)
            await #expect(throws: FileError.readOnly(path: new)) { _ = try await FileLock.acquire(new, timeout: .zero) }
        }
    }
}
