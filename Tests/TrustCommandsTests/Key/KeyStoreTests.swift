import CanonicalJSON
import ContentTrust
import Testing
import TrustCrypto
import TrustTestSupport

@testable import TrustCommands

/// What the key store in a home does for the commands that sign.
@Suite struct KeyStoreTests {
    @Test func severalAtOnceMakeOneRootKey() async throws {
        let home = try TemporaryHome()
        try await withThrowingTaskGroup(of: Transcript.self) { group in
            for number in 1...6 {
                try Self.makeLayout(number, home)
                group.addTask { await Self.initialize(number, home) }
            }
            for try await made in group { #expect(made.status == 0, "\(made.errors)") }
        }
        let keys = try await run("key", "list", "--json", home: home).objects
        #expect(keys.count { $0["role"] == "root" } == 1)
        #expect(keys.count == 1 + 6 * 3)
    }

    /// The directory, and each key file that is needed.
    @Test(arguments: [true, false])
    func aStoreThatIsOpenToOthersIsToBeMended(isDirectory: Bool) async throws {
        let home = try TemporaryHome()
        try Self.makeLayout(1, home)
        await Self.initialize(1, home)
        var paths = ["\(home.path)/keys"]
        if !isDirectory {
            let keys = try await run("key", "list", "--json", home: home).objects
            paths = keys.compactMap { $0["keyID"]?.string }.map { "\(home.path)/keys/\($0).key" }
            #expect(paths.count == 4)
        }
        for path in paths { try Files.setMode(path, isDirectory ? 0o755 : 0o644) }
        let refused = await run("refresh", "oci:\(home.path)/layout-1", "--json", home: home)
        #expect(refused.status == Reason.storage.exitCode, "\(refused.errors)")
        let object = try #require(try refused.objects.first)
        #expect(object["reason"] == "storage")
        #expect(object["next"]?.string?.hasPrefix("chmod go= \(home.path)/keys") == true)
        for path in paths { try Files.setMode(path, isDirectory ? 0o700 : 0o600) }
        #expect(await run("refresh", "oci:\(home.path)/layout-1", home: home).status == 0)
    }

    /// A missing file is a mistake of whoever named it; one that cannot be read is a matter of storage.
    @Test(arguments: [
        ["key", "import", "FILE"], ["key", "generate", "--passphrase-file", "FILE"],
        ["init", "oci:/nonexistent/layout", "--passphrase-file", "FILE"],
        ["pin", "add", "reg.io/app", "--root", "FILE"], ["sign", "image", "reg.io/app:1", "--digest-file", "FILE"],
        ["sign", "image", "--from-file", "FILE"], ["verify", "reg.io/app:1", "--ca-cert", "FILE"],
    ])
    func missingFilesAreUsage(arguments: [String]) async throws {
        let home = try TemporaryHome()
        func status(_ file: String) async -> CInt {
            await runAll(arguments.map { $0 == "FILE" ? file : $0 }, home: home).status
        }
        #expect(await status("\(home.path)/missing") == Reason.usage.exitCode)
        #expect(await status(home.path) == Reason.storage.exitCode)
    }

    /// An OCI image layout without images.
    private static func makeLayout(_ number: Int, _ home: TemporaryHome) throws {
        let path = "\(home.path)/layout-\(number)"
        try DurableFile.createDirectory(path, mode: 0o755)
        try Files.write(Array(#"{"imageLayoutVersion": "1.0.0"}"#.utf8), to: "\(path)/oci-layout")
        try Files.write(Array(#"{"schemaVersion": 2, "manifests": []}"#.utf8), to: "\(path)/index.json")
    }

    @discardableResult
    private static func initialize(_ number: Int, _ home: TemporaryHome) async -> Transcript {
        await run("init", "oci:\(home.path)/layout-\(number)", "--unsafe-unencrypted", home: home)
    }
}
