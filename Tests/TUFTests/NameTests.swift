import TUF
import Testing
import TrustCrypto

@Suite struct NameTests {
    @Test(arguments: [
        "root", "targets/releases", "a", "é", "../x", ".", "[..]", String(repeating: "x", count: 512), " ",
    ])
    func roleNames(_ name: String) throws {
        #expect(try RoleName(name).string == name)
    }

    @Test(arguments: ["", "a\nb", "\u{0}", "\u{7f}", "\u{1b}[31m", String(repeating: "x", count: 513), "a\r"])
    func notRoleNames(_ name: String) {
        #expect(throws: TUFError.invalidName(name)) { try RoleName(name) }
    }

    @Test func targetPaths() throws {
        #expect(try TargetPath(String(repeating: "x", count: 4096)).string.utf8.count == 4096)
        #expect(throws: TUFError.invalidName("")) { try TargetPath("") }
        let long = String(repeating: "é", count: 2049)
        #expect(throws: TUFError.invalidName(long)) { try TargetPath(long) }
    }

    /// `String` calls these the same. To whoever signs them they are two names.
    @Test func canonicallyEquivalentNamesDiffer() throws {
        let composed = "caf\u{e9}"
        let decomposed = "cafe\u{301}"
        #expect(composed == decomposed)
        let roles = try [RoleName(composed), RoleName(decomposed)]
        #expect(roles[0] != roles[1])
        #expect(Set(roles).count == 2)
        let paths = try [TargetPath(composed), TargetPath(decomposed)]
        #expect(paths[0] != paths[1])
        #expect(Set(paths).count == 2)
        #expect(try RoleName("root\u{301}") != .root)
    }

    @Test func orderIsThatOfBytes() throws {
        // By characters "e" + U+0301 sorts as é, after "f"; by bytes it begins with "e".
        let names = ["", "A", "a", "e\u{301}", "f", "\u{e9}", "\u{ffff}", "\u{10000}"].dropFirst()
        for (left, a) in names.enumerated() {
            for (right, b) in names.enumerated() {
                #expect(try (TargetPath(a) < TargetPath(b)) == (left < right))
                #expect(try (RoleName(a) < RoleName(b)) == (left < right))
            }
        }
    }

    /// The conformance suite's unusual names, and those with which other clients were led out of their folder.
    @Test(arguments: [
        ("?", "1.%3F.json"), ("#", "1.%23.json"), ("/delegatedrole", "1.%2Fdelegatedrole.json"),
        ("../delegatedrole", "1...%2Fdelegatedrole.json"), ("targets", "1.targets.json"),
        ("a_b-c.d~e", "1.a_b-c.d~e.json"),
        ("..", "1....json"), ("a%2Fb", "1.a%252Fb.json"), ("é", "1.%C3%A9.json"), ("\\", "1.%5C.json"),
        ("/etc/passwd", "1.%2Fetc%2Fpasswd.json"), ("a b", "1.a%20b.json"), ("C:", "1.C%3A.json"),
    ])
    func fileNames(_ role: String, _ name: String) throws {
        let file = MetadataFile(role: try RoleName(role), version: 1)
        #expect(file.name == name)
        #expect(MetadataFile(name: name) == file)
        let unversioned = MetadataFile(role: try RoleName(role), version: nil).name
        #expect(unversioned == String(name.dropFirst(2)))
        #expect(!unversioned.contains("/"))
    }

    @Test func wellKnownFiles() {
        #expect(MetadataFile.timestamp.name == "timestamp.json")
        #expect(MetadataFile.root(12).name == "12.root.json")
        #expect(MetadataFile.root(.max).name == "9223372036854775807.root.json")
    }

    @Test func filesOfNames() throws {
        let digest = Digest.compute(.sha256, over: [UInt8](repeating: 7, count: 3).span)
        let releases = try RoleName("targets/releases")
        for file in [
            .timestamp, .newestRoot, .root(12), MetadataFile(role: releases, version: nil),
            MetadataFile(role: releases, version: 3), MetadataFile(role: releases, version: nil, digest: digest),
        ] {
            #expect(MetadataFile(name: file.name) == file)
        }
    }

    /// Each file has one name.
    @Test(arguments: [
        "", ".json", "root", "root.JSON", "+1.root.json", "1.targets/releases.json", "a%2.json",
        "a%zz.json",
        "a%2f.json", "a%.json", "%ff.json", "%41.json", "99999999999999999999.root.json%",
    ])
    func namesOfNoFile(_ name: String) {
        #expect(MetadataFile(name: name) == nil)
    }
}
