import Testing

@testable import ContentTrust

@Suite struct RepositoryPatternTests {
    @Test(arguments: [
        ("*", "docker.io/library/alpine", true),
        ("docker.io/library/alpine", "docker.io/library/alpine", true),
        ("docker.io/library/alpine", "docker.io/library/alpine2", false),
        ("docker.io/library/*", "docker.io/library/alpine", true),
        ("docker.io/library/*", "docker.io/library/a/b", true),
        ("docker.io/library/*", "docker.io/library", false),
        ("docker.io/library/*", "docker.io/library2/a", false),
        ("r.io/*/release", "r.io/team/release", true),
        ("r.io/*/release", "r.io/a/b/release", false),
        ("r.io/team-*/*", "r.io/team-a/x/y", true),
        ("r.io/team-*/*", "r.io/team-/x", false),
        ("r.io/a*b*c", "r.io/a1b2c", true),
        ("r.io/a*b*c", "r.io/abc", false),
        ("r.io/a*b*c", "r.io/a1b2cc", true),
        ("r.io/a*b*c", "r.io/a1b2cd", false),
        ("r.io/*aa", "r.io/aa", false),
        ("r.io/*aa", "r.io/aaa", true),
        ("*.example.com/*", "eu.example.com/app", true),
        ("*.example.com/*", "example.com/app", false),
        ("localhost:5000/*", "localhost:5000/app", true),
        // One registry, written differently: no name of it may get another rule.
        ("registry.example.com/*", "Registry.Example.COM/app", true),
        ("registry.example.com/*", "registry.example.com:443/app", true),
        ("registry.example.com/app", "REGISTRY.example.com:443/app", true),
        ("registry.example.com/*", "registry.example.com:5000/app", false),
        ("docker.io/*", "index.docker.io/library/alpine", true),
        ("docker.io/*", "INDEX.docker.io:443/library/alpine", true),
        ("*.example.com/*", "EU.Example.com:443/app", true),
        ("[::ab]:5000/*", "[::AB]:5000/app", true),
        // Layouts have no registry.
        ("*", "oci:/srv/x", true), ("*/*", "oci:/srv/x", false), ("*.example.com/*", "oci:r.example.com/app", false),
    ])
    func matching(pattern: String, repository: String, matches: Bool) throws {
        #expect(try RepositoryPattern(parsing: pattern).matches(repository) == matches)
    }

    /// Only full names are compared: what could never match one is a mistake.
    @Test(arguments: [
        "", "alpine", "library/alpine", "docker.io/alpine/", "/a", "docker.io//a", "docker.io/Team/app", "r.io/app:1.0",
        "r.io/app@sha256:00", "index.docker.io/library/alpine", "r.io/a b", "r.io/é", "https://r.io/a", "r.io/a?",
        // Written differently than names are compared.
        "Registry.example.com/*", "r.io:443/*", "r.io:443/app", "*.Example.com/*", "index.docker.io/*",
        "INDEX.docker.io/library/alpine", "docker.io:443/*",
        // Neither percent escapes, nor dots at the end, nor letters that only look like others.
        "r.io/te%61m/*", "r%2eio/*", "r.io./*", "r.io./app", "r..io/*", "\u{0433}.io/*", "r.io/\u{0430}pp",
        "r\u{3002}io/*",
        "r.io/a\u{200b}pp", "r.io/..", "r.io/../*", "r.io/./a",
        // No repository is like it.
        "docker.io/al*", "r.io/-a*", "r.io/a..*", "r.io/*.", "r.io/a/-/*", "r.io:0/*", "r.io:65536/*", "r.io:x*/*",
        "-r.io/*",
        "oci:/srv/*", "oci:5000/app",
    ])
    func whatNeverMatches(pattern: String) {
        #expect(throws: RepositoryPattern.Problem.self) { try RepositoryPattern(parsing: pattern) }
    }

    @Test func theRemedyIsNamed() throws {
        let short = #expect(throws: RepositoryPattern.Problem.self) { try RepositoryPattern(parsing: "alpine") }
        #expect(short?.expected == "docker.io/library/alpine")
        let upper = #expect(throws: RepositoryPattern.Problem.self) { try RepositoryPattern(parsing: "r.io/Team/*") }
        #expect(upper?.expected == "r.io/team/*")
        for (text, expected) in [
            ("R.io:443/Team", "r.io:443/team"), ("R.io:443/*", "r.io/*"), ("index.docker.io/*", "docker.io/*"),
            ("docker.io/alpine", "docker.io/library/alpine"),
        ] {
            let problem = #expect(throws: RepositoryPattern.Problem.self) { try RepositoryPattern(parsing: text) }
            #expect(problem?.expected.lowercased() == expected)
        }
    }

    @Test func closerOnesComeFirst() throws {
        let patterns = ["*", "*.io/team/app", "r.io/*", "r.io/t*/app", "r.io/team/*", "r.io/team/a*", "r.io/team/app"]
        let ranks = try patterns.map { try RepositoryPattern(parsing: $0).rank }
        #expect(ranks == ranks.sorted())
        #expect(Set(ranks.map { "\($0)" }).count == patterns.count)
    }
}
