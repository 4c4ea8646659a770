import CanonicalJSON
import ContentTrust
import Synchronization
import Testing
import TrustCrypto
import TrustTestSupport

/// Records of decisions, as JSON.
@Suite struct AuditRecordTests {
    private static let unsigned = #"{"repositories": ["*"], "store": "dir:/nowhere/at/all", "unsigned": "warn"}"#
    private static let excepted = #"""
        {"repositories": ["*"], "store": "dir:/nowhere/at/all", "exceptions":
          [{"tags": ["*"], "until": "2099-01-01T00:00:00Z", "because": "the \u0007 bell\n\u2028"}]}
        """#

    /// The record of one decision, held against the schema.
    private static func record(
        _ verifier: (@escaping (inout ImageVerifier.Options) -> Void) throws -> ImageVerifier,
        _ reference: String,
        requester: String? = nil
    ) async throws -> JSONValue {
        let lines = Mutex<[String]>([])
        let question = try {
            var question = try ImageQuestion(reference)
            question.requester = requester
            return question
        }()
        let decision = await
            (try verifier { options in
                options.audit = { record in lines.withLock { $0.append(record.jsonLine) } }
            }).decide(question)
        let all = lines.withLock { $0 }
        #expect(all.count == 1)
        let line = try #require(all.first)
        #expect(line.utf8.allSatisfy { (0x20...0x7e).contains($0) }, "\(line)")
        let value = try JSONValue(parsing: Array(line.utf8))
        try Self.check(value, "audit")
        let own = try JSONValue(parsing: Array(decision.jsonLine.utf8))
        try Self.check(own, "decision")
        #expect(value["decision"] == own)
        #expect(own["exitCode"] == .integer(Int64(decision.exitCode)))
        #expect(value["requester"]?.string == requester)
        return value
    }

    private static func check(_ value: JSONValue, _ name: String) throws {
        try JSONSchema(file: "\(name).schema.json") { file in
            try JSONValue(parsing: try Files.read("\(Files.projectRoot)/docs/schemas/\(file)"))
        }.check(value)
    }

    @Test func aTrustedImageHasItsEvidence() async throws {
        let world = try await ImageVerifierTests.World()
        let digest = try await world.sign("1.0", "one")
        let reference = "\(ImageVerifierTests.name):1.0"
        let record = try await Self.record(
            { try world.verifier(world.pins, $0) },
            "\(reference)@\(digest)",
            requester: "kubelet \u{1F600}\n\u{0}"
        )
        #expect(record["question"]?["reference"]?.string == "\(reference)@\(digest)")
        #expect(record["question"]?["tag"] == "1.0")
        #expect(record["question"]?["digest"]?.string == digest.description)
        #expect(record["decision"]?["image"]?.string == "\(ImageVerifierTests.name)@\(digest)")
        #expect(record["decision"]?["admission"] == "trusted")
        #expect(record["decision"]?["trustData"]?["repository"]?.string == ImageVerifierTests.name)
        #expect(record["fromMemory"] == false)
    }

    @Test(
        arguments: [
            (unsigned, "unsigned", 0), (excepted, "excepted", 0), (#"{"repositories": ["x.io/*"]}"#, nil, 17),
            (#"{"repositories": ["*"], "refuse": true}"#, nil, 17),
            (#"{"repositories": ["*"], "refuse": true, "audit": true}"#, "audited", 0),
        ] as [(String, String?, Int64)]
    )
    func aRefusalHasItsReasonAndWhyItIsLetThrough(rules: String, admission: String?, exitCode: Int64) async throws {
        let world = try await ImageVerifierTests.World()
        let record = try await Self.record({ try world.verifier(rules: rules, $0) }, "r.io/app:1")
        #expect(record["decision"]?["admission"]?.string == admission)
        #expect(record["decision"]?["admitted"]?.boolean == (admission != nil))
        #expect(record["decision"]?["exitCode"]?.integer == exitCode)
        #expect(record["decision"]?["image"] == nil)
        #expect((record["decision"]?["exception"] != nil) == (admission == "excepted"))
        #expect((record["decision"]?["rule"] == nil) == rules.contains("x.io"))
    }
}
