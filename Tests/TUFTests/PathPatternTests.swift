import TUF
import Testing

/// Shell wildcards, segment by segment.
@Suite struct PathPatternTests {
    @Test(arguments: [
        ("*", "a.txt", true), ("*", "a/b", false), ("*", "", false), ("*/*", "a/b", true), ("*/*", "a/b/c", false),
        ("foo-version-?.tgz", "foo-version-2.tgz", true), ("foo-version-?.tgz", "foo-version-alpha.tgz", false),
        ("*.tgz", "foo.tgz", true), ("*.tgz", "foo.zip", false), ("*.tgz", "targets/foo.tgz", false),
        ("targets/*.tgz", "targets/foo.tgz", true), ("targets/*.tgz", "targets/foo.txt", false),
        ("targets/*", "Targets/x", false), ("a", "A", false), ("?", "é", true), ("?", "e\u{301}", false),
        ("??", "e\u{301}", true), ("*a*b*c", "xaybzc", true), ("*a*b*c", "xaybzcd", false), ("**", "abc", true),
        ("a*", "a", true), ("?*", "", false), ("", "a", false), ("a/", "a/", true), ("a/", "a", false),
        ("/a", "/a", true), ("/a", "a", false), ("*", ".hidden", true), ("a.c", "abc", false), ("a+", "a+", true),
        ("[ab]c", "ac", true), ("[ab]c", "cc", false), ("[a-c]", "b", true), ("[a-c]", "d", false),
        ("[!a-c]", "d", true), ("[!a-c]", "a", false), ("[]]", "]", true), ("[!]]", "]", false), ("[!]]", "a", true),
        ("[", "[", true), ("[a", "[a", true), ("a[", "a[", true), ("[-a]", "-", true), ("[a-]", "-", true),
        ("[c-a]", "b", false), ("[!c-a]", "b", true), ("[a/b]", "a", false), ("[a/b]", "[a/b]", true),
        ("[^a]", "^", true), ("[^a]", "a", true), ("[^a]", "b", false), ("\\*", "\\x", true), ("[*]", "*", true),
        ("[*]", "a", false), ("[[]", "[", true),
    ])
    func pattern(_ pattern: String, _ path: String, _ matches: Bool) throws {
        guard !path.isEmpty else {
            #expect(throws: TUFError.invalidName("")) { try TargetPath(path) }
            return
        }
        #expect(PathPattern(pattern).matches(try TargetPath(path)) == matches)
    }

    /// What takes exponential time elsewhere.
    @Test func manyStars() throws {
        let pattern = PathPattern(String(repeating: "*a", count: 400) + "b")
        #expect(pattern.matches(try TargetPath(String(repeating: "a", count: 4000))) == false)
    }
}
