import CanonicalJSON
import Testing
import TrustTestSupport

/// Published schemas leave room for what is added later; what holds output against them does not.
@Suite struct JSONSchemaTests {
    private let schema = JSONSchema(file: "a.schema.json") { _ in
        [
            "type": "object",
            "properties": ["reason": ["type": "string", "examples": ["trusted"]], "roles": ["type": "object"]],
            "required": ["reason"],
        ]
    }

    @Test func describedValuesFit() throws {
        try schema.check(["reason": "trusted", "roles": ["root": 1]])
    }

    @Test(arguments: [["reason": "new"], ["reason": "trusted", "new": 1], ["roles": [:]], "text"] as [JSONValue])
    func anythingElseIsAProblem(value: JSONValue) {
        #expect(throws: JSONSchema.Problem.self) { try schema.check(value) }
    }

    @Test func schemasOfOutputAreOpen() throws {
        let directory = "\(Files.projectRoot)/docs/schemas"
        // What a person writes may have a mistake in it; unknown members there are refused.
        let written = ["config", "containerd", "policy", "policy-cases"].map { "\($0).schema.json" }
        for name in try Files.names(in: directory) where !written.contains(name) {
            let schema = try JSONValue(parsing: try Files.read("\(directory)/\(name)"))
            #expect(!Self.isClosed(schema), "\(name)")
        }
    }

    /// Whether something in a schema forbids members that it does not describe, or other reasons.
    private static func isClosed(_ schema: JSONValue) -> Bool {
        if let object = schema.object {
            if object["additionalProperties"] == .boolean(false) { return true }
            if object["enum"]?.array?.contains("unsigned-tag") == true { return true }
            return object.contains { isClosed($0.value) }
        }
        return schema.array?.contains(where: isClosed) ?? false
    }
}
