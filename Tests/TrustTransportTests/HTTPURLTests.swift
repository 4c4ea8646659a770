import Testing
import TrustTransport

@Suite struct HTTPURLTests {
    @Test(arguments: [
        // as given, as sent, origin
        ("https://registry.example.com/v2/", "https://registry.example.com/v2/", "https://registry.example.com"),
        ("HTTPS://Registry.Example.COM", "https://registry.example.com/", "https://registry.example.com"),
        ("https://r.example:443/a", "https://r.example/a", "https://r.example"),
        ("https://r.example:80/a", "https://r.example:80/a", "https://r.example:80"),
        ("http://r.example:5000?x=1", "http://r.example:5000/?x=1", "http://r.example:5000"),
        ("http://[2001:DB8::1]:8080/a", "http://[2001:db8::1]:8080/a", "http://[2001:db8::1]:8080"),
        (
            "https://r/a%2Fb%2f/.././/c?q=%41+b&c=/?;,:@#frag", "https://r/a%2Fb%2f/.././/c?q=%41+b&c=/?;,:@",
            "https://r"
        ),
        ("https://r/a?", "https://r/a?", "https://r"),
        ("https://under_score.example./x", "https://under_score.example./x", "https://under_score.example."),
    ])
    func keepsEveryByteOfTheTarget(given: String, string: String, origin: String) throws {
        let url = try HTTPURL(parsing: given)
        #expect(url.string == string)
        #expect(url.origin.description == origin)
    }

    @Test(arguments: [
        "", "/v2/", "registry.example.com", "//r.example/", "ftp://r.example/", "https:/r", "https://", "https:///x",
        "https://?x",
        "https://user@r.example/", "https://user:pw@r.example/", "https://r.example:0/", "https://r.example:65536/",
        "https://r.example:/", "https://r.example:5a/", "https://r.example:+5/", "https://r..example/", "https://.r/",
        "https://r example/", "https://r.example/a b", "https://r.example/\"", "https://r.example/a\\b",
        "https://r.example/%", "https://r.example/%4", "https://r.example/%zz", "https://r.example/\u{1}",
        "https://r.example/\r\nHost: x", "https://r.example/ü", "https://rü.example/", "https://r%2eexample/",
        "https://[::1", "https://[::1]x/", "https://[r]/", "https://[1.2.3.4]/", "https://::1/",
        "https://[::1%25eth0]/",
        "https://r.example/[x]", "https://r.example/?a[]=1", "https://r.example/{x}", "https://r.example/|",
        "https://r.example/<", "https://r.example/^", "https://r.example/`", " https://r.example/",
        "https://r.example/\n",
    ])
    func refuses(_ text: String) {
        #expect(throws: TransportError(.invalidURL)) { try HTTPURL(parsing: text) }
    }

    @Test func hasALimit() throws {
        let start = "https://r.example/"
        let path = String(repeating: "a", count: HTTPURL.maximumBytes - start.utf8.count)
        #expect(try HTTPURL(parsing: start + path).target.utf8.count == path.utf8.count + 1)
        #expect(throws: TransportError(.invalidURL)) { try HTTPURL(parsing: start + path + "a") }
    }

    /// RFC 3986 §5.4, as far as http goes, and what registries send.
    @Test(
        arguments: [
            ("https://other.example/x", "https://other.example/x"),
            ("HTTP://other.example", "http://other.example/"),
            ("//other.example:5/x?y", "https://other.example:5/x?y"),
            ("/x/../y?z=%2F", "https://a.example/x/../y?z=%2F"),
            ("g", "https://a.example/b/c/g"),
            ("./g", "https://a.example/b/c/g"),
            ("g/", "https://a.example/b/c/g/"),
            ("?y", "https://a.example/b/c/d?y"),
            ("g?y#s", "https://a.example/b/c/g?y"),
            ("#s", "https://a.example/b/c/d?q"),
            ("", "https://a.example/b/c/d?q"),
            (".", "https://a.example/b/c/"),
            ("..", "https://a.example/b/"),
            ("../g", "https://a.example/b/g"),
            ("../../../g", "https://a.example/g"),
            ("g;x=1/../y", "https://a.example/b/c/y"),
            ("g:1/x", nil),
            ("https:g", nil),
            ("https://u@other.example/", nil),
            ("javascript:alert(1)", nil),
            ("/a b", nil),
        ] as [(String, String?)]
    )
    func resolves(reference: String, expected: String?) throws {
        let base = try HTTPURL(parsing: "https://a.example/b/c/d?q")
        guard let expected else {
            #expect(throws: TransportError(.invalidURL)) { try base.resolving(reference) }
            return
        }
        #expect(try base.resolving(reference).string == expected)
    }

    @Test func appendsQueries() throws {
        let items = [(name: "scope", value: "repository:a/b:pull,push"), (name: "e", value: "ü &=+")]
        let query = "scope=repository%3Aa%2Fb%3Apull%2Cpush&e=%C3%BC%20%26%3D%2B"
        #expect(try HTTPURL(parsing: "https://a/t").appendingQuery(items).string == "https://a/t?\(query)")
        #expect(try HTTPURL(parsing: "https://a/t?").appendingQuery(items).string == "https://a/t?\(query)")
        #expect(try HTTPURL(parsing: "https://a/t?x=1").appendingQuery(items).string == "https://a/t?x=1&\(query)")
        #expect(try HTTPURL(parsing: "https://a/t?x=1&").appendingQuery([]).string == "https://a/t?x=1&")
    }

    @Test func doesNotPrintQueries() throws {
        #expect("\(try HTTPURL(parsing: "https://a.example/x?secret=1"))" == "https://a.example/x")
    }

    @Test func checksParts() throws {
        #expect(try HTTPURL(scheme: .http, authority: "[::1]:5000", target: "/v2/").string == "http://[::1]:5000/v2/")
        for (authority, target) in [
            ("r/x", "/"), ("r?x", "/"), ("u@r", "/"), ("r", "x"), ("r", ""), ("r", "/#"), ("", "/"),
        ] {
            #expect(throws: TransportError(.invalidURL)) {
                try HTTPURL(scheme: .https, authority: authority, target: target)
            }
        }
    }

    @Test(arguments: [
        ("http://localhost/", true), ("http://LOCALHOST:1/", true), ("http://127.0.0.1/", true),
        ("http://127.255.0.9/", true), ("http://[::1]/", true), ("http://[0:0:0:0:0:0:0:1]/", true),
        ("http://[::ffff:127.0.0.1]/", true),
        ("http://localhost.example.com/", false), ("http://localhost./", false), ("http://127.0.0.1.nip.io/", false),
        ("http://127.1/", false), ("http://0x7f.0.0.1/", false), ("http://2130706433/", false),
        ("http://0177.0.0.1/", false), ("http://128.0.0.1/", false), ("http://0.0.0.0/", false),
        ("http://[::]/", false),
        ("http://[::2]/", false), ("http://10.0.0.1/", false),
    ])
    func knowsLoopback(url: String, isLoopback: Bool) throws {
        #expect(try HTTPURL(parsing: url).origin.isLoopback == isLoopback)
    }
}
