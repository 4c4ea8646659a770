import CanonicalJSON
import ContentTrust
import KeyStorage
import TUF
import TrustCrypto

/// Stored keys as people and programs read them.
enum KeyText {
    /// One line, escaped.
    static func line(_ record: KeyRecord) -> String {
        let repository = record.repository.map { " of \($0)" } ?? ""
        return SafeText.escaped("\(record.role) key \(record.keyID)\(repository) in \(record.location)")
    }

    /// The members of the object of `--json` output.
    static func json(_ record: KeyRecord) -> JSONObject {
        [
            "reason": .string(Reason.trusted.code),
            "exitCode": 0,
            "keyID": .string(record.keyID.string),
            "role": .string(record.role.string),
            "repository": .optional(record.repository),
            "label": .optional(record.label),
            "algorithm": .optional(record.publicKey?.algorithm.commandLineName),
            "scheme": .optional(record.scheme?.rawValue),
            "created": .string(record.created.description),
            "location": .string(record.location),
            "encrypted": .boolean(record.isEncrypted),
        ]
    }

    /// Shows what could not be read.
    ///
    /// - Returns: The reason of the first; ``Reason/trusted`` when there is none.
    static func show(
        _ problems: [KeyListing.Problem],
        subject: String,
        json: Bool,
        on console: Console
    ) -> Reason {
        var reason = Reason.trusted
        for problem in problems {
            let refusal = Refusal.keys(problem.error, checked: problem.path)
            show(refusal, location: problem.path, subject: subject, json: json, on: console)
            if reason == .trusted { reason = refusal.reason }
        }
        return reason
    }

    /// Shows why something is wrong with one key of many.
    static func show(_ refusal: Refusal, location: String, subject: String, json: Bool, on console: Console) {
        for line in RefusalText.lines(refusal, subject: subject, style: console.style) { console.alert(line) }
        guard json else { return }
        var object = RefusalText.json(refusal)
        object["location"] = .string(location)
        console.result(JSONValue.object(object).line)
    }

    /// Shows a key that was made, brought in or changed.
    static func show(_ record: KeyRecord, done: String, json: Bool, on console: Console) {
        console.note("\(done) \(line(record))")
        console.result(json ? JSONValue.object(Self.json(record)).line : record.keyID.string)
    }
}
