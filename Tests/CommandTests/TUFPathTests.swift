import ContentTrust
import Testing
import TrustTestSupport

/// `trustctl tuf download` of targets with hostile names, from a server that has a file for every request: whatever the
/// name is, a file is written into the chosen directory or none at all.
@Suite(.timeLimit(.minutes(8))) struct TUFPathTests {
    private static let content = "the target"

    struct Name: Sendable, CustomTestStringConvertible {
        /// As the metadata lists it and the command is given it; `DIR` stands for the directory of the test.
        let text: String
        /// The name of the file; nil when it is refused.
        let file: String?
        var testDescription: String { text.count > 40 ? "\(text.prefix(20))… of \(text.utf8.count)" : text }

        init(_ text: String, _ file: String?) { (self.text, self.file) = (text, file) }
    }

    static let names: [Name] = [
        Name("/outside", "%2Foutside"),
        Name("DIR/outside", "DIR/outside"),
        Name("//outside", "%2F%2Foutside"),
        Name("..", nil),
        Name(".", nil),
        Name("../outside", nil),
        Name("a/../../outside", nil),
        Name("a/..", nil),
        Name("./outside", nil),
        Name("a/./b", nil),
        Name("/..", nil),
        Name("...", "..."),
        Name("..a", "..a"),
        Name("..\\outside", "..%5Coutside"),
        Name("\\\\host\\share", "%5C%5Chost%5Cshare"),
        Name("C:outside", "C%3Aoutside"),
        Name("%2e%2e%2foutside", "%252e%252e%252foutside"),
        Name("%2E%2E/outside", "%252E%252E%2Foutside"),
        Name("%00", "%2500"),
        Name("%", "%25"),
        Name("a%2Fb", "a%252Fb"),
        Name("a/b", "a%2Fb"),
        Name("a/", "a%2F"),
        Name("a//b", "a%2F%2Fb"),
        Name("/", "%2F"),
        Name("-rf", "-rf"),
        Name("--target-dir=DIR/other", "--target-dir%3DDIR/other"),
        Name(" ", "%20"),
        Name("a\nb", "a%0Ab"),
        Name("\u{1b}[31mred", "%1B%5B31mred"),
        Name("a?b#c", "a%3Fb%23c"),
        Name("http://example.com/x", "http%3A%2F%2Fexample.com%2Fx"),
        Name("~", "~"),
        Name("$(touch outside)", "%24%28touch%20outside%29"),
        Name("\u{202e}txt.exe", "%E2%80%AEtxt.exe"),
        Name(".hidden", ".hidden"),
        Name(String(repeating: "a", count: 255), String(repeating: "a", count: 255)),
        // File systems have no room for such a name.
        Name(String(repeating: "a", count: 300), nil),
        Name(String(repeating: "é", count: 60), nil),
        Name(String(repeating: "../", count: 100) + "outside", nil),
    ]

    /// A world whose repository lists a target of that name, and a server that answers every request for a target with its
    /// content.
    private static func with(
        _ name: (String) -> String,
        _ body: (TUFTests.TUFWorld, String, [String]) async throws -> Void
    ) async throws {
        let world = try TUFTests.TUFWorld()
        let text = name(world.directory.path)
        world.repository.setTarget(text, to: content)
        // Nobody can ask for it, and it is in nobody's way.
        world.repository.setTarget("a\u{0}b", to: content)
        world.repository.publish()
        try world.write()
        try await world.initialize()
        try world.directory.makeDirectory("downloads")
        let server = try RawServer { request, connection in
            connection.respond("200 OK", body: Array(content.utf8), isHead: request.isHead)
        }
        defer { server.stop() }
        let targets = "http://\(server.authority)/t"
        let options = world.download(metadata: world.metadata, targets: targets)
        try await body(world, text, options + ["--", text])
    }

    /// All that is there, but for the client's own metadata and the downloads.
    private static func others(_ world: TUFTests.TUFWorld) throws -> [String] {
        try Files.tree(world.directory.path).filter { path in
            !["client", "downloads"].contains { path == $0 || path.hasPrefix("\($0)/") }
        }
    }

    private static func encoded(_ directory: String) -> String {
        String(directory.flatMap { $0 == "/" ? Array("%2F") : [$0] })
    }

    @Test(arguments: names) func namesLeadNowhere(name: Name) async throws {
        try await Self.with {
            name.text.replacing("DIR", with: $0)
        } _: { world, _, arguments in
            let before = try Self.others(world)
            let output = try await world.client.runAll(arguments)
            #expect(try Self.others(world) == before)
            guard let expected = name.file else {
                #expect([Reason.usage.exitCode, Reason.storage.exitCode].contains(output.exitCode), "\(output)")
                #expect(try Files.names(in: world.downloads) == [])
                return
            }
            try expect(output, 0)
            let file = expected.replacing("DIR/", with: Self.encoded(world.directory.path) + "%2F")
            #expect(try Files.names(in: world.downloads) == [file])
            #expect(try Files.read("\(world.downloads)/\(file)") == Array(Self.content.utf8))
        }
    }

    /// What is in the place of the file: nothing but a file is replaced, and no link is followed in writing.
    @Test(arguments: ["directory", "full directory", "link to a file", "link to a directory", "dangling link", "FIFO"])
    func whatIsThere(kind: String) async throws {
        try await Self.with { _ in
            "x"
        } _: { world, _, arguments in
            let outside = try world.directory.write("precious", to: "outside")
            try world.directory.makeDirectory("elsewhere")
            let place = "\(world.downloads)/x"
            let make: [String] =
                switch kind {
                case "directory": ["mkdir", place]
                case "full directory": ["mkdir", "-p", "\(place)/sub"]
                case "link to a file": ["ln", "-s", outside, place]
                case "link to a directory": ["ln", "-s", world.directory.file("elsewhere"), place]
                case "dangling link": ["ln", "-s", world.directory.file("nowhere"), place]
                default: ["mkfifo", place]
                }
            try await runSuccessfully(Command(make[0], Array(make.dropFirst())))
            let before = try Self.others(world)
            let output = try await world.client.runAll(arguments)
            #expect(try Self.others(world) == before)
            #expect(try Files.read(outside) == Array("precious".utf8))
            #expect(try Files.names(in: world.downloads) == ["x"])
            if kind == "link to a file" || kind == "dangling link" {
                try expect(output, 0)
                #expect(try Files.read(place) == Array(Self.content.utf8))
            } else {
                try expect(output, Reason.storage.exitCode)
            }
        }
    }
}
