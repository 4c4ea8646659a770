import CanonicalJSON
import ContentTrust
import TUF
import TUFClient
import Testing
import TrustCrypto
import TrustTestSupport

/// `trustctl tuf` with several repositories, each on a server of its own, that must agree (TAP 4).
@Suite(.timeLimit(.minutes(8))) struct TUFMapTests {
    /// Repositories `a`, `b` and `c`, all with the target `1.0`.
    struct World {
        static let content = "the first image"

        let directory: TemporaryDirectory
        let client: Trustctl
        let repositories: [String: RepositorySimulator]
        let servers: [String: RawServer]
        var downloads: String { directory.file("downloads") }
        var options: [String] { ["--metadata-dir", directory.file("client"), "--map", directory.file("map.json")] }

        init(_ mapping: String) async throws {
            directory = try TemporaryDirectory()
            client = try Trustctl(in: directory)
            var repositories: [String: RepositorySimulator] = [:]
            var servers: [String: RawServer] = [:]
            for (number, name) in ["a", "b", "c"].enumerated() {
                let keys = Dictionary(
                    uniqueKeysWithValues: RoleName.topLevel.map { ($0, SimulatedKey.ed25519(number)) }
                )
                repositories[name] = RepositorySimulator(repository: nil, now: SystemClock().now(), keys: keys)
                servers[name] = try RawServer { [directory] request, connection in
                    if let bytes = try? Files.read(directory.file("\(name)\(request.path)")) {
                        connection.respond("200 OK", body: bytes, isHead: request.isHead)
                    } else {
                        connection.respond("404 Not Found", text: "", isHead: request.isHead)
                    }
                }
            }
            self.repositories = repositories
            self.servers = servers
            try map(mapping)
            for name in ["a", "b", "c"] {
                try write(name)
                try addTarget(Self.content, to: name)
                let root = try directory.write(repositories[name]?.roots[1] ?? [], to: "\(name)-root.json")
                try expect(try await client.runAll(["tuf", "init", root, "--repository", name] + options), 0)
            }
        }

        func map(_ mapping: String) throws {
            let places = servers.sorted { $0.key < $1.key }.map { name, server in
                "\"\(name)\": [\"http://\(server.authority)\"]"
            }
            let text = "{\"repositories\": {\(places.joined(separator: ", "))}, \"mapping\": [\(mapping)]}"
            try directory.write(text, to: "map.json")
        }

        func write(_ name: String) throws {
            for (file, bytes) in repositories[name]?.files() ?? [:] {
                try directory.write(bytes, to: "\(name)/\(file)")
            }
        }

        func addTarget(_ content: String, to name: String) throws {
            let digest = Digest.compute(over: Array(content.utf8).span).hex
            try directory.write(content, to: "\(name)/targets/\(digest).1.0")
        }

        func change(_ name: String, _ body: (RepositorySimulator) -> Void) throws {
            if let repository = repositories[name] { body(repository) }
            try write(name)
        }

        func stop() { for server in servers.values { server.stop() } }

        var refresh: [String] { ["tuf", "refresh"] + options + ["--timeout", "60s"] }

        func download(_ target: String = "1.0") -> [String] {
            ["tuf", "download", target, "--target-dir", downloads, "--timeout", "60s"] + options
        }
    }

    private static func mapping(_ threshold: Int, isTerminating: Bool = true, paths: String = "*") -> String {
        """
        {"paths": ["\(paths)"], "repositories": ["a", "b", "c"], "threshold": \(threshold), "terminating": \(isTerminating)}
        """
    }

    @Test func allAgree() async throws {
        let world = try await World(Self.mapping(3))
        defer { world.stop() }
        let fresh = try await world.client.runAll(world.refresh + ["--json"])
        try expect(fresh, 0)
        #expect(try fresh.objects.map { $0["repository"]?.string } == ["a", "b", "c"])
        for object in try fresh.objects { try Schema.check(object, "tuf") }
        let got = try await world.client.runAll(world.download() + ["--json"])
        try expect(got, 0)
        try Schema.check(try got.object, "tuf")
        #expect(try got.object["repositories"]?.array?.count == 3)
        #expect(try Files.read("\(world.downloads)/1.0") == Array(World.content.utf8))
        #expect(try Files.names(in: world.directory.file("client")).sorted() == ["a", "b", "c"])
        try await expectRefusal(world.client, world.download("2.0"), .unsignedTag, schema: "tuf")
        try world.map(Self.mapping(3, paths: "v*"))
        try await expectRefusal(world.client, world.download(), .policy, schema: "tuf")
    }

    enum Trouble: String, CaseIterable, Sendable { case otherContent, down, rolledBack, noRoot }

    /// One that is wrong changes nothing where two suffice; where three must agree the refusal says what each answered.
    @Test(arguments: Trouble.allCases)
    func oneOfThree(trouble: Trouble) async throws {
        let world = try await World(Self.mapping(2))
        defer { world.stop() }
        let reason: Reason
        switch trouble {
        case .otherContent:
            try world.change("a") { repository in
                repository.setTarget("1.0", to: "the evil image")
                repository.publish()
            }
            reason = .badSignature
        case .down:
            world.servers["a"]?.stop()
            reason = .unreachable
        case .rolledBack:
            let old = world.repositories["a"]?.files() ?? [:]
            try world.change("a") { $0.publish() }
            try expect(try await world.client.runAll(world.refresh), 0)
            for (file, bytes) in old { try world.directory.write(bytes, to: "a/\(file)") }
            reason = .rollback
        case .noRoot:
            try Files.remove(world.directory.file("client/a"))
            reason = .noPin
        }
        let got = try await world.client.runAll(world.download() + ["--json"])
        try expect(got, 0)
        let vouchers = try got.object["repositories"]?.array ?? []
        #expect(vouchers.map { $0["repository"]?.string } == ["b", "c"])
        #expect(try Files.read("\(world.downloads)/1.0") == Array(World.content.utf8))
        try Files.remove(world.downloads)
        try world.map(Self.mapping(3))
        try await expectRefusal(world.client, world.download(), reason, schema: "tuf")
        let refused = try await world.client.runAll(world.download())
        for text in ["a ", "b has 15 bytes of sha256:", "c has 15 bytes of sha256:"] {
            #expect(refused.errorText.contains(text), "\(refused)")
        }
        #expect(!Files.exists("\(world.downloads)/1.0"))
        guard trouble != .otherContent else { return }
        // The others are brought up to date all the same.
        let fresh = try await world.client.runAll(world.refresh + ["--json"])
        try expect(fresh, reason.exitCode)
        #expect(try fresh.objects.map { $0["reason"]?.string } == [reason.code, "trusted", "trusted"])
        for object in try fresh.objects { try Schema.check(object, "tuf") }
    }

    /// Who agrees need not have the file: another who agrees may.
    @Test func theFileOfAnother() async throws {
        let world = try await World(Self.mapping(2))
        defer { world.stop() }
        try Files.remove(world.directory.file("a/targets"))
        try expect(try await world.client.runAll(world.download()), 0)
        try Files.remove(world.downloads)
        try Files.remove(world.directory.file("b/targets"))
        // c has it, and was not asked: a and b were enough.
        try await expectRefusal(world.client, world.download(), .badSignature, schema: "tuf")
    }

    @Test(arguments: [true, false])
    func theNextMapping(isTerminating: Bool) async throws {
        let last = #"{"paths": ["*"], "repositories": ["c"], "threshold": 1, "terminating": true}"#
        let first = #"{"paths": ["1.*"], "repositories": ["a", "b"], "threshold": 2, "terminating": \#(isTerminating)}"#
        let world = try await World("\(first), \(last)")
        defer { world.stop() }
        try world.change("a") { repository in
            repository.setTarget("1.0", to: "another image")
            repository.publish()
        }
        guard isTerminating else {
            try expect(try await world.client.runAll(world.download()), 0)
            // Whoever fails might have agreed: no later mapping decides then.
            world.servers["b"]?.stop()
            return try await expectRefusal(world.client, world.download(), .unreachable, schema: "tuf")
        }
        try await expectRefusal(world.client, world.download(), .badSignature, schema: "tuf")
    }

    @Test(arguments: ["../x", "", "a/b", ".", "a\\u0000", "A"])
    func hostileNames(name: String) async throws {
        let world = try await World(Self.mapping(1))
        defer { world.stop() }
        let text = """
            {"repositories": {"a": ["x"], "\(name)": ["x"]}, "mapping": [{"paths": ["*"], "repositories": ["a"], \
            "threshold": 1, "terminating": true}]}
            """
        try world.directory.write(text, to: "map.json")
        let before = try Files.names(in: world.directory.path)
        try await expectRefusal(world.client, world.download(), .usage, schema: "tuf")
        try await expectRefusal(world.client, world.refresh, .usage, schema: "tuf")
        #expect(try Files.names(in: world.directory.path) == before)
    }

    @Test func wrongUsage() async throws {
        let world = try await World(Self.mapping(1))
        defer { world.stop() }
        let root = world.directory.file("a-root.json")
        for arguments in [
            world.refresh + ["--metadata-url", "x"], world.download() + ["--metadata-url", "x"],
            world.download() + ["--target-base-url", "x"], ["tuf", "init", root] + world.options,
            ["tuf", "init", root, "--metadata-dir", "x", "--repository", "a"],
            ["tuf", "init", root, "--repository", "d"] + world.options,
            ["tuf", "refresh", "--metadata-dir", "x"],
            ["tuf", "refresh", "--metadata-dir", "x", "--map", world.directory.file("none")],
            ["tuf", "refresh", "--metadata-dir", "x", "--map", root],
        ] { try expect(try await world.client.runAll(arguments), 64) }
    }
}
