import Foundation
import OCI
import TUF
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// Policies as files: what they say, and what is refused of them, with its place.
@Suite struct TrustPolicyTests {
    static let key = String(repeating: "a1", count: 32)
    static let digest = "sha256:" + String(repeating: "b2", count: 32)

    static func policy(_ text: String, now: Instant? = nil) throws(Refusal) -> TrustPolicy {
        try TrustPolicy(parsing: Array(text.utf8), name: "p.json", now: now) { (file) throws(Refusal) in
            throw Refusal(.usage, checked: file, found: "no such file")
        }
    }

    static func rules(_ rules: String) throws(Refusal) -> TrustPolicy {
        try policy(#"{"version": 1, "rules": [\#(rules)]}"#)
    }

    private static func exception(of tags: String) -> String {
        #"{"repositories": ["*"], "exceptions": [{"tags": ["\#(tags)"], "until": "2027-01-01T00:00:00Z", "because": "x"}]}"#
    }

    @Test(arguments: ["1.*", "*", "?", "[!a]*", "[0-9].[0-9]", "_a", String(repeating: "[0-9]", count: 40)])
    func patternsOfTags(_ pattern: String) throws {
        #expect(
            try Self.rules(Self.exception(of: pattern)).rules.first?.exceptions.first?.tags.map(\.string) == [pattern]
        )
    }

