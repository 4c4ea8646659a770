package import CanonicalJSON

extension Refusal {
    /// The members that a refusal has in `--json` output and in records.
    package var json: JSONObject {
        var object: JSONObject = [
            "reason": .string(reason.code),
            "exitCode": .integer(Int64(reason.exitCode)),
            "checked": .string(checked),
            "found": .string(found),
        ]
        object["expected"] = expected.map(JSONValue.string)
        object["next"] = next.map(JSONValue.string)
        return object
    }
}
