package import CanonicalJSON
import OCI
import TUF
import TrustCrypto

extension AuditRecord {
    /// The record as one line of JSON (docs/schemas/audit.schema.json), in ASCII and without control characters: what does not fit
    /// is escaped. It has no line end.
    public var jsonLine: String { json.asciiLine }

    /// The record (docs/schemas/audit.schema.json).
    package var json: JSONValue {
        var object: JSONObject = [
            "at": .string(at.description),
            "question": .object(question.json),
            "decision": .object(decision.json),
            "fromMemory": .boolean(isFromMemory),
        ]
        object["requester"] = question.requester.map(JSONValue.string)
        return .object(object)
    }
}

extension ImageQuestion {
    /// What was asked.
    fileprivate var json: JSONObject {
        var object: JSONObject = ["reference": .string(reference), "repository": .string(subject.description)]
        object["tag"] = tag.map(JSONValue.string)
        object["digest"] = digest.map { .string($0.description) }
        object["platform"] = platform.map { .string($0.description) }
        return object
    }
}
