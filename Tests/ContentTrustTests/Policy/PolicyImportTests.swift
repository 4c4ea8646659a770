import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// Policies that are made of what other programs are configured with: what counts for an image must be what counted there, or
/// stricter, and every scope must be spoken of.
@Suite struct PolicyImportTests {
    private static let one = String(repeating: "a1", count: 32)
    private static let two = String(repeating: "b2", count: 32)

    private static func made(_ texts: String...) throws -> PolicyImport {
        try PolicyImport(
            of: texts.enumerated().map { index, text in
                PolicyImport.Source(name: "f\(index + 1).json", bytes: Array(text.utf8), folder: "/etc/notary/")
            }
        )
    }

    private static let authority: [UInt8] = {
        do { return try Files.read("\(Files.projectRoot)/fixtures/keys/refused.certificate.pem") } catch { return [] }
    }()

    /// What the made policy says of a repository, in short. That the policy can be read is a part of every test here.
    private static func words(_ made: PolicyImport, _ repository: String) throws -> String {
        let policy = try TrustPolicy(parsing: made.text, name: "made.json") { (_) throws(Refusal) in authority }
        guard let rule = policy.rule(for: repository)?.rule else { return "none" }
        var words: [String] = []
        if rule.isRefused { words.append("refuse") }
        if rule.unsigned == .admitted { words.append("open") }
        for pin in rule.pins {
            switch pin.anchor {
            case .keys(let ids, let threshold):
                words.append(
                    "\(threshold) of \(ids.map { String($0.string.prefix(2)) }.sorted().joined(separator: ","))"
                )
            case .authorities: words.append("ca")
            case .root: words.append("root")
            }
            #expect(pin.dialect == .notary)
        }
        if let store = rule.store { words.append("at\(store.arguments)") }
        if rule.isAudited { words.append("audit") }
        return words.joined(separator: " ")
    }

    // MARK: containers

