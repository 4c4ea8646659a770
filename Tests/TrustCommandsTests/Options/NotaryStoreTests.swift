import CanonicalJSON
import ContentTrust
import TUF
import Testing

@testable import TrustCommands

/// Stores of Notary's trust data, as options name them.
@Suite struct NotaryStoreTests {
    private let environment = Environment(variables: ["HOME": "/home/me"])

    @Test(
        arguments: [
            ("notary:a.tar", "a.tar"), ("notary:~/.docker/trust", "/home/me/.docker/trust"), ("notary:~", "/home/me"),
            ("notary:~you/x", "~you/x"), ("notary:a:b", "a:b"),
        ]
    )
    func files(text: String, path: String) throws {
        #expect(try location(text) == .notaryFiles(path: path))
    }

    private func location(_ text: String) throws -> StoreLocation {
        try StoreOptions.location(parsing: text, option: "--store", environment)
    }

    @Test func servers() throws {
        #expect(try location("notary") == .notaryOfRegistry)
        let server = try location("notary+https://notary.example.com")
        #expect(server.dialect == .notary && server != .notaryOfRegistry)
    }

    @Test func aPathIsNeeded() async {
        let refused = await run("list", "reg.io/app", "--store", "notary:")
        #expect(refused.status == 64)
        #expect(refused.errors.contains("no path"))
    }

    @Test func onlyServersAreMirrored() async throws {
        let home = try TemporaryHome()
        let file = "\(home.path)/a.tar"
        let mirror = ["notary", "mirror", "reg.io/app", "--to", file]
        let refused = await runAll(mirror + ["--store", "dir:x", "--json"], home: home)
        #expect(refused.status == 64)
        #expect(try refused.objects.first?["reason"] == "usage")
        // Nobody is asked when nothing could be written.
        let there = await run("notary", "mirror", "reg.io/app", "--to", home.path, home: home)
        #expect(there.status == 64)
        #expect(there.errors.contains("--replace"))
    }
}
