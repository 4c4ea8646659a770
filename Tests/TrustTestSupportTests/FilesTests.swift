import Testing
import TrustTestSupport

@Suite struct FilesTests {
    @Test func temporaryDirectoriesAreRemovedWhateverTheirModes() async throws {
        let path = try await TemporaryDirectory.with { directory in
            try directory.write("x", to: "a/b/c", mode: 0o400)
            try Files.setMode(directory.file("a/b"), 0o000)
            try Files.setMode(directory.file("a"), 0o500)
            #expect(try Files.mode(directory.path) == 0o700)
            return directory.path
        }
        #expect(!Files.exists(path))
    }

    @Test(.enabled(if: SmallFileSystem.isAvailable)) func smallFileSystemsFillUp() async throws {
        let path = try await SmallFileSystem.with(bytes: 1 << 20) { path in
            try SmallFileSystem.fill("\(path)/filler", leaving: 8192)
            try Files.write([UInt8](repeating: 1, count: 4096), to: "\(path)/small")
            let output = try await run(Command("sh", ["-c", "head -c 100000 /dev/zero >\(path)/big"]))
            #expect(output.errorText.contains("No space left"))
            return path
        }
        #expect(!Files.exists(path))
    }

    @Test func unprivilegedProgramsAreStoppedByModes() async throws {
        try await TemporaryDirectory.with { directory in
            try Files.makePublic(directory.path)
            let path = try directory.write("secret", to: "file", mode: 0o000)
            let output = try await run(Command("cat", [path]).unprivileged())
            #expect(output.exitCode == 1)
            try await Files.giveToUnprivileged(path)
            try Files.setMode(path, 0o400)
            #expect(try await run(Command("cat", [path]).unprivileged()).text == "secret")
        }
    }

    @Test func portsAreNotGivenTwice() throws {
        let ports = try (0..<50).map { _ in try ReservedPort() }
        #expect(Set(ports.map(\.number)).count == 50)
    }

    @Test func theProjectIsFound() {
        #expect(Files.exists("\(Files.projectRoot)/Package.swift"))
    }
}
