import CanonicalJSON
import ContentTrust
import TUF
import TUFClient
import Testing
import TrustCrypto
import TrustTestSupport

/// `trustctl tuf` with a repository that a server or a directory holds.
@Suite(.timeLimit(.minutes(8))) struct TUFTests {
    /// A repository of general TUF metadata with a delegated role, its target files, and a client of it.
    struct TUFWorld: Sendable {
        let directory: TemporaryDirectory
        let repository: RepositorySimulator
        let client: Trustctl
        var metadata: String { directory.file("metadata") }
        var targets: String { directory.file("targets") }
        var kept: String { directory.file("client") }
        var downloads: String { directory.file("downloads") }

        init() throws {
            directory = try TemporaryDirectory()
            client = try Trustctl(in: directory)
            repository = RepositorySimulator(repository: nil, now: SystemClock().now())
            let role = try RoleName("a/b")
            repository.delegate(to: role, keys: [.p256(0)], isTerminating: true, scope: ["paths": ["dir/*"]])
            repository.delegated[role]?.setTarget("dir/file name", to: "delegated")
            repository.publish()
            try write()
            try directory.write("delegated", to: "targets/dir/\(digest("delegated")).file%20name")
            try directory.write("the first image", to: "targets/\(digest("the first image")).1.0")
            try directory.write(repository.roots[1] ?? [], to: "root.json")
        }

        func digest(_ text: String) -> String { Digest.compute(over: Array(text.utf8).span).hex }

        func write() throws {
            for (name, bytes) in repository.files() { try directory.write(bytes, to: "metadata/\(name)") }
        }

        func initialize() async throws {
            let root = directory.file("root.json")
            try expect(try await client.run("tuf", "init", root, "--metadata-dir", kept), 0)
        }

        func refresh(from place: String) -> [String] {
            ["tuf", "refresh", "--metadata-dir", kept, "--metadata-url", place]
        }

        func download(_ names: String..., metadata: String, targets: String) -> [String] {
            ["tuf", "download", "--metadata-dir", kept, "--metadata-url", metadata, "--target-base-url", targets]
                + ["--target-dir", downloads] + names
        }
    }

    /// Serves the files below a directory, as a plain web server does.
    private func serving<Value: Sendable>(
        _ directory: TemporaryDirectory,
        missing: String,
        _ body: @Sendable (RawServer) async throws -> Value
    ) async throws -> Value {
        let server = try RawServer { request, connection in
            // The last part may hold percent-escapes that belong to the name of the file.
            let path = directory.file(String(request.path.dropFirst()))
            if let bytes = try? Files.read(path) {
                connection.respond("200 OK", body: bytes, isHead: request.isHead)
            } else {
                connection.respond(missing, text: "", isHead: request.isHead)
            }
        }
        defer { server.stop() }
        return try await body(server)
    }

    /// Also from a store that keeps it to itself what it does not have.
    @Test(arguments: ["404 Not Found", "403 Forbidden"])
    func overHTTP(missing: String) async throws {
        let world = try TUFWorld()
        try await serving(world.directory, missing: missing) { server in
            let metadata = "http://\(server.authority)/metadata"
            let arguments = world.refresh(from: metadata)
            try await expectRefusal(world.client, arguments, .noPin, schema: "tuf")
            #expect(server.requests.isEmpty)
            try await world.initialize()
            let fresh = try await world.client.runAll(arguments + ["--json"])
            try expect(fresh, 0)
            try Schema.check(try fresh.object, "tuf")
            #expect(try fresh.object["roles"]?["targets"]?["version"] == 2)
            #expect(
                server.requests.map(\.path)
                    == ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"].map { "/metadata/\($0)" }
            )
            let download = world.download(
                "1.0",
                "dir/file name",
                metadata: "\(metadata)/",
                targets: "http://\(server.authority)/targets"
            )
            let got = try await world.client.runAll(download)
            try expect(got, 0)
            #expect(got.text == "\(world.downloads)/1.0\n\(world.downloads)/dir%2Ffile%20name\n")
            #expect(try Files.read("\(world.downloads)/dir%2Ffile%20name") == Array("delegated".utf8))
            #expect(server.requests.map(\.path).suffix(4).contains("/metadata/1.a%2Fb.json"))
            // What is there is not fetched again.
            let count = server.requests.count
            let again = try await world.client.runAll(download + ["--json"])
            try expect(again, 0)
            for object in try again.objects { try Schema.check(object, "tuf") }
            #expect(server.requests.count == count + 2)
        }
    }

    @Test func fromDirectories() async throws {
        let world = try TUFWorld()
        try await world.initialize()
        let good = world.download("1.0", metadata: world.metadata, targets: world.targets)
        try expect(try await world.client.runAll(good), 0)
        let unknown = world.download("1.1", metadata: world.metadata, targets: world.targets)
        try await expectRefusal(world.client, unknown, .unsignedTag, schema: "tuf")
        // Another root does not take the place of the trusted one.
        world.repository.publishRoot()
        try world.directory.write(world.repository.roots[2] ?? [], to: "root.json")
        let root = world.directory.file("root.json")
        try expect(try await world.client.run("tuf", "init", root, "--metadata-dir", world.kept), 64)
        try world.write()
        try expect(try await world.client.runAll(world.refresh(from: world.metadata)), 0)
        // Now it is.
        try expect(try await world.client.run("tuf", "init", root, "--metadata-dir", world.kept), 0)
    }

    @Test func whatIsWrongLeavesNothing() async throws {
        let world = try TUFWorld()
        try await world.initialize()
        let arguments = world.download("1.0", metadata: world.metadata, targets: world.targets)
        try expect(try await world.client.runAll(arguments), 0)
        world.repository.setTarget("1.0", to: "the second image")
        world.repository.publish()
        try world.write()
        // Missing, too short, too long, another content: the old file stays.
        let second = "targets/\(world.digest("the second image")).1.0"
        for content in [nil, "the second", "the second image and more", "the second IMAGE"] as [String?] {
            if let content { try world.directory.write(content, to: second) }
            try await expectRefusal(world.client, arguments, .badSignature, schema: "tuf")
            #expect(try Files.read("\(world.downloads)/1.0") == Array("the first image".utf8))
            #expect(try Files.names(in: world.downloads) == ["1.0"])
        }
        try world.directory.write("the second image", to: second)
        try expect(try await world.client.runAll(arguments), 0)
        #expect(try Files.read("\(world.downloads)/1.0") == Array("the second image".utf8))
        // A repository that goes back.
        try Files.remove(world.metadata)
        let old = RepositorySimulator(repository: nil, now: SystemClock().now())
        for (name, bytes) in old.files() { try world.directory.write(bytes, to: "metadata/\(name)") }
        try await expectRefusal(world.client, world.refresh(from: world.metadata), .rollback, schema: "tuf")
    }

    /// A server that cannot be asked is another answer than one that has no such file.
    @Test(arguments: [("403 Forbidden", Reason.unauthorized), ("500 Oops", .unreachable), ("302 Found", .badResponse)])
    func otherAnswers(status: String, reason: Reason) async throws {
        let world = try TUFWorld()
        try await world.initialize()
        let server = try RawServer { _, connection in connection.respond(status, text: "") }
        defer { server.stop() }
        let arguments = world.refresh(from: "http://\(server.authority)/") + ["--timeout", "20s"]
        try await expectRefusal(world.client, arguments, reason, schema: "tuf")
    }
}
