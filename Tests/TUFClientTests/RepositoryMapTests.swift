import CanonicalJSON
import TUF
import TUFClient
import Testing

/// Map files (TAP 4), also such that somebody wrote who means no good.
@Suite struct RepositoryMapTests {
    private static let mapping = """
        {"paths": ["*"], "repositories": ["a", "b"], "threshold": 2, "terminating": true}
        """

    private static func map(_ repositories: String = #"{"a": ["x"], "b": ["y"]}"#, _ mapping: String = mapping)
        -> String
    {
        #"{"repositories": \#(repositories), "mapping": [\#(mapping)]}"#
    }

    private static func error(_ text: String, limits: RepositoryMapLimits = RepositoryMapLimits())
        -> RepositoryMapError?
    {
        do {
            _ = try RepositoryMap(parsing: Array(text.utf8), limits: limits)
            return nil
        } catch {
            return error
        }
    }

    @Test func whatAMapSays() throws {
        let text = """
            {"repositories": {"Z.z": ["https://z.example/", "dir"], "a": [{"metadata": "m", "targets": "t", "x": 1}]},
             "mapping": [
              {"paths": ["one", "dir/*.tgz"], "repositories": ["a", "Z.z"], "threshold": 1, "terminating": false},
              {"paths": ["*"], "repositories": ["a"], "threshold": 1, "terminating": true, "note": null}], "other": []}
            """
        let map = try RepositoryMap(parsing: Array(text.utf8))
        #expect(map.repositories.map(\.string) == ["Z.z", "a"])
        let first = try #require(map.mirrors[try RepositoryLabel("Z.z")])
        #expect(first.map(\.metadata) == ["https://z.example/", "dir"])
        #expect(first.map(\.targets) == ["https://z.example/targets", "dir/targets"])
        #expect(map.mirrors[try RepositoryLabel("a")] == [RepositoryMap.Mirror(metadata: "m", targets: "t")])
        #expect(map.mappings.map(\.isTerminating) == [false, true])
        #expect(map.mappings.first?.repositories.map(\.string) == ["a", "Z.z"])
        let matches = try ["one", "dir/x.tgz", "x/y"].map { path in
            try map.mappings.map { $0.matches(try TargetPath(path)) }
        }
        #expect(matches == [[true, true], [true, false], [false, false]])
    }

    @Test(arguments: [
        "", ".", "..", "../x", "a/b", "/a", "a\\b", "-a", ".a", "_a", "a b", "a:b", "é", "a\u{0}", "a\n", "%2e%2e",
        "a\u{202e}",
        String(repeating: "a", count: 65),
    ])
    func unsafeNames(name: String) {
        #expect(throws: RepositoryMapError.unsafeName(name)) { try RepositoryLabel(name) }
        let quoted = JSONValue.string(name).jsonBytes(pretty: false)
        let text = String(decoding: quoted, as: UTF8.self)
        #expect(Self.error(Self.map("{\(text): [\"x\"]}")) == .unsafeName(name))
    }

    @Test func safeNames() throws {
        for name in ["a", "9", "Sigstore-2_x.y", String(repeating: "a", count: 64)] {
            #expect(try RepositoryLabel(name).string == name)
        }
    }

    @Test(arguments: [
        ("", RepositoryMapError.notJSON(.syntax(offset: 0))),
        ("[]", .malformed(field: "repositories")),
        (map(#"{"a": ["x"], "a": ["y"]}"#), .notJSON(.duplicateKey("a"))),
        (map(#"{"a": ["x"], "A": ["y"]}"#), .clashingNames("a", "A")),
        (map("{}"), .malformed(field: "repositories")),
        (map(#"{"a": []}"#), .malformed(field: "repositories.a")),
        (map(#"{"a": "x"}"#), .malformed(field: "repositories.a")),
        (map(#"{"a": [""]}"#), .malformed(field: "repositories.a[0]")),
        (map(#"{"a": ["x", 7]}"#), .malformed(field: "repositories.a[1]")),
        (map(#"{"a": [{"metadata": "x"}]}"#), .malformed(field: "repositories.a[0].targets")),
        (#"{"repositories": {"a": ["x"]}, "mapping": []}"#, .malformed(field: "mapping")),
        (#"{"repositories": {"a": ["x"]}, "mapping": [1]}"#, .malformed(field: "mapping[0]")),
        (#"{"repositories": {"a": ["x"]}}"#, .malformed(field: "mapping")),
        (map(#"{"a": ["x"]}"#), .unknownRepository("b", field: "mapping[0].repositories")),
    ])
    func hostileFiles(text: String, expected: RepositoryMapError) {
        #expect(Self.error(text) == expected)
    }

    @Test(arguments: [
        (
            #"["a", "b"]"#, #"["a", "b", "a"]"#,
            RepositoryMapError.repeatedRepository("a", field: "mapping[0].repositories")
        ),
        (#"["a", "b"]"#, "[]", .malformed(field: "mapping[0].repositories")),
        (#"["a", "b"]"#, #"["a", 1]"#, .malformed(field: "mapping[0].repositories[1]")),
        (#"["a", "b"]"#, #"["../a"]"#, .unsafeName("../a")),
        (#"["*"]"#, "[]", .malformed(field: "mapping[0].paths")),
        (#"["*"]"#, #"[""]"#, .malformed(field: "mapping[0].paths[0]")),
        ("\"threshold\": 2,", "", .malformed(field: "mapping[0].threshold")),
        ("2", "0", .malformed(field: "mapping[0].threshold")),
        ("2", "-1", .malformed(field: "mapping[0].threshold")),
        ("2", "1.0", .malformed(field: "mapping[0].threshold")),
        ("2", "3", .thresholdTooHigh(field: "mapping[0].threshold", repositories: 2)),
        ("2", "9223372036854775807", .thresholdTooHigh(field: "mapping[0].threshold", repositories: 2)),
        ("true", "\"true\"", .malformed(field: "mapping[0].terminating")),
        (", \"terminating\": true", "", .malformed(field: "mapping[0].terminating")),
    ])
    func hostileMappings(part: String, other: String, expected: RepositoryMapError) {
        let text = Self.mapping.replacing(part, with: other)
        #expect(Self.error(Self.map(#"{"a": ["x"], "b": ["y"]}"#, text)) == expected)
    }

    @Test func limits() {
        let good = Self.map()
        func error(_ change: (inout RepositoryMapLimits) -> Void) -> RepositoryMapError? {
            var limits = RepositoryMapLimits()
            change(&limits)
            return Self.error(good, limits: limits)
        }
        #expect(error { _ in } == nil)
        #expect(error { $0.length = good.utf8.count } == nil)
        #expect(error { $0.length = good.utf8.count - 1 } == .notJSON(.tooLarge(limit: good.utf8.count - 1)))
        #expect(error { $0.repositories = 1 } == .tooMany(field: "repositories", limit: 1))
        #expect(error { $0.mappings = 0 } == .tooMany(field: "mapping", limit: 0))
        #expect(error { $0.mirrors = 0 } == .tooMany(field: "repositories.a", limit: 0))
        #expect(error { $0.paths = 0 } == .tooMany(field: "mapping[0].paths", limit: 0))
        #expect(error { $0.textLength = 0 } == .malformed(field: "repositories.a[0]"))
        let deep = String(repeating: "[", count: 9) + String(repeating: "]", count: 9)
        #expect(Self.error(deep) == .notJSON(.tooDeep(limit: 8)))
        let many = "[\(String(repeating: "0,", count: 70_000))0]"
        #expect(Self.error(many) == .notJSON(.tooManyValues(limit: 65_536)))
    }
}
