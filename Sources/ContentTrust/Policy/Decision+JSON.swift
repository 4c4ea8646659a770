package import CanonicalJSON
import OCI
import TUF
import TrustCrypto

extension Decision.Admission {
    /// The stable code: `trusted`, `unsigned`, `excepted` or `audited`.
    public var code: String {
        switch self {
        case .trusted: "trusted"
        case .unsigned: "unsigned"
        case .excepted: "excepted"
        case .audited: "audited"
        }
    }
}

extension Decision {
    /// The exit status that the command line has for the decision: 0 where the image may be pulled, else that of the reason.
    public var exitCode: Int32 { isAdmitted ? Reason.trusted.exitCode : reason.exitCode }

    /// The decision as one line of JSON (docs/schemas/decision.schema.json), in ASCII and without control characters: what does
    /// not fit is escaped.
    public var jsonLine: String { JSONValue.object(json).asciiLine }

    /// The decision (docs/schemas/decision.schema.json).
    package var json: JSONObject {
        var object: JSONObject
        switch verdict {
        case .trusted(let image):
            object = [
                "reason": .string(Reason.trusted.code),
                "image": .string(image.reference),
                "tag": .string(image.tag),
                "digest": .string(image.digest.description),
                "mediaType": .string(image.mediaType),
                "size": .integer(image.size),
                "trustData": image.evidence.json,
            ]
            object["index"] = image.coveringIndex.map { .string($0.description) }
            object["platform"] = image.platform.map { .string($0.description) }
        case .refused(let refusal):
            object = refusal.json
        }
        object["admitted"] = .boolean(isAdmitted)
        object["exitCode"] = .integer(Int64(exitCode))
        object["admission"] = admission.map { .string($0.code) }
        object["admittedDigest"] = admittedDigest.map { .string($0.description) }
        object["rule"] = rule.map { ["number": .integer(Int64($0.number)), "line": .integer(Int64($0.line))] }
        if case .excepted(let exception) = admission {
            object["exception"] = [
                "until": .string(exception.until.description), "because": .string(exception.because),
            ]
        }
        return object
    }
}

extension JSONValue {
    /// The value as one line of ASCII. A JSON parser reads the same out of it; a terminal is moved by nothing in it.
    var asciiLine: String {
        var line = ""
        for scalar in String(decoding: jsonBytes(pretty: false), as: UTF8.self).unicodeScalars {
            if (0x20...0x7e).contains(scalar.value) {
                line.unicodeScalars.append(scalar)
            } else {
                for unit in UTF16.encode(scalar) ?? .init() {
                    let digits = String(unit, radix: 16)
                    line += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
                }
            }
        }
        return line
    }
}
