import TUF
import Testing
import TrustTestSupport

@testable import ContentTrust

/// Cases that a policy is tried with: what they say, what comes out, and what is refused of them.
@Suite struct PolicyCasesTests {
    private static let key = TrustPolicyTests.key
    private static let other = String(repeating: "c3", count: 32)
    private static let digest = TrustPolicyTests.digest
    private static let child = "sha256:" + String(repeating: "d4", count: 32)

    private static let policy = #"""
        {"repositories": ["r.io/*"]},
        {"repositories": ["r.io/pinned/*"], "pins": [{"rootKeys": ["\#(key)"]}],
         "exceptions": [{"tags": ["old-*"], "until": "2027-01-01T00:00:00Z", "because": "x"}]},
        {"repositories": ["r.io/signed/*"], "signers": {"names": ["alice", "bob", "carol"], "threshold": 2}},
        {"repositories": ["r.io/fresh/*"], "maximumStaleness": "1h"},
        {"repositories": ["r.io/open/*"], "unsigned": "warn"},
        {"repositories": ["r.io/listed/*"], "unsigned": {"digests": ["\#(digest)"]}},
        {"repositories": ["r.io/index/*"], "indexChildren": true},
        {"repositories": ["r.io/audit/*"], "audit": true},
        {"repositories": ["r.io/bad/*"], "refuse": true,
         "exceptions": [{"digests": ["\#(digest)"], "until": "2027-01-01T00:00:00Z", "because": "x"}]},
        {"repositories": ["r.io/notary/*"], "pins": [{"dialect": "notary", "rootKeys": ["\#(key)"]}]},
        {"repositories": ["r.io/server/*"], "store": "notary", "pins": [{"dialect": "notary", "rootKeys": ["\#(key)"]}]}
        """#

    private static func outcome(_ one: String) async throws -> PolicyCase.Outcome {
        let cases = try PolicyCases(parsing: Array(#"{"version": 1, "cases": [\#(one)]}"#.utf8), name: "c.json")
        let policy = try TrustPolicyTests.rules(policy)
        return try #require(try await policy.outcomes(of: cases, at: SimulatedClock.start).first)
    }

    struct Row: CustomTestStringConvertible {
        let reference: String
        let found: String
        var more = ""
        let rule: Int?
        let admission: String?
        let reason: Reason
        var testDescription: String { "\(reference) \(found) \(more)" }
    }

    @Test(arguments: [
        Row(reference: "r.io/a:1", found: #""trusted""#, rule: 1, admission: "trusted", reason: .trusted),
        Row(reference: "R.io:443/a:1", found: "{}", rule: 1, admission: "trusted", reason: .trusted),
        Row(reference: "x.io/a:1", found: #""trusted""#, rule: nil, admission: nil, reason: .policy),
        Row(reference: "r.io/a:1", found: #""unreachable""#, rule: 1, admission: nil, reason: .unreachable),
        // Pins: what they pin is never unsigned, whoever signs for it must have a pinned key.
        Row(reference: "r.io/pinned/a:1", found: "{}", rule: 2, admission: "trusted", reason: .trusted),
        Row(
            reference: "r.io/pinned/a:1",
            found: #"{"rootKeys": ["\#(other)"]}"#,
            rule: 2,
            admission: nil,
            reason: .wrongRoot
        ),
        Row(
            reference: "r.io/pinned/a:1",
            found: #"{"rootKeys": ["\#(other)", "\#(key)"]}"#,
            rule: 2,
            admission: "trusted",
            reason: .trusted
        ),
        Row(
            reference: "r.io/pinned/a:old-1",
            found: #""unsigned-repository""#,
            rule: 2,
            admission: nil,
            reason: .trustDataMissing
        ),
        Row(
            reference: "r.io/pinned/a:old-1",
            found: #""unsigned-tag""#,
            more: #""at": "2026-12-31T00:00:00Z","#,
            rule: 2,
            admission: "excepted",
            reason: .unsignedTag
        ),
        Row(
            reference: "r.io/pinned/a:old-1",
            found: #""unsigned-tag""#,
            more: #""at": "2027-01-01T00:00:00Z","#,
            rule: 2,
            admission: nil,
            reason: .unsignedTag
        ),
        Row(reference: "r.io/notary/a:1", found: "{}", rule: 10, admission: nil, reason: .noPin),
        Row(reference: "r.io/server/a:1", found: "{}", rule: 11, admission: "trusted", reason: .trusted),
        // Signers.
        Row(reference: "r.io/signed/a:1", found: #""trusted""#, rule: 3, admission: nil, reason: .policy),
        Row(reference: "r.io/signed/a:1", found: #"{"signers": ["bob"]}"#, rule: 3, admission: nil, reason: .policy),
        Row(
            reference: "r.io/signed/a:1",
            found: #"{"signers": ["bob", "eve"]}"#,
            rule: 3,
            admission: nil,
            reason: .policy
        ),
        Row(
            reference: "r.io/signed/a:1",
            found: #"{"signers": ["bob", "carol"]}"#,
            rule: 3,
            admission: "trusted",
            reason: .trusted
        ),
        // Freshness.
        Row(reference: "r.io/fresh/a:1", found: #"{"age": "60m"}"#, rule: 4, admission: "trusted", reason: .trusted),
        Row(reference: "r.io/fresh/a:1", found: #"{"age": "3601s"}"#, rule: 4, admission: nil, reason: .expired),
        // Unsigned.
        Row(
            reference: "r.io/open/a:1",
            found: #""unsigned-repository""#,
            rule: 5,
            admission: "unsigned",
            reason: .unsignedRepository
        ),
        Row(reference: "r.io/open/a:1", found: #""unsigned-tag""#, rule: 5, admission: nil, reason: .unsignedTag),
        Row(
            reference: "r.io/listed/a:1",
            found: #""unsigned-repository""#,
            more: #""served": "\#(digest)","#,
            rule: 6,
            admission: "unsigned",
            reason: .unsignedRepository
        ),
        Row(
            reference: "r.io/listed/a:1",
            found: #""unsigned-repository""#,
            more: #""served": "\#(child)","#,
            rule: 6,
            admission: nil,
            reason: .unsignedRepository
        ),
        Row(
            reference: "r.io/listed/a:1",
            found: #""unsigned-repository""#,
            rule: 6,
            admission: nil,
            reason: .unsignedRepository
        ),
        // Digests.
        Row(
            reference: "r.io/a:1@\(child)",
            found: #"{"digest": "\#(digest)", "children": ["\#(child)"]}"#,
            rule: 1,
            admission: nil,
            reason: .tagMoved
        ),
        Row(
            reference: "r.io/index/a:1@\(child)",
            found: #"{"digest": "\#(digest)", "children": ["\#(child)"]}"#,
            rule: 7,
            admission: "trusted",
            reason: .trusted
        ),
        Row(
            reference: "r.io/index/a:1@\(child)",
            found: #"{"digest": "\#(digest)", "children": ["\#(digest)"]}"#,
            rule: 7,
            admission: nil,
            reason: .tagMoved
        ),
        Row(
            reference: "r.io/index/a@\(child)",
            found: #"{"digest": "\#(digest)"}"#,
            rule: 7,
            admission: nil,
            reason: .unsignedTag
        ),
        Row(
            reference: "r.io/audit/a:1",
            found: #""bad-signature""#,
            rule: 8,
            admission: "audited",
            reason: .badSignature
        ),
        // Refused outright.
        Row(reference: "r.io/bad/a:1", found: #""trusted""#, rule: 9, admission: nil, reason: .policy),
        Row(reference: "r.io/bad/a@\(digest)", found: #""trusted""#, rule: 9, admission: "excepted", reason: .policy),
    ])
    func whatComesOut(_ row: Row) async throws {
        let expected = """
            {"rule": \(row.rule.map(String.init) ?? "null"), "admitted": \(row.admission != nil),
             \(row.admission.map { "\"admission\": \"\($0)\"," } ?? "") "reason": "\(row.reason)"}
            """
        let outcome = try await Self.outcome(
            #"{"name": "n", "reference": "\#(row.reference)", \#(row.more) "found": \#(row.found), "expected": \#(expected)}"#
        )
        #expect(outcome.rule?.rule.number == row.rule)
        #expect(outcome.admission?.code == row.admission)
        #expect(outcome.reason == row.reason, "\(String(describing: outcome.refusal))")
        #expect(outcome.differences.isEmpty)
    }

    @Test(arguments: [
        (#"{"rule": 2}"#, "rule", "2", "1"), (#"{"rule": null}"#, "rule", "none", "1"),
        (#"{"line": 9}"#, "line", "9", "1"),
        (#"{"pattern": "r.io/a"}"#, "pattern", "r.io/a", "r.io/*"),
        (#"{"admitted": false}"#, "admitted", "false", "true"),
        (#"{"admission": "audited"}"#, "admission", "audited", "trusted"),
        (#"{"reason": "expired"}"#, "reason", "expired", "trusted"),
    ])
    func whatDiffersIsSaid(expected: String, member: String, wanted: String, found: String) async throws {
        let outcome = try await Self.outcome(
            #"{"name": "n", "reference": "r.io/a:1", "found": "trusted", "expected": \#(expected)}"#
        )
        #expect(outcome.differences == [PolicyCase.Difference(member: member, expected: wanted, found: found)])
    }

    @Test func rulesWithoutCase() async throws {
        let text = #"""
            {"version": 1, "cases": [
              {"name": "a", "reference": "r.io/a", "found": "trusted", "expected": {"rule": 1}},
              {"name": "b", "reference": "x.io/a", "found": "trusted", "expected": {"rule": null}}
            ]}
            """#
        let policy = try TrustPolicyTests.rules(#"{"repositories": ["r.io/a"]}, {"repositories": ["r.io/b"]}"#)
        let cases = try PolicyCases(parsing: Array(text.utf8), name: "c.json")
        let outcomes = try await policy.outcomes(of: cases, at: SimulatedClock.start)
        #expect(policy.rules(withoutCaseIn: outcomes).map(\.number) == [2])
        #expect(outcomes.map(\.testedCase.line) == [2, 3])
    }

    @Test(
        arguments: [
            (#""trusted""#, .policy), ("{}", .policy), (#"{"proofs": ["cosign"]}"#, .policy),
            (#"{"proofs": ["notation"]}"#, .policy), (#"{"proofs": ["notation", "cosign"]}"#, .trusted),
            (#"{"proofs": ["notation", "cosign"], "age": "2h"}"#, .expired), (#""unreachable""#, .unreachable),
        ] as [(String, Reason)]
    )
    func proofs(found: String, reason: Reason) async throws {
        let key = try Files.read(try Files.fixture("keys/p256.pub.pem"))
        let authority = try Files.read(try Files.fixture("signatures/notation/root.pem"))
        let text = #"""
            {"version": 1, "rules": [{"repositories": ["*"], "maximumStaleness": "1h", "proofs": [
              {"cosign": {"keys": ["cosign.pub"]}}, {"notation": {"certificates": ["ca.pem"]}}]}]}
            """#
        let policy = try TrustPolicy(parsing: Array(text.utf8), name: "p.json") { (file) throws(Refusal) in
            file == "cosign.pub" ? key : authority
        }
        // In a layout no signatures of other tools are looked for, so that it never meets a proof.
        for (reference, reason) in [("r.io/a:1", reason), ("oci:/srv/a:1", reason == .trusted ? .policy : reason)] {
            let one = #"{"name": "n", "reference": "\#(reference)", "found": \#(found), "expected": {"rule": 1}}"#
            let cases = try PolicyCases(parsing: Array(#"{"version": 1, "cases": [\#(one)]}"#.utf8), name: "c.json")
            let outcomes = try await policy.outcomes(of: cases, at: SimulatedClock.start)
            let outcome = try #require(outcomes.first)
            #expect(outcome.reason == reason, "\(reference): \(String(describing: outcome.refusal))")
            #expect((outcome.admission != nil) == (reason == .trusted))
        }
    }

    @Test func keysCannotBeHeldAgainstWhatNamesNone() async throws {
        let refusal = await #expect(throws: Refusal.self) {
            try await Self.outcome(
                #"""
                {"name": "n", "reference": "r.io/audit/a:1", "found": {"rootKeys": ["\#(Self.key)"]}, "expected": {"rule": 8}}
                """#
            )
        }
        #expect(refusal?.reason == .usage && refusal?.checked == "cases c.json line 1")
    }

    @Test(arguments: [
        (#"{"name": "n"}"#, "no reference"),
        (#"{"name": "n", "reference": "r.io/a", "found": "trusted"}"#, "no expected"),
        (
            #"{"name": "n", "reference": "r.io/A", "found": "trusted", "expected": {"rule": 1}}"#,
            "r.io/A is no reference"
        ),
        (#"{"name": "", "reference": "r.io/a", "found": "trusted", "expected": {"rule": 1}}"#, "name is no string"),
        (
            #"{"name": "n", "reference": "r.io/a", "found": "good", "expected": {"rule": 1}}"#,
            "good, which found cannot be"
        ),
        (#"{"name": "n", "reference": "r.io/a", "found": "policy", "expected": {"rule": 1}}"#, "policy, which found"),
        (#"{"name": "n", "reference": "r.io/a", "found": 1, "expected": {"rule": 1}}"#, "found is no string"),
        (#"{"name": "n", "reference": "r.io/a", "found": {"x": 1}, "expected": {"rule": 1}}"#, "unknown key x"),
        (#"{"name": "n", "reference": "r.io/a", "found": {"age": "1"}, "expected": {"rule": 1}}"#, "age is no length"),
        (
            #"{"name": "n", "reference": "r.io/a", "found": {"rootKeys": ["a"]}, "expected": {"rule": 1}}"#,
            "a is no key id"
        ),
        (
            #"{"name": "n", "reference": "r.io/a", "found": {"signers": ["root"]}, "expected": {"rule": 1}}"#,
            "root is no name"
        ),
        (
            #"{"name": "n", "reference": "r.io/a", "found": {"proofs": ["gpg"]}, "expected": {"rule": 1}}"#,
            "gpg is no tool"
        ),
        (
            #"{"name": "n", "reference": "r.io/a", "found": {"proofs": []}, "expected": {"rule": 1}}"#,
            "proofs is no list"
        ),
        (
            #"{"name": "n", "reference": "r.io/a", "found": {"children": ["\#(digest)"]}, "expected": {"rule": 1}}"#,
            "children can never count"
        ),
        (
            #"{"name": "n", "reference": "r.io/a", "served": "x", "found": "trusted", "expected": {"rule": 1}}"#,
            "x is no digest"
        ),
        (
            #"{"name": "n", "reference": "r.io/a@\#(digest)", "served": "\#(digest)", "found": "trusted", "expected": {}}"#,
            "\(digest) can never count"
        ),
        (
            #"{"name": "n", "reference": "r.io/a", "at": "now", "found": "trusted", "expected": {"rule": 1}}"#,
            "at is no date"
        ),
        (#"{"name": "n", "reference": "r.io/a", "found": "trusted", "expected": {}}"#, "nothing is expected"),
        (#"{"name": "n", "reference": "r.io/a", "found": "trusted", "expected": {"rule": 0}}"#, "rule is no number"),
        (
            #"{"name": "n", "reference": "r.io/a", "found": "trusted", "expected": {"rule": null, "line": 1}}"#,
            "a place in no"
        ),
        (
            #"{"name": "n", "reference": "r.io/a", "found": "trusted", "expected": {"admission": "x"}}"#,
            "admission is none"
        ),
        (
            #"{"name": "n", "reference": "r.io/a", "found": "trusted", "expected": {"admitted": false, "admission": "audited"}}"#,
            "an admission of what is not admitted"
        ),
        (
            #"{"name": "n", "reference": "r.io/a", "found": "trusted", "expected": {"admitted": false, "reason": "trusted"}}"#,
            "the reason trusted contradicts"
        ),
        (
            #"{"name": "n", "reference": "r.io/a", "found": "trusted", "expected": {"admission": "audited", "reason": "trusted"}}"#,
            "the reason trusted contradicts"
        ),
        (
            #"{"name": "n", "reference": "r.io/a", "found": "trusted", "expected": {"rule": 1}}"#
                + #", {"name": "n", "reference": "r.io/a", "found": "trusted", "expected": {"rule": 1}}"#,
            "n is the name of the case in line 1"
        ),
    ])
    func mistakes(_ one: String, found: String) {
        let refusal = #expect(throws: Refusal.self) {
            try PolicyCases(parsing: Array(#"{"version": 1, "cases": [\#(one)]}"#.utf8), name: "c.json")
        }
        #expect(refusal?.reason == .usage)
        #expect(refusal?.found.hasPrefix(found) == true, "\(String(describing: refusal))")
        #expect(refusal?.checked.hasPrefix("cases c.json line 1, column ") == true)
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"version": 2, "cases": []}"#, #"{"version": 1, "cases": []}"#,
        #"{"version": 1, "case": []}"#,
        #"{"version": 1, "cases": {}}"#, #"{"version": 1, "version": 1}"#,
    ])
    func whatAreNoCases(text: String) {
        #expect(throws: Refusal.self) { try PolicyCases(parsing: Array(text.utf8), name: "c.json") }
    }

    @Test func tooMany() {
        let one = #"{"name": "n", "reference": "a", "found": "trusted", "expected": {"rule": 1}}"#
        let text = #"{"version": 1, "cases": [\#(Array(repeating: one, count: 10_001).joined(separator: ","))]}"#
        let refusal = #expect(throws: Refusal.self) { try PolicyCases(parsing: Array(text.utf8), name: "c.json") }
        #expect(refusal?.found == "10001 cases")
    }
}
