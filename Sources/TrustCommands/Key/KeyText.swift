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
            "algorithm": .string(record.publicKey.algorithm.commandLineName),
            "scheme": .string(record.scheme.rawValue),
            "created": .string(record.created.description),
            "location": .string(record.location),
            "encrypted": .boolean(record.isEncrypted),
        ]
    }

    /// Shows a key that was made, brought in or changed.
    static func show(_ record: KeyRecord, done: String, json: Bool, on console: Console) {
        console.note("\(done) \(line(record))")
        console.result(json ? JSONValue.object(Self.json(record)).line : record.keyID.string)
    }
}
