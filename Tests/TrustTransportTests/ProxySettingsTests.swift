import Testing

@testable import TrustTransport

@Suite struct ProxySettingsTests {
    func proxy(_ url: String, _ environment: [String: String]) throws -> String? {
        try ProxySettings(environment: environment).proxy(for: HTTPURL(parsing: url).origin)?.description
    }

    @Test(
        arguments: [
            ("https://r.example/", [:], nil),
            ("https://r.example/", ["HTTPS_PROXY": "http://p.example:3128"], "http://p.example:3128"),
            ("https://r.example/", ["https_proxy": "p.example:3128"], "http://p.example:3128"),
            ("https://r.example/", ["https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:2"], "http://a:1"),
            ("https://r.example/", ["https_proxy": "", "HTTPS_PROXY": "http://b:2/"], "http://b:2"),
            ("https://r.example/", ["HTTPS_PROXY": "http://p.example"], "http://p.example"),
            ("https://r.example/", ["HTTPS_PROXY": "http://[2001:db8::1]:3128"], "http://[2001:db8::1]:3128"),
            ("https://r.example/", ["HTTP_PROXY": "http://p.example:3128"], nil),
            ("http://r.example/", ["HTTPS_PROXY": "http://p.example:3128"], nil),
            ("http://r.example/", ["HTTP_PROXY": "http://p.example:3128"], "http://p.example:3128"),
            ("http://r.example/", ["http_proxy": "http://p.example:3128"], "http://p.example:3128"),
            ("http://r.example/", ["HTTP_PROXY": "http://evil:1", "REQUEST_METHOD": "GET"], nil),
            ("http://r.example/", ["http_proxy": "http://p:1", "REQUEST_METHOD": "GET"], "http://p:1"),
            ("https://localhost/", ["HTTPS_PROXY": "http://p.example:3128"], nil),
            ("https://127.0.0.1:5000/", ["HTTPS_PROXY": "http://p.example:3128"], nil),
            ("https://[::1]/", ["HTTPS_PROXY": "http://p.example:3128"], nil),
        ] as [(String, [String: String], String?)]
    )
    func choosesAVariable(url: String, environment: [String: String], expected: String?) throws {
        #expect(try proxy(url, environment) == expected)
    }

    @Test(arguments: [
        ("https://r.example/", "*", true),
        ("https://r.example/", "r.example", true),
        ("https://R.Example/", "a.example, R.EXAMPLE", true),
        ("https://r.example/", "a.example r.example", true),
        ("https://r.example./", "r.example", true),
        ("https://r.example/", "r.example.", true),
        ("https://sub.r.example/", "r.example", true),
        ("https://xr.example/", "r.example", false),
        ("https://r.example/", ".example", true),
        ("https://r.example/", "*.example", true),
        ("https://r.example/", ".r.example", false),
        ("https://r.example/", "*.r.example", false),
        ("https://r.example/", "r.example:443", true),
        ("https://r.example:5000/", "r.example:443", false),
        ("https://r.example:5000/", "r.example:5000", true),
        ("https://r.example/", "r.example:x", false),
        ("https://10.1.2.3/", "10.1.2.3", true),
        ("https://10.1.2.3/", "10.1.2.3:443", true),
        ("https://10.1.2.3/", "10.1.2.3:5000", false),
        ("https://10.1.2.3/", "10.0.0.0/8", true),
        ("https://11.1.2.3/", "10.0.0.0/8", false),
        ("https://10.1.2.3/", "10.0.0.0/33", false),
        ("https://10.1.2.3/", "2.3", false),
        ("https://[2001:db8::7]/", "2001:db8::/32", true),
        ("https://[2001:db8::7]/", "2001:DB8:0::7", true),
        ("https://[2001:db8::7]/", "[2001:db8::7]", true),
        ("https://[2001:db8::7]/", "[2001:db8::7]:443", true),
        ("https://[2001:db8::7]/", "[2001:db8::7]:444", false),
        ("https://r.example/", "", false),
        ("https://r.example/", ", ,.,*.,:,/", false),
    ])
    func knowsExceptions(url: String, rule: String, isDirect: Bool) throws {
        for name in ["NO_PROXY", "no_proxy"] {
            #expect((try proxy(url, ["HTTPS_PROXY": "http://p:1", name: rule]) == nil) == isDirect, "\(name)=\(rule)")
        }
    }

    @Test(arguments: [
        ("http://user:pa%40ss@p:1", "user", "pa@ss"), ("user:p@ss@p:1", "user", "p@ss"),
        ("user:p%3Aa:ss@p:1", "user", "p:a:ss"), ("http://user@p:1", "user", ""), ("p:1", nil, nil),
    ])
    func readsCredentials(value: String, username: String?, password: String?) throws {
        let proxy = try ProxyServer(parsing: value, name: "HTTPS_PROXY")
        #expect(proxy.credential?.username == username)
        #expect(proxy.credential?.password == password)
        #expect(proxy.description == "http://p:1")
    }

    @Test(arguments: [
        "https://p:1", "socks5://p:1", "http://", "http://p:0", "http://p:1/path", "http://a b:1", "http://u:p%zz@p:1",
    ])
    func refusesWithoutRepeatingTheValue(value: String) throws {
        do throws(TransportError) {
            _ = try ProxyServer(parsing: value, name: "HTTPS_PROXY")
            Issue.record("accepted")
        } catch {
            #expect(error.kind == .configuration)
            #expect(error.detail.hasPrefix("HTTPS_PROXY: "))
            #expect(!error.detail.contains(value))
        }
        // Only requests that need it fail.
        #expect(try proxy("http://r.example/", ["HTTPS_PROXY": value]) == nil)
        #expect(throws: TransportError(.configuration)) { try proxy("https://r.example/", ["HTTPS_PROXY": value]) }
    }
}
