import OCI
import TUF
import TUFClient
import Testing
import TrustTestSupport

/// Names that somebody else chose, and that led other implementations out of their directories.
@Suite struct PathAdvisoryTests {
    static let names = [
        "../escaped", "../../etc/passwd", "/absolute", "a/../../b", "a/./b", "..\\..\\b", "%2e%2e/b", "..%2Fb", "~/x",
        "a//b",
        "a\u{0}b", "C:\\x",
    ]

    /// tough CVE-2021-41149 and CVE-2026-6968: target paths; CVE-2021-41150: role names. Whatever they are, the name of a file
    /// is one part of a path, and leads nowhere.
    @Test(arguments: names)
    func namesAreOnePart(_ name: String) throws {
        let encoded = MetadataFile.percentEncoded(try TargetPath(name).string)
        #expect(encoded.utf8.allSatisfy { !"/\\:\u{0}".utf8.contains($0) })
        #expect(encoded != "." && encoded != ".." && !encoded.isEmpty)
        guard let role = try? RoleName(name) else { return }
        for version in [nil, 7] as [Int64?] {
            #expect(!MetadataFile(role: role, version: version).name.contains("/"))
        }
    }

    /// Two names do not share a file: otherwise one role's file could be put in another's place.
    @Test func namesAreNotConfused() throws {
        let encoded = Self.names.map(MetadataFile.percentEncoded)
        #expect(Set(encoded).count == Self.names.count)
    }

    /// The same in a directory, where a delegated role of such a name is kept.
    @Test(arguments: names.filter { !$0.contains("\u{0}") })
    func keptFilesStayInTheDirectory(_ name: String) async throws {
        let directory = try TemporaryDirectory()
        let cache = DirectoryTrustCache(directory: directory.file("in/cache"))
        try await cache.keep([1], ofDelegated: RoleName(name))
        #expect(try await cache.delegated(RoleName(name)) == [1])
        #expect(try Files.names(in: directory.path) == ["in"])
        #expect(try Files.names(in: directory.file("in")) == ["cache"])
        #expect(try Files.names(in: directory.file("in/cache")) == ["delegated"])
        #expect(try Files.names(in: directory.file("in/cache/delegated")).count == 1)
    }

    /// go-tuf CVE-2026-24686 (TAP 4 names of repositories), Cure53's finding on notary (GUNs), and docker CVE-2014-9358 (image
    /// ids): the name of a repository chose the directory of its metadata. Here it cannot have such parts at all.
    @Test(arguments: [
        "../escaped", "registry.example.com/../x", "registry.example.com/team/../../x", "registry.example.com/./x",
        "registry.example.com//x", "registry.example.com/team/", "/team/app", "registry.example.com/te\\am",
        "registry.example.com/team%2F..", "registry.example.com/team/a\u{0}p", "registry.example.com/.x",
    ])
    func repositoryNamesAreNoPaths(_ name: String) {
        #expect(throws: OCIError.self) { try RepositoryName(parsing: name) }
    }

    @Test func goodRepositoryName() throws {
        #expect(try RepositoryName(parsing: "registry.example.com/team/app").path == "team/app")
    }
}