    @Test func everythingThatARuleCanSay() throws {
        let policy = try Self.policy(
            #"""
            {
              "$schema": "policy.schema.json",
              "version": 1,
              "rules": [
                {"repositories": ["*"], "comment": "the rest", "unsigned": "warn", "audit": true},
                {"repositories": ["bad.example.com/*"], "refuse": true},
                {
                  "repositories": ["r.example.com/team/app"],
                  "pins": [{"rootKeys": ["\#(Self.key)"], "signedAs": "original.example.com/app"},
                           {"dialect": "notary", "rootKeys": ["\#(Self.key)"]}],
                  "store": "notary+https://notary.example.com",
                  "signers": {"names": ["alice", "bob", "carol"], "threshold": 2},
                  "maximumStaleness": "36h",
                  "indexChildren": true,
                  "exceptions": [{"tags": ["1.*"], "digests": ["\#(Self.digest)"], "until": "2027-01-31T00:00:00Z",
                                  "because": "a test"}]
                }
              ]
            }
            """#
        )
        #expect(policy.rules.map(\.number) == [1, 2, 3])
        #expect(policy.rules.map(\.line) == [5, 6, 7])
        let rule = policy.rules[2]
        #expect(rule.pins.map(\.dialect) == [.tuf1, .notary])
        #expect(rule.pins.first?.signedName == "original.example.com/app")
        #expect(rule.signers == TrustPolicy.RequiredSigners(names: ["alice", "bob", "carol"], threshold: 2))
        #expect(rule.maximumStaleness == Int64(129_600))
        #expect(rule.allowsIndexChildren && !rule.isAudited && !rule.isRefused)
        #expect(rule.exceptions.map(\.because) == ["a test"])
        #expect(rule.store?.dialect == .notary)
        #expect(policy.rules[0].unsigned == .admitted)
        #expect(policy.rules[1].isRefused)
        #expect(policy.rule(for: "r.example.com/team/app")?.rule.number == 3)
        #expect(policy.rule(for: "r.example.com/team/other")?.rule.number == 1)
        #expect(policy.rule(for: "bad.example.com/x/y")?.pattern.description == "bad.example.com/*")
    }

    @Test func withoutARuleThereIsNone() throws {
        #expect(try Self.rules(#"{"repositories": ["r.io/a"]}"#).rule(for: "r.io/b") == nil)
    }

    struct Mistake: CustomTestStringConvertible {
        let rule: String
        let found: String
        var testDescription: String { found }
    }

    @Test(arguments: [
        Mistake(rule: #"{"repositories": ["*"], "unsinged": "warn"}"#, found: "unknown key unsinged"),
        Mistake(rule: #"{"repositories": []}"#, found: "repositories is no list, or an empty one"),
        Mistake(rule: #"{}"#, found: "a rule without repositories"),
        Mistake(rule: #"[]"#, found: "the rule is no object"),
        Mistake(rule: #"{"repositories": ["alpine"]}"#, found: "alpine can never match a repository"),
        Mistake(rule: #"{"repositories": ["r.io/a", "r.io/a"]}"#, found: "r.io/a stands twice"),
        Mistake(rule: #"{"repositories": ["*"]}, {"repositories": ["*"]}"#, found: "* never counts: it stands already"),
        Mistake(
            rule: #"{"repositories": ["*"], "refuse": true, "unsigned": "warn"}"#,
            found: "unsigned can never count"
        ),
        Mistake(rule: #"{"repositories": ["*"], "refuse": "yes"}"#, found: "refuse is neither true nor false"),
        Mistake(
            rule: #"{"repositories": ["*"], "unsigned": "warn", "pins": [{"rootKeys": ["\#(key)"]}]}"#,
            found: "what is pinned never counts as unsigned"
        ),
        Mistake(rule: #"{"repositories": ["*"], "unsigned": "allow"}"#, found: "unsigned is none of its values"),
        Mistake(rule: #"{"repositories": ["*"], "unsigned": {"digests": ["x"]}}"#, found: "x is no digest"),
        Mistake(rule: #"{"repositories": ["*"], "pins": []}"#, found: "pins is no list, or an empty one"),
        Mistake(rule: #"{"repositories": ["*"], "pins": [{}]}"#, found: "0 anchors"),
        Mistake(rule: #"{"repositories": ["*"], "pins": [{"rootKeys": ["k"]}]}"#, found: "k is no key id"),
        Mistake(
            rule: #"{"repositories": ["*"], "pins": [{"rootKeys": ["\#(key)"], "threshold": 2}]}"#,
            found: "a threshold that nothing can meet"
        ),
        Mistake(
            rule: #"{"repositories": ["*"], "pins": [{"rootKeys": ["\#(key)"]}, {"rootKeys": ["\#(key)"]}]}"#,
            found: "a second pin of the dialect tuf"
        ),
        Mistake(
            rule: #"{"repositories": ["*"], "pins": [{"rootKeys": ["\#(key)"], "signedAs": "r.io/a"}]}"#,
            found: "one signed name for several repositories"
        ),
        Mistake(
            rule: #"{"repositories": ["*"], "pins": [{"authorities": "ca.pem"}]}"#,
            found: "authorities can never count"
        ),
        Mistake(
            rule: #"{"repositories": ["*"], "store": "notary", "pins": [{"rootKeys": ["\#(key)"]}]}"#,
            found: "no pin for what the store holds"
        ),
        Mistake(rule: #"{"repositories": ["*"], "store": "dir:relative"}"#, found: "relative is no absolute path"),
        Mistake(rule: #"{"repositories": ["*"], "store": "ftp://x"}"#, found: "ftp://x is no trust store"),
        Mistake(rule: #"{"repositories": ["r.io/a"], "store": "trust"}"#, found: "trust is no trust store"),
        Mistake(rule: #"{"repositories": ["r.io/a"], "store": "r.io/*"}"#, found: "r.io/* is no trust store"),
        Mistake(rule: #"{"repositories": ["r.io/a"], "store": "r.io/t:1"}"#, found: "r.io/t:1 is no trust store"),
        Mistake(rule: #"{"repositories": ["r.io/a"], "store": "R.io/t"}"#, found: "R.io/t is no trust store"),
        Mistake(rule: #"{"repositories": ["r.io/a"], "store": "r.io/a"}"#, found: "r.io/a is the repository itself"),
        Mistake(
            rule: #"{"repositories": ["r.io/*"], "store": "r.io/trust"}"#,
            found: "one trust repository for several repositories"
        ),
        Mistake(
            rule: #"{"repositories": ["r.io/a", "r.io/b"], "store": "r.io/trust"}"#,
            found: "one trust repository for several repositories"
        ),
        Mistake(
            rule: #"{"repositories": ["*"], "audit": true, "audit": false}"#,
            found: "the key audit stands there twice"
        ),
        Mistake(rule: #"{"repositories": ["r.io/a"], "\u0072epositories": ["r.io/b"]}"#, found: "the key repositories"),
        Mistake(
            rule: #"{"repositories": ["*"], "signers": {"names": ["a", "b"], "threshold": 3}}"#,
            found: "a threshold that nothing can meet"
        ),
        Mistake(rule: #"{"repositories": ["*"], "signers": {"names": ["a"]}}"#, found: "no threshold"),
        Mistake(
            rule: #"{"repositories": ["*"], "signers": {"names": ["root"], "threshold": 1}}"#,
            found: "root is no name of a signer"
        ),
        Mistake(rule: #"{"repositories": ["*"], "maximumStaleness": "36"}"#, found: "maximumStaleness is no length"),
        Mistake(rule: #"{"repositories": ["*"], "exceptions": [{}]}"#, found: "an exception for everything"),
        Mistake(rule: #"{"repositories": ["*"], "exceptions": [{"tags": ["1"]}]}"#, found: "no end"),
        Mistake(
            rule: #"{"repositories": ["*"], "exceptions": [{"tags": ["1"], "until": "tomorrow", "because": "x"}]}"#,
            found: "until is no date"
        ),
        Mistake(
            rule: #"{"repositories": ["*"], "exceptions": [{"tags": ["1"], "until": "2027-01-01T00:00:00Z"}]}"#,
            found: "no reason"
        ),
        Mistake(rule: exception(of: "team/app"), found: "team/app can never match a tag"),
        Mistake(rule: exception(of: "-1"), found: "-1 can never match a tag"),
        Mistake(rule: exception(of: "1:*"), found: "1:* can never match a tag"),
        Mistake(rule: exception(of: "a!b"), found: "a!b can never match a tag"),
    ])
    func mistakes(_ mistake: Mistake) {
        let refusal = #expect(throws: Refusal.self) { try Self.rules(mistake.rule) }
        #expect(refusal?.reason == .usage)
        #expect(refusal?.found.hasPrefix(mistake.found) == true, "\(String(describing: refusal))")
        #expect(refusal?.checked.hasPrefix("policy p.json line 1, column ") == true)
    }

    @Test(arguments: [
        "", " ", "{", "[]", "{}", #"{"version": 2, "rules": []}"#, #"{"version": 1}"#, "\u{feff}{}", "nul",
    ])
    func whatIsNoPolicy(text: String) {
        let refusal = #expect(throws: Refusal.self) { try Self.policy(text) }
        #expect(refusal?.reason == .usage)
    }

    /// What is deeper, or not UTF-8, is refused before anything is believed of it.
    @Test func whatNoReaderShouldTake() throws {
        let deep =
            #"{"version": 1, "rules": [{"repositories": ["*"], "comment": "#
            + String(repeating: "[", count: 40_000) + String(repeating: "]", count: 40_000) + "}]}"
        #expect(throws: Refusal.self) { try Self.policy(deep) }
        let bytes = Array(#"{"version": 1, "comment": ""#.utf8) + [0xff, 0xfe] + Array(#""}"#.utf8)
        let refusal = #expect(throws: Refusal.self) {
            try TrustPolicy(parsing: bytes, name: "p.json") { (_) throws(Refusal) in [] }
        }
        #expect(refusal?.checked.hasPrefix("policy p.json line 1, column 2") == true, "\(String(describing: refusal))")
    }

    @Test func aDoubledKeyIsNamedByItsPlace() {
        let refusal = #expect(throws: Refusal.self) {
            try Self.policy(
                "{\"version\": 1,\n  \"rules\": [{\"repositories\": [\"*\"],\n    \"audit\": true, \"audit\": false}]}"
            )
        }
        #expect(refusal?.checked == "policy p.json line 3, column 20")
    }

    /// Whatever is written on one line, and however many lines there are: places are found at once.
    @Test func manyRulesAreReadQuickly() throws {
        let exception = #"{"tags": ["1"], "until": "2020-01-01T00:00:00Z", "because": "x"}"#
        let rules = (0..<2_000).map { #"{"repositories": ["r.io/a\#($0)"], "exceptions": [\#(exception)]}"# }
        let text = #"{"version": 1, "rules": [\#(rules.joined(separator: ","))]}"#
        let policy = try Self.policy(text, now: SimulatedClock.start)
        #expect(policy.rules.count == 2_000 && policy.warnings.count == 2_000)
        #expect(policy.rule(for: "R.io:443/a77")?.rule.number == 78)
        #expect(throws: Refusal.self) { try Self.rules((rules + rules.prefix(1)).joined(separator: ",")) }
    }

    @Test func placesOfBytes() {
        let text = "é\n" + String(repeating: "é", count: 5000) + "x\n\ny"
        let bytes = Array(text.utf8)
        let places = TextPlaces(bytes)
        #expect(places.place(of: 0) == TextPlace(line: 1, column: 1))
        #expect(places.place(of: 2) == TextPlace(line: 1, column: 2))
        #expect(places.place(of: 3) == TextPlace(line: 2, column: 1))
        #expect(places.place(of: 10_003) == TextPlace(line: 2, column: 5001))
        #expect(places.place(of: bytes.count - 1) == TextPlace(line: 4, column: 1))
        #expect(places.place(of: bytes.count) == TextPlace(line: 4, column: 2))
        #expect(TextPlaces([]).place(of: 0) == TextPlace(line: 1, column: 1))
    }

    @Test func trustDataMayLieInAnotherRepository() throws {
        let policy = try Self.rules(#"{"repositories": ["r.io/a"], "store": "trust.example.com/r.io/a"}"#)
        #expect(policy.rules.first?.store == .registry(try RepositoryName(parsing: "trust.example.com/r.io/a")))
    }

    /// However somebody writes the name of a registry, he gets its rule.
    @Test(arguments: [
        "r.example.com/bad/app:1", "R.Example.com/bad/app:1", "r.example.com:443/bad/app:1",
        "R.example.COM:443/bad/app",
    ])
    func noNameEvadesARule(reference: String) throws {
        let policy = try Self.rules(
            #"{"repositories": ["*"], "unsigned": "warn"}, {"repositories": ["r.example.com/bad/*"], "refuse": true}"#
        )
        #expect(try policy.requiredRule(for: ImageQuestion(reference).subject).rule.isRefused)
    }

    @Test(arguments: [
        "r.example.com./bad/app:1", "r.example.com/b%61d/app:1", "r.example.com/bad//app",
        "r.example.com/bad/../bad/app",
        "r.example.c\u{043e}m/bad/app", "r.example.com/b\u{0430}d/app", "r\u{ff0e}example.com/bad/app",
        "r.example.com/Bad/app",
        "https://r.example.com/bad/app",
    ])
    func whatCouldEvadeOneIsNoReference(reference: String) {
        let refusal = #expect(throws: Refusal.self) { try ImageQuestion(reference) }
        #expect(refusal?.reason == .usage)
    }

    @Test func tooLarge() {
        let text = #"{"version": 1, "rules": []}"# + String(repeating: " ", count: TrustPolicy.maximumLength)
        #expect(throws: Refusal.self) { try Self.policy(text) }
    }

    @Test func placesCountCharacters() throws {
        let refusal = #expect(throws: Refusal.self) {
            try Self.policy("{\"version\": 1,\n \"rules\": [{\"comment\": \"é\", \"x\": 1}]}")
        }
        #expect(refusal?.checked == "policy p.json line 2, column 29")
    }

    @Test func exceptionsThatHaveEndedAreToldOnly() throws {
        let text = #"""
            {"version": 1, "rules": [{"repositories": ["*"],
              "exceptions": [{"tags": ["1"], "until": "2020-01-01T00:00:00Z", "because": "x"}]}]}
            """#
        #expect(try Self.policy(text, now: SimulatedClock.start).warnings.count == 1)
        #expect(try Self.policy(text).warnings.isEmpty)
    }

    // MARK: Letting through

    private static func rule(_ text: String) throws -> TrustPolicy.Rule { try #require(try rules(text).rules.first) }

    @Test func whatIsUnsigned() throws {
        let listed = try Digest(parsing: Self.digest)
        let other = Digest.compute(over: Array("other".utf8).span)
        let now = SimulatedClock.start
        let refused = try Self.rule(#"{"repositories": ["*"]}"#)
        #expect(refused.admission(of: .unsignedRepository, tag: "1", digest: listed, at: now) == nil)
        let warned = try Self.rule(#"{"repositories": ["*"], "unsigned": "warn"}"#)
        #expect(warned.admission(of: .unsignedRepository, tag: "1", digest: nil, at: now) == .unsigned)
        // What was pinned or seen is not unsigned, nor is a tag that good trust data does not list.
        for reason in Reason.all where reason != .unsignedRepository {
            #expect(warned.admission(of: reason, tag: "1", digest: listed, at: now) == nil)
        }
        let list = try Self.rule(#"{"repositories": ["*"], "unsigned": {"digests": ["\#(Self.digest)"]}}"#)
        #expect(list.admission(of: .unsignedRepository, tag: "1", digest: listed, at: now) == .unsigned)
        #expect(list.admission(of: .unsignedRepository, tag: "1", digest: other, at: now) == nil)
        #expect(list.admission(of: .unsignedRepository, tag: "1", digest: nil, at: now) == nil)
    }

    @Test func exceptionsCoverWhatTheyName() throws {
        let digest = try Digest(parsing: Self.digest)
        let before = try #require(Instant(rfc3339: "2026-12-31T23:59:59Z"))
        let end = try #require(Instant(rfc3339: "2027-01-01T00:00:00Z"))
        let tags = try Self.rule(
            #"""
            {"repositories": ["*"], "exceptions": [{"tags": ["1.*"], "until": "2027-01-01T00:00:00Z", "because": "x"}]}
            """#
        )
        func isCovered(_ rule: TrustPolicy.Rule, _ reason: Reason, _ tag: String?, _ at: Instant) -> Bool {
            rule.admission(of: reason, tag: tag, digest: digest, at: at) != nil
        }
        for reason in [Reason.unsignedTag, .unsignedRepository, .expired] {
            #expect(isCovered(tags, reason, "1.0", before))
            #expect(!isCovered(tags, reason, "1.0", end))
            #expect(!isCovered(tags, reason, "2.0", before))
            #expect(!isCovered(tags, reason, nil, before))
        }
        // A name alone is no word about what an attacker serves under it.
        for reason in [Reason.badSignature, .tagMoved, .rollback, .wrongRoot, .trustDataMissing, .unreachable] {
            #expect(!isCovered(tags, reason, "1.0", before))
        }
        let content = try Self.rule(
            #"""
            {"repositories": ["*"], "exceptions": [{"digests": ["\#(Self.digest)"], "until": "2027-01-01T00:00:00Z",
             "because": "x"}]}
            """#
        )
        #expect(isCovered(content, .tagMoved, "1.0", before))
        #expect(content.admission(of: .tagMoved, tag: "1.0", digest: nil, at: before) == nil)
    }

    @Test func auditLetsEverythingThrough() throws {
        let rule = try Self.rule(#"{"repositories": ["*"], "audit": true}"#)
        #expect(rule.admission(of: .badSignature, tag: "1", digest: nil, at: SimulatedClock.start) == .audited)
    }

    // MARK: Files

    @Test func filesThatOthersCanWriteAreRefused() throws {
        let directory = try TemporaryDirectory()
        let text = #"{"version": 1, "rules": [{"repositories": ["*"]}]}"#
        let path = try directory.write(Array(text.utf8), to: "policy.json")
        try Files.setMode(path, 0o644)
        #expect(try TrustPolicy(contentsOf: path).rules.count == 1)
        try Files.setMode(path, 0o664)
        let refusal = #expect(throws: Refusal.self) { try TrustPolicy(contentsOf: path) }
        #expect(refusal?.reason == .storage)
        #expect(throws: Refusal.self) { try TrustPolicy(contentsOf: directory.path) }
        #expect(throws: Refusal.self) { try TrustPolicy(contentsOf: directory.file("none")) }
    }

    /// What a link leads to is what counts, and neither a pipe nor a device is waited for.
    @Test(.timeLimit(.minutes(1))) func filesOfOtherKinds() throws {
        let directory = try TemporaryDirectory()
        let text = #"{"version": 1, "rules": [{"repositories": ["*"]}]}"#
        let path = try directory.write(Array(text.utf8), to: "policy.json")
        try Files.setMode(path, 0o644)
        let link = directory.file("link.json")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        #expect(try TrustPolicy(contentsOf: link).rules.count == 1)
        try Files.setMode(path, 0o666)
        #expect(throws: Refusal.self) { try TrustPolicy(contentsOf: link) }
        let lost = directory.file("lost.json")
        try FileManager.default.createSymbolicLink(atPath: lost, withDestinationPath: directory.file("none"))
        let pipe = directory.file("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        for (file, reason) in [
            (lost, Reason.usage), (pipe, .storage), ("/dev/null", .storage), ("/dev/zero", .storage),
            (directory.path, .storage),
            ("\(path)/x", .usage),
        ] {
            let refusal = #expect(throws: Refusal.self) { try TrustPolicy(contentsOf: file) }
            #expect(refusal?.reason == reason, "\(file): \(String(describing: refusal))")
        }
    }

    @Test func theFilesThatItNamesAreHeldToTheSame() throws {
        let directory = try TemporaryDirectory()
        let text =
            #"{"version": 1, "rules": [{"repositories": ["*"], "pins": [{"dialect": "notary", "authorities": "ca.pem"}]}]}"#
        let path = try directory.write(Array(text.utf8), to: "policy.json")
        try Files.setMode(path, 0o644)
        let missing = #expect(throws: Refusal.self) { try TrustPolicy(contentsOf: path) }
        #expect(missing?.reason == .usage && missing?.checked.hasSuffix("/ca.pem") == true)
        let authorities = try directory.write(Array("no PEM".utf8), to: "ca.pem")
        try Files.setMode(authorities, 0o644)
        #expect(#expect(throws: Refusal.self) { try TrustPolicy(contentsOf: path) }?.reason == .usage)
        try Files.setMode(authorities, 0o646)
        #expect(#expect(throws: Refusal.self) { try TrustPolicy(contentsOf: path) }?.reason == .storage)
    }
}
