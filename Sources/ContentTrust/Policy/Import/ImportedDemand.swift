import CanonicalJSON
import TrustCrypto

/// What another program demands of the images of a scope, as far as a rule of ours can say it.
enum ImportedDemand: Sendable, Hashable {
    /// Nothing is demanded: a repository without trust data is let through.
    case nothing
    /// Refusals are only recorded.
    indirect case audited(ImportedDemand)
    /// Trust data of a Notary server, by what this machine has pinned.
    case pinsOfThisMachine(store: String)
    /// Trust data of a Notary server, by one of these keys.
    case keys(Set<KeyID>, store: String)
    /// Trust data of a Notary server, by authorities in a file.
    case authorities(file: String, store: String)
    /// The images are refused.
    case refused

    /// What is let through only where both let it through; what no rule can say is refused.
    ///
    /// Two kinds of trust are never both demanded by one rule, and neither is the stricter one: a key at one server says nothing
    /// of what this machine has pinned, or of what another server holds.
    func and(_ other: ImportedDemand) -> ImportedDemand {
        if self == other { return self }
        switch (self, other) {
        case (.nothing, .audited), (.audited, .nothing): return .nothing
        case (.audited, .audited): return .refused
        // What lets everything through leaves it to the other.
        case (.nothing, _), (.audited, _): return other
        case (_, .nothing), (_, .audited): return self
        case (.pinsOfThisMachine, _), (.keys, _), (.authorities, _), (.refused, _): return .refused
        }
    }

    /// In words.
    var words: String {
        switch self {
        case .nothing: "let through where there is no trust data; where there is, what this machine has pinned counts"
        case .audited(let demand): "only recorded: \(demand.words)"
        case .pinsOfThisMachine: "trusted by what this machine has pinned"
        case .keys(let ids, _): ids.count == 1 ? "trusted by its root key" : "trusted by one of \(ids.count) root keys"
        case .authorities(let file, _): "trusted by the authorities in \(file)"
        case .refused: "refused"
        }
    }

    /// The members of a rule that say it.
    var json: JSONObject {
        switch self {
        case .nothing: return ["unsigned": "warn"]
        case .refused: return ["refuse": true]
        case .audited(let demand):
            var object = demand.json
            object["audit"] = true
            return object
        case .pinsOfThisMachine(let store): return ["store": .string(store)]
        case .keys(let ids, let store):
            let keys = JSONValue.array(ids.sorted().map { .string($0.string) })
            return ["pins": [["dialect": "notary", "rootKeys": keys, "threshold": 1]], "store": .string(store)]
        case .authorities(let file, let store):
            return ["pins": [["dialect": "notary", "authorities": .string(file)]], "store": .string(store)]
        }
    }
}
