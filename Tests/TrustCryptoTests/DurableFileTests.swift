import Testing
import TrustCrypto
import TrustTestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct DurableFileTests {
    @Test func writesReadsReplacesAndRemoves() throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/file"
        #expect(try DurableFile.read(file, limit: 10) == nil)
        for contents in [[], [1, 2, 3], [UInt8](repeating: 9, count: 200_000)] as [[UInt8]] {
            try DurableFile.write(contents.span, to: file, mode: 0o600)
            #expect(try DurableFile.read(file, limit: 200_000) == contents)
            #expect(try DurableFile.list(directory.path) == ["file"])
        }
        #expect(throws: FileError.tooLarge(path: file, limit: 199_999)) {
            try DurableFile.read(file, limit: 199_999)
        }
        #expect(try DurableFile.remove(file))
        #expect(try !DurableFile.remove(file))
        #expect(try DurableFile.read(file + "/below", limit: 1) == nil)
    }

    @Test func modeIsExactWhateverTheUmask() throws {
        let directory = try TemporaryDirectory()
        for mode in [0o600, 0o644, 0o666] as [UInt32] {
            let file = directory.path + "/\(mode)"
            try DurableFile.write([1].span, to: file, mode: mode)
            var information = stat()
            #expect(stat(file, &information) == 0)
            #expect(UInt32(information.st_mode) & 0o7777 == mode)
        }
    }

    @Test func linksAreReplacedAndNotWrittenThrough() throws {
        let directory = try TemporaryDirectory()
        let link = directory.path + "/link"
        let target = directory.path + "/target"
        try DurableFile.write([1].span, to: target, mode: 0o600)
        #expect(symlink(target, link) == 0)
        #expect(try DurableFile.read(link, limit: 1) == [1])
        try DurableFile.write([2].span, to: link, mode: 0o600)
        #expect(try DurableFile.read(target, limit: 1) == [1])
        #expect(try DurableFile.read(link, limit: 1) == [2])
    }

    @Test func onlyRegularFilesAreRead() throws {
        let directory = try TemporaryDirectory()
        #expect(throws: FileError.wrongFileType(path: directory.path)) {
            try DurableFile.read(directory.path, limit: 1)
        }
        let fifo = directory.path + "/fifo"
        #expect(mkfifo(fifo, 0o600) == 0)
        #expect(throws: FileError.wrongFileType(path: fifo)) { try DurableFile.read(fifo, limit: 1) }
    }

    @Test func failuresLeaveNothingBehind() throws {
        let directory = try TemporaryDirectory()
        let occupied = directory.path + "/occupied"
        try DurableFile.createDirectory(occupied + "/full", mode: 0o700)
        #expect(throws: FileError.wrongFileType(path: occupied)) {
            try DurableFile.write([1].span, to: occupied, mode: 0o600)
        }
        #expect(throws: FileError.other(path: directory.path + "/no/file", errno: ENOENT)) {
            try DurableFile.write([1].span, to: directory.path + "/no/file", mode: 0o600)
        }
        #expect(try DurableFile.list(directory.path) == ["occupied"])
        #expect(try DurableFile.list(directory.path + "/no") == nil)
        #expect(throws: FileError.other(path: "a\0b", errno: EINVAL)) { try DurableFile.read("a\0b", limit: 1) }
    }

    @Test func abandonedTemporariesAreRemoved() throws {
        let directory = try TemporaryDirectory()
        let abandoned = directory.path + "/.trustctl-tmp-0123456789abcdef"
        try DurableFile.write([1].span, to: abandoned, mode: 0o600)
        #expect(try DurableFile.list(directory.path) == [])
        try DurableFile.removeAbandonedTemporaries(in: directory.path)
        #expect(try DurableFile.read(abandoned, limit: 1) == nil)
    }

    @Test func directoriesAreMadeWithParents() throws {
        let directory = try TemporaryDirectory()
        let deep = directory.path + "/a/b/c"
        try DurableFile.createDirectory(deep, mode: 0o750)
        try DurableFile.createDirectory(deep, mode: 0o700)
        var information = stat()
        #expect(stat(deep, &information) == 0)
        #expect(UInt32(information.st_mode) & 0o7777 == 0o750)
        try DurableFile.write([1].span, to: deep + "/file", mode: 0o600)
        #expect(throws: FileError.wrongFileType(path: deep + "/file")) {
            try DurableFile.createDirectory(deep + "/file", mode: 0o700)
        }
    }
}

@Suite struct FileLockTests {
    @Test func excludesOthersUntilItEnds() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/lock"
        do {
            let lock = try await FileLock.acquire(path, timeout: .zero)
            await #expect(throws: FileError.locked(path: path)) {
                _ = try await FileLock.acquire(path, timeout: .milliseconds(20))
            }
            _ = consume lock
        }
        _ = try await FileLock.acquire(path, timeout: .zero)
    }

    @Test func waitsForItsTurn() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/lock"
        let lock = try await FileLock.acquire(path, timeout: .zero)
        let waiting = Task { _ = try await FileLock.acquire(path, timeout: .seconds(30)) }
        try await Task.sleep(for: .milliseconds(20))
        _ = consume lock
        try await waiting.value
    }

    @Test func cancellationEndsTheWait() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/lock"
        let lock = try await FileLock.acquire(path, timeout: .zero)
        let waiting = Task { _ = try await FileLock.acquire(path, timeout: .seconds(300)) }
        waiting.cancel()
        await #expect(throws: FileError.cancelled(path: path)) { try await waiting.value }
        _ = consume lock
    }
}
