import OCI
import Testing
import TrustCrypto

@Suite("References")
struct ReferenceTests {
    static let hex = String(repeating: "0123456789abcdef", count: 4)
    static let digest = "sha256:\(hex)"

    /// What docker makes of names (the cases of distribution/reference among them).
    @Test(
        "are completed as docker does it",
        arguments: [
            ("alpine", "docker.io/library/alpine", nil, nil),
            ("alpine:3.20", "docker.io/library/alpine", "3.20", nil),
            ("team/app", "docker.io/team/app", nil, nil),
            ("docker.io/alpine", "docker.io/library/alpine", nil, nil),
            ("docker.io/library/alpine", "docker.io/library/alpine", nil, nil),
            ("docker.io/a/b/c", "docker.io/a/b/c", nil, nil),
            ("index.docker.io/alpine", "docker.io/library/alpine", nil, nil),
            ("index.docker.io/team/app:1", "docker.io/team/app", "1", nil),
            ("localhost/app", "localhost/app", nil, nil),
            ("localhost:5000/app:1", "localhost:5000/app", "1", nil),
            ("localhost", "docker.io/library/localhost", nil, nil),
            ("example.com", "docker.io/library/example.com", nil, nil),
            ("192.168.0.1:80", "docker.io/library/192.168.0.1", "80", nil),
            ("192.168.0.1:8/debian", "192.168.0.1:8/debian", nil, nil),
            ("127.0.0.1:5000/docker/docker", "127.0.0.1:5000/docker/docker", nil, nil),
            ("registry.example.com:5000/team/app:1.4", "registry.example.com:5000/team/app", "1.4", nil),
            ("Registry/app", "Registry/app", nil, nil),
            ("UPPER.example.com/app", "UPPER.example.com/app", nil, nil),
            ("xn--7o8h.com/myimage:a", "xn--7o8h.com/myimage", "a", nil),
            ("[fc00::1]/app", "[fc00::1]/app", nil, nil),
            ("[fc00::1]:5000/app", "[fc00::1]:5000/app", nil, nil),
            ("a/b__c/d--e/f.g_h", "docker.io/a/b__c/d--e/f.g_h", nil, nil),
            ("app@\(digest)", "docker.io/library/app", nil, digest),
            ("app:1@\(digest)", "docker.io/library/app", "1", digest),
            ("r.example/app:_x.y-Z@\(digest)", "r.example/app", "_x.y-Z", digest),
            ("docker.io/\(hex)", "docker.io/library/\(hex)", nil, nil),
            ("\(hex.dropLast())", "docker.io/library/\(hex.dropLast())", nil, nil),
        ] as [(String, String, String?, String?)]
    )
    func completion(text: String, name: String, tag: String?, digest: String?) throws {
        let reference = try Reference(parsing: text)
        #expect(reference.repository.description == name)
        #expect(reference.tag?.string == tag)
        #expect(reference.digest?.description == digest)
        let full = name + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
        #expect(reference.description == full)
        #expect(try Reference(parsing: full) == reference)
    }

    @Test(
        "that are none are refused with the reason",
        arguments: [
            ("", .empty),
            (hex, .imageID),
            ("https://github.com/docker/docker", .scheme),
            ("docker://alpine", .scheme),
            ("docker/Docker", .upperCase),
            ("docker.io/docker/Docker", .upperCase),
            ("Alpine", .upperCase),
            ("-docker", .path),
            ("-docker/docker", .path),
            ("docker///docker", .path),
            ("docker.io/docker///docker", .path),
            ("docker.io/", .path),
            ("a/", .path),
            ("/a", .path),
            ("a..b", .path),
            ("a___b", .path),
            ("a_-b", .path),
            ("a.", .path),
            ("_a", .path),
            ("app lication", .path),
            ("app\n", .path),
            ("áb", .path),
            ("-docker.io/docker/docker", .registry),
            ("docker.io-/app", .registry),
            ("a..b.com/app", .registry),
            ("foo_bar.com/app", .registry),
            ("example.com:/app", .registry),
            ("example.com:0/app", .registry),
            ("example.com:0443/app", .registry),
            ("[::1]:05000/app", .registry),
            ("example.com:65536/app", .registry),
            ("example.com:5x/app", .registry),
            ("example.com:99999999999999999999/app", .registry),
            ("[fc00::1/app", .registry),
            ("[]/app", .path),
            ("[fe80::1%eth0]:5000/app", .registry),
            ("app:", .tag),
            ("app:-1", .tag),
            ("app:.1", .tag),
            ("app:a:b", .tag),
            ("app:ü", .tag),
            ("app:" + String(repeating: "a", count: 129), .tag),
            ("app:@\(digest)", .tag),
            ("app@", .digest),
            ("app@sha256", .digest),
            ("app@sha256:\(hex.dropLast())", .digest),
            ("app@sha256:\(hex.uppercased())", .digest),
            ("app@md5:0123456789abcdef0123456789abcdef", .digest),
            ("app@\(digest)@\(digest)", .digest),
            ("app@\(digest):1", .digest),
            ("r.example/" + String(repeating: "a", count: 256), .tooLong(limit: 255)),
            (String(repeating: "a", count: 252) + ".com/app", .tooLong(limit: 255)),
            (String(repeating: "a", count: 1025), .tooLong(limit: 1024)),
        ] as [(String, ReferenceProblem)]
    )
    func refusal(text: String, problem: ReferenceProblem) {
        #expect(throws: OCIError.invalidReference(text: String(text.prefix(300)), problem: problem)) {
            try Reference(parsing: text)
        }
    }

    @Test("have limits of 255 bytes for a path and 128 for a tag")
    func limits() throws {
        let path = String(repeating: "a", count: 255)
        #expect(try Reference(parsing: "r.example/\(path)").repository.path == path)
        // docker counts the "library/" that it adds.
        #expect(throws: OCIError.self) { try Reference(parsing: path) }
        let tag = String(repeating: "t", count: 128)
        #expect(try Reference(parsing: "app:\(tag)").tag?.string == tag)
    }

    @Test("are read with a name alone where one is asked for")
    func names() throws {
        for text in ["alpine", "docker.io/alpine", "index.docker.io/library/alpine"] {
            #expect(try RepositoryName(parsing: text).description == "docker.io/library/alpine")
        }
        #expect(throws: OCIError.invalidReference(text: "a:1", problem: .path)) { try RepositoryName(parsing: "a:1") }
        #expect(throws: OCIError.self) { try RepositoryName(parsing: "a@\(Self.digest)") }
    }

    @Test("sort by bytes")
    func order() throws {
        let names = try ["b.example/a", "B.example/a", "a.example/z"].map { try RepositoryName(parsing: $0) }
        #expect(names.sorted().map(\.description) == ["B.example/a", "a.example/z", "b.example/a"])
        let tags = try ["b", "B", "_"].map { try TagName($0) }
        #expect(tags.sorted().map(\.string) == ["B", "_", "b"])
    }
}
