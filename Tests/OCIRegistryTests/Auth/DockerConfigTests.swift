import Testing
import TrustCrypto

@testable import OCIRegistry

@Suite struct DockerConfigTests {
    /// A credential in a form that can be compared.
    static func text(_ credential: RegistryCredential?) -> String? {
        switch credential {
        case nil: nil
        case .anonymous: "anonymous"
        case .basic(let username, let password): "basic \(username):\(password.text)"
        case .identityToken(let token): "identity \(token.text)"
        case .registryToken(let token): "registry \(token.text)"
        }
    }

    static func auth(_ text: String) -> String {
        #"{"auth":"\#(Base64.encode(Array(text.utf8).span))"}"#
    }

    func config(_ json: String) throws(RegistryAuthError) -> DockerConfig {
        try DockerConfig(parsing: Array(json.utf8), path: "config.json")
    }

    @Test(arguments: [
        // entry of auths under r.example, expected
        (auth("user:pass"), "basic user:pass"),
        (auth("user:pa:ss"), "basic user:pa:ss"),
        (auth("user:"), "basic user:"),
        (auth("ü:ö"), "basic ü:ö"),
        (auth("user:pass\0\0"), "basic user:pass"),
        (#"{"username":"u","password":"p"}"#, "basic u:p"),
        (#"{"username":"u","password":"p","auth":"dTI6cDI="}"#, "basic u2:p2"),
        (#"{"auth":"dXNlcjpw","identitytoken":"tok"}"#, "identity tok"),
        (#"{"auth":"","identitytoken":"tok"}"#, "identity tok"),
        (#"{"registrytoken":"tok"}"#, "registry tok"),
        ("{}", nil),
        (#"{"auth":""}"#, nil),
        (#"{"auth":null,"email":"a@b"}"#, nil),
    ])
    func entries(entry: String, expected: String?) throws {
        let config = try config(#"{"auths":{"r.example":\#(entry)}}"#)
        #expect(Self.text(try config.credential(for: CredentialTarget(registry: "r.example", path: "a"))) == expected)
    }

    @Test(arguments: [
        ("5", "auths"), (#"{"auth":5}"#, "auths.auth"), (#"{"auth":"%%%"}"#, "auths.r.example.auth"),
        (auth("nocolon"), "auths.r.example.auth"), (auth(":pass"), "auths.r.example.auth"),
        (#"{"auth":"//79"}"#, "auths.r.example.auth"), (#"{"identitytoken":{}}"#, "auths.identitytoken"),
    ])
    func brokenEntries(entry: String, field: String) throws {
        let config = try config(#"{"auths":{"r.example":\#(entry),"s.example":{"auth":"dTpw"}}}"#)
        #expect(throws: RegistryAuthError.configMalformed(path: "config.json", field: field)) {
            try config.credential(for: CredentialTarget(registry: "r.example"))
        }
        // Another registry is not affected.
        #expect(Self.text(try config.credential(for: CredentialTarget(registry: "s.example"))) == "basic u:p")
    }

    @Test(arguments: ["", "[]", "null", "{", #"{"auths":{},"auths":{}}"#, "\u{feff}{}", "{}x"])
    func brokenFiles(json: String) {
        #expect(throws: RegistryAuthError.configMalformed(path: "config.json", field: "")) { try config(json) }
    }

    @Test func tooLarge() {
        let bytes = [UInt8](repeating: 0x20, count: DockerConfig.maximumBytes + 1)
        #expect(throws: RegistryAuthError.configUnreadable(.tooLarge(path: "c", limit: DockerConfig.maximumBytes))) {
            try DockerConfig(parsing: bytes, path: "c")
        }
    }

    @Test(
        arguments: [
            // keys, registry, path, the key that counts
            (["r.example"], "r.example", "a/b", "r.example"),
            (["R.EXAMPLE"], "r.example", "a/b", "R.EXAMPLE"),
            (["https://r.example"], "r.example", "a", "https://r.example"),
            (["https://r.example/v1/"], "r.example", "a", "https://r.example/v1/"),
            (["http://r.example/v2/"], "r.example", "a", "http://r.example/v2/"),
            (["r.example/"], "r.example", "a", "r.example/"),
            (["r.example:5000"], "r.example", "a", nil),
            (["r.example"], "r.example:5000", "a", nil),
            (["r.example:5000"], "r.example:5000", "a", "r.example:5000"),
            (["x.r.example", "example", "r.example.evil"], "r.example", "a", nil),
            (["https://index.docker.io/v1/"], "docker.io", "library/alpine", "https://index.docker.io/v1/"),
            (["docker.io"], "index.docker.io", "library/alpine", "docker.io"),
            (["https://index.docker.io/v1/"], "registry-1.docker.io", "a/b", "https://index.docker.io/v1/"),
            // the plain spelling goes first
            (["https://r.example", "r.example"], "r.example", "a", "r.example"),
            (["r.example", "https://r.example"], "r.example", "a", "r.example"),
            // namespaces
            (["r.example", "r.example/team"], "r.example", "team/app", "r.example/team"),
            (["r.example/team/app", "r.example/team"], "r.example", "team/app", "r.example/team/app"),
            (["r.example/team", "r.example"], "r.example", "teammate/app", "r.example"),
            (["r.example/team/app/x"], "r.example", "team/app", nil),
            (["r.example/team"], "r.example", "", nil),
            (["", "https://", "/"], "r.example", "a", nil),
        ] as [([String], String, String, String?)]
    )
    func keys(keys: [String], registry: String, path: String, expected: String?) throws {
        let entries = keys.map { #""\#($0)":{"username":"\#($0)"}"# }.joined(separator: ",")
        let config = try config(#"{"auths":{\#(entries)}}"#)
        let found = try config.credential(for: CredentialTarget(registry: registry, path: path))
        #expect(Self.text(found) == expected.map { "basic \($0):" })
    }

    @Test(arguments: [
        (#"{}"#, nil),
        (#"{"credsStore":"desktop"}"#, "desktop"),
        (#"{"credsStore":""}"#, nil),
        (#"{"credsStore":"desktop","credHelpers":{"r.example":"ecr-login"}}"#, "ecr-login"),
        (#"{"credsStore":"desktop","credHelpers":{"r.example":""}}"#, nil),
        (#"{"credsStore":"desktop","credHelpers":{"other.example":"ecr-login"}}"#, "desktop"),
        (#"{"credHelpers":null}"#, nil),
    ])
    func helpers(json: String, expected: String?) throws {
        #expect(try config(json).helper(for: CredentialTarget(registry: "r.example", path: "a")) == expected)
    }

    @Test(arguments: [
        (#"{"credsStore":5}"#, "credsStore"), (#"{"credHelpers":[]}"#, "credHelpers"),
        (#"{"credHelpers":{"r.example":5}}"#, "credHelpers"),
    ])
    func brokenHelpers(json: String, field: String) throws {
        let config = try config(json)
        #expect(throws: RegistryAuthError.configMalformed(path: "config.json", field: field)) {
            try config.helper(for: CredentialTarget(registry: "r.example"))
        }
    }

    @Test func secretsDoNotPrint() throws {
        let credential = RegistryCredential.basic(username: "u", password: AuthSecret("hunter2"))
        var dumped = ""
        dump(credential, to: &dumped)
        #expect(!"\(credential) \(String(reflecting: credential)) \(dumped)".contains("hunter2"))
    }
}
