import CanonicalJSON
import ContentTrust
import TUF
import TrustCrypto

/// Pins as people and programs read them.
enum PinText {
    /// One line, escaped.
    static func line(_ pin: Pin) -> String { SafeText.escaped(plain(pin)) }

    /// One line, as it is.
    static func plain(_ pin: Pin) -> String {
        var text = "\(pin.scope): \(root(pin))"
        if let name = pin.signedName { text += ", signed as \(name)" }
        if pin.allowsUnnamed { text += ", unnamed trust data allowed" }
        if pin.dialect == .notary { text += ", on Notary servers" }
        return text
    }

    /// What is pinned.
    static func root(_ pin: Pin) -> String {
        switch pin.anchor {
        case .keys(let ids, let threshold):
            let keys = ids.sorted().map(\.string).joined(separator: " ")
            return ids.count == 1 ? "root key \(keys)" : "\(threshold) of the root keys \(keys)"
        case .root(let bytes):
            return "root file \(Digest.compute(.sha256, over: bytes.span))"
        case .authorities(let pem):
            return "certificate authorities \(Digest.compute(.sha256, over: pem.span))"
        }
    }

    /// The members of a pin's object in `--json` output.
    static func json(_ pin: Pin) -> JSONObject {
        var object: JSONObject = [
            "reason": .string(Reason.trusted.code),
            "exitCode": 0,
            "scope": .string(pin.scope.description),
            "dialect": .string(pin.dialect.name),
            "allowsUnnamed": .boolean(pin.allowsUnnamed),
        ]
        switch pin.anchor {
        case .keys(let ids, let threshold):
            object["rootKeys"] = .array(ids.sorted().map { .string($0.string) })
            object["threshold"] = .integer(Int64(threshold))
        case .root(let bytes):
            object["root"] = .string(Digest.compute(.sha256, over: bytes.span).description)
        case .authorities(let pem):
            object["authorities"] = .string(Digest.compute(.sha256, over: pem.span).description)
        }
        object["signedAs"] = pin.signedName.map(JSONValue.string)
        return object
    }
}