    private static let containers = #"""
        {
          "default": [{"type": "reject"}],
          "transports": {
            "docker": {
              "docker.io/openshift": [{"type": "insecureAcceptAnything"}],
              "docker.io/library/busybox": [{"type": "insecureAcceptAnything"}],
              "*.project.example.com": [{"type": "insecureAcceptAnything"}],
              "host:5000/gpg": [{"type": "insecureAcceptAnything"},
                {"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/k.gpg"}],
              "host:5000/gpg/free": [{"type": "insecureAcceptAnything"}],
              "host:5000/cosign": [{"type": "sigstoreSigned", "keyPath": "/k.pub"}],
              "open.example.com": [{"type": "insecureAcceptAnything"}],
              "open.example.com/bad": [{"type": "reject"}],
              "open.example.com/app:1.0": [{"type": "reject"}],
              "open.example.com/ok:1.0": [{"type": "insecureAcceptAnything"}],
              "shut.example.com/app@sha256:00": [{"type": "insecureAcceptAnything"}],
              "Case.example.com": [{"type": "insecureAcceptAnything"}],
              "port.example.com:443/a": [{"type": "insecureAcceptAnything"}],
              "index.docker.io/evil": [{"type": "insecureAcceptAnything"}]
            },
            "dir": {"": [{"type": "insecureAcceptAnything"}]},
            "docker-daemon": {"": [{"type": "insecureAcceptAnything"}]}
          }
        }
        """#

    @Test(arguments: [
        ("docker.io/openshift/origin", "open"), ("docker.io/openshift/a/b", "open"),
        ("docker.io/openshift2/a", "refuse"),
        ("docker.io/library/busybox", "open"), ("docker.io/library/busybox/x", "open"),
        ("docker.io/library/busybox2", "refuse"), ("docker.io/library/alpine", "refuse"),
        ("a.project.example.com/x", "open"), ("a.b.project.example.com/x/y", "open"),
        ("project.example.com/x", "refuse"),
        ("a.project.example.com:5000/x", "refuse"), ("evilproject.example.com/x", "refuse"),
        ("host:5000/gpg", "refuse"), ("host:5000/gpg/x", "refuse"), ("host:5000/gpg/free", "open"),
        ("host:5000/gpg/free/x", "open"), ("host:5000/gpg/freer", "refuse"), ("host:5000/cosign/x", "refuse"),
        ("open.example.com/x", "open"), ("open.example.com/bad", "refuse"), ("open.example.com/bad/x", "refuse"),
        // One refused tag refuses its repository; one open tag opens none.
        ("open.example.com/app", "refuse"), ("open.example.com/app/x", "open"), ("open.example.com/ok", "open"),
        ("shut.example.com/app", "refuse"),
        ("case.example.com/x", "open"), ("port.example.com/a", "open"), ("docker.io/evil/x", "refuse"),
        ("oci:/srv/x", "refuse"),
    ])
    func containersScopes(repository: String, words: String) throws {
        #expect(try Self.words(Self.made(Self.containers), repository) == words)
    }

    @Test func everyScopeIsSpokenOf() throws {
        let notes = try Self.made(Self.containers).notes
        for scope in [
            "docker.io/openshift", "*.project.example.com", "host:5000/gpg", "host:5000/cosign",
            "open.example.com/app:1.0",
            "open.example.com/ok:1.0", "shut.example.com/app@sha256:00", "Case.example.com", "index.docker.io/evil",
            "dir:",
            "docker-daemon:",
        ] {
            #expect(notes.contains { $0.scope == scope }, "\(scope)")
        }
        func made(_ scope: String) -> String { notes.first { $0.scope == scope }?.made ?? "" }
        #expect(made("host:5000/gpg").contains("GPG"))
        #expect(made("host:5000/cosign").contains("proofs"))
        #expect(made("index.docker.io/evil").hasPrefix("left out"))
        #expect(made("Case.example.com").contains("spellings"))
        #expect(notes.first { $0.scope == "open.example.com/bad" }?.line == 13)
    }

    @Test(arguments: [
        (#"{"default": [{"type": "insecureAcceptAnything"}]}"#, "open", "open"),
        (#"{"default": [{"type": "reject"}]}"#, "refuse", "refuse"),
        (
            #"{"default": [{"type": "reject"}], "transports": {"docker": {"": [{"type": "insecureAcceptAnything"}]}}}"#,
            "open",
            "refuse"
        ),
        (
            #"""
            {"default": [{"type": "insecureAcceptAnything"}],
             "transports": {"docker": {"": [{"type": "reject"}]}, "oci": {"/srv": [{"type": "reject"}]}}}
            """#,
            "refuse", "refuse"
        ),
    ])
    func defaults(text: String, registry: String, layout: String) throws {
        #expect(try Self.words(Self.made(text), "r.io/a") == registry)
        #expect(try Self.words(Self.made(text), "oci:/srv/x") == layout)
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"transports": {}}"#, #"{"default": []}"#, #"{"default": [{"type": "accept"}]}"#,
        #"{"default": [{}]}"#, #"{"default": [{"type": "reject", "x": 1}]}"#,
        #"{"default": [{"type": "reject"}], "defaults": []}"#,
        #"{"default": [{"type": "reject"}], "transports": {"docker": {"r.io": []}}}"#,
        #"{"default": [{"type": "reject"}], "transports": {"docker": []}}"#,
        #"{"default": [{"type": "reject"}], "transports": {"atomic": {"r.io": [{"type": "x"}]}}}"#,
        #"{"default": [{"type": "reject"}], "default": [{"type": "insecureAcceptAnything"}]}"#,
        #"{"default": [{"type": "reject"}], "trust_pinning": {}}"#, #"{"auths": {}}"#,
        #"{"trust_pinning": {"certs": {"r.io/a": ["x"]}}}"#, #"{"trust_pinning": {"certs": {"r.io/a": []}}}"#,
        #"{"trust_pinning": {"ca": {"r.io/a": ""}}}"#, #"{"trust_pinning": {"disable_tofu": 1}}"#,
        #"{"trust_pinning": {"disable_tofu": true, "Disable_TOFU": false}}"#,
        #"{"remote_server": {"url": "ftp://x"}}"#, #"{"content-trust": {"mode": "off"}}"#,
        #"{"content-trust": {"mode": "enforced", "trust-pinning": {"library-images": true}}}"#,
        #"{"content-trust": []}"#,
    ])
    func whatCannotBeRead(text: String) {
        let refusal = #expect(throws: Refusal.self) { try Self.made(text) }
        #expect(refusal?.reason == .usage)
        #expect(refusal?.checked.hasPrefix("f1.json line 1, column ") == true, "\(String(describing: refusal))")
    }

    // MARK: notary

    private static let notary = #"""
        {
          "Remote_Server": {"url": "https://notary.example.com:4443"},
          "trust_pinning": {
            "certs": {
              "docker.io/team/app": ["\#(one)", "\#(two)"],
              "docker.io/team/*": ["\#(two)"],
              "r.io/pre*": ["\#(one)"],
              "a*b*": ["\#(one)"]
            },
            "ca": {
              "docker.io/team/inner": "never.pem",
              "docker.io/other": "ca.pem",
              "c.io": "/etc/ca.pem"
            },
            "disable_tofu": true
          }
        }
        """#

    @Test(arguments: [
        ("docker.io/team/app", "1 of a1,b2"), ("docker.io/team/other", "1 of b2"),
        ("docker.io/team/inner/x", "1 of b2"),
        ("r.io/pre", "1 of a1"), ("r.io/prefix", "1 of a1"), ("r.io/prefix/x", "1 of a1"), ("r.io/pre/x", "1 of a1"),
        ("r.io/pr", ""), ("docker.io/other/x", "ca"), ("docker.io/others/x", "ca"), ("c.io/x", "ca"),
        ("c.io.evil.com/x", ""),
        ("x.io/a", ""),
    ])
    func notaryPinning(repository: String, words: String) throws {
        let at = "at --store 'notary+https://notary.example.com:4443'"
        let found = try Self.words(Self.made(Self.notary), repository).replacing("'", with: "")
        #expect(found == (words.isEmpty ? at : "\(words) \(at)").replacing("'", with: ""))
    }

    @Test func whatIsSaidOfNotary() throws {
        let made = try Self.made(Self.notary)
        #expect(made.notes.first { $0.scope == "docker.io/team/inner" }?.made.hasPrefix("left out") == true)
        #expect(made.notes.first { $0.scope == "a*b*" }?.made.hasPrefix("left out") == true)
        let text = String(decoding: made.text, as: UTF8.self)
        #expect(text.contains("\"/etc/notary/ca.pem\"") && text.contains("\"/etc/ca.pem\""))
        let loose = try Self.made(#"{"trust_pinning": {"disable_tofu": false}}"#)
        #expect(loose.notes.contains { $0.made.contains("first use") })
        #expect(try Self.words(loose, "r.io/a") == "at --store notary")
    }

    // MARK: docker

    private static func docker(_ mode: String) -> String {
        #"""
        {"debug": true, "content-trust": {"mode": "\#(mode)", "allow-expired-cached-trust-data": true, "trust-pinning": {
          "official-library-images": true,
          "root-keys": {"r.io/*": ["\#(one)"], "r.io/team/app": ["\#(one)"], "short/*": ["\#(one)"]},
          "cert-ids": {"r.io/team/app": ["\#(two)"], "r.io/wild/*": ["\#(two)"]}}}}
        """#
    }

    @Test(arguments: [
        ("r.io/a", "1 of a1 at --store notary"), ("r.io/team/app", "1 of b2 at --store notary"),
        ("r.io/wild/x", "1 of a1 at --store notary"), ("docker.io/library/alpine", "at --store notary"),
        ("docker.io/short/x", "refuse"), ("x.io/a", "refuse"),
    ])
    func dockerPinning(repository: String, words: String) throws {
        #expect(try Self.words(Self.made(Self.docker("enforced")), repository) == words)
        #expect(try Self.words(Self.made(Self.docker("disabled")), repository) == words)
        #expect(try Self.words(Self.made(Self.docker("permissive")), repository) == "\(words) audit")
        #expect(try Self.made(Self.docker("disabled")).notes.contains { $0.scope == "mode" })
        #expect(try Self.made(Self.docker("enforced")).notes.contains { $0.scope == "allow-expired-cached-trust-data" })
    }

    // MARK: Several

    @Test(arguments: [
        // Refused by one, pinned by the other.
        ("docker.io/team/app", "refuse"), ("host:5000/gpg/x", "refuse"), ("c.io/x", "refuse"),
        // Open in one: the other's demands count.
        ("docker.io/openshift/origin", "at --store notary+https://notary.example.com:4443"),
        ("open.example.com/x", "at --store notary+https://notary.example.com:4443"),
    ])
    func whatEachLetsThrough(repository: String, words: String) throws {
        for made in [try Self.made(Self.containers, Self.notary), try Self.made(Self.notary, Self.containers)] {
            #expect(try Self.words(made, repository).replacing("'", with: "") == words)
        }
        #expect(try Self.made(Self.containers, Self.notary).notes.contains { $0.made.contains("because of f2.json") })
    }

    @Test func differentPinsAreRefused() throws {
        let first = #"{"trust_pinning": {"certs": {"r.io/a": ["\#(Self.one)"]}}}"#
        let second = #"{"trust_pinning": {"certs": {"r.io/*": ["\#(Self.two)"]}}}"#
        #expect(try Self.words(Self.made(first, second), "r.io/a") == "refuse")
        #expect(try Self.words(Self.made(first, first), "r.io/a") == "1 of a1 at --store notary")
        // The pins of this machine and a key are two demands, of which a rule has one.
        for made in [try Self.made(first, second), try Self.made(second, first)] {
            #expect(try Self.words(made, "r.io/b") == "refuse")
            #expect(made.notes.contains { $0.made.contains("r.io/*: refused") && $0.made.contains("demand both") })
            #expect(try Self.words(made, "x.io/a") == "at --store notary")
        }
    }

    /// What two programs ask two servers about is not what either of them says.
    @Test func differentStoresAreRefused() throws {
        func pinning(_ server: String, _ more: String) -> String {
            #"{"remote_server": {"url": "https://\#(server)"}, "trust_pinning": {\#(more)}}"#
        }
        let keys = #""certs": {"r.io/*": ["\#(Self.one)"]}"#
        let made = try Self.made(pinning("a.example.com", #""disable_tofu": true"#), pinning("b.example.com", keys))
        #expect(try Self.words(made, "r.io/a") == "refuse")
        #expect(try Self.words(made, "x.io/a") == "refuse")
        let same = try Self.made(pinning("a.example.com", keys), pinning("b.example.com", keys))
        #expect(try Self.words(same, "r.io/a") == "refuse")
    }

    // MARK: Limits

    /// Scopes by their number.
    private static func scopes(_ numbers: Range<Int>, _ value: String) -> String {
        numbers.map { #""r.io/n\#($0)": \#(value)"# }.joined(separator: ",")
    }

    @Test func tooManyScopes() {
        let reject = #"[{"type": "reject"}]"#
        let limit = PolicyImport.maximumScopes
        let most = Self.scopes(0..<limit, reject)
        let files = Self.scopes(0..<(limit + 1), #""ca.pem""#)
        let keys = Self.scopes(0..<(limit + 1), #"["\#(Self.one)"]"#)
        for text in [
            #"{"default": \#(reject), "transports": {"docker": {\#(most)}, "dir": {"": \#(reject)}}}"#,
            #"{"trust_pinning": {"ca": {\#(files)}}}"#,
            #"{"content-trust": {"trust-pinning": {"root-keys": {\#(keys)}}}}"#,
        ] {
            let refusal = #expect(throws: Refusal.self) { try Self.made(text) }
            #expect(refusal?.reason == .usage)
            #expect(refusal?.found == "10001 scopes", "\(String(describing: refusal))")
            #expect(refusal?.expected == "at most 10000 in all")
            #expect(refusal?.checked.hasPrefix("f1.json line 1, column ") == true)
        }
    }

    @Test func tooManyScopesInAll() {
        func file(_ numbers: Range<Int>) -> String {
            let keys = Self.scopes(numbers, #"["\#(Self.one)"]"#)
            return #"{"trust_pinning": {"certs": {\#(keys)}}}"#
        }
        let refusal = #expect(throws: Refusal.self) { try Self.made(file(0..<6000), file(6000..<12_000)) }
        #expect(refusal?.reason == .usage)
        #expect(refusal?.checked == "f1.json, f2.json")
        #expect(refusal?.found == "12000 scopes")
        #expect(refusal?.expected == "at most 10000")
    }

    @Test func tooManyRules() {
        // Each scope of a registry's part is a rule for it and one for what is below it.
        let reject = #"[{"type": "reject"}]"#
        let scopes = Self.scopes(0..<6000, reject)
        let text = #"{"default": \#(reject), "transports": {"docker": {\#(scopes)}}}"#
        let refusal = #expect(throws: Refusal.self) { try Self.made(text) }
        #expect(refusal?.found == "scopes for 12002 rules")
    }
}
