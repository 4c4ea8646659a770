import CanonicalJSON
import TrustCrypto

/// What a proposed root changes, one thing each, for people who are asked to sign it.
public enum RootChange: Sendable, Hashable {
    /// A key may speak for a role from now on.
    case keyAdded(RoleName, TUFKey)
    /// A key may speak for a role no more.
    case keyRemoved(RoleName, TUFKey)
    /// How many keys of a role must sign.
    case threshold(RoleName, from: Int, to: Int)
    /// From when on the root must not be trusted.
    case expires(from: Instant, to: Instant)
    /// A field that is none of the above: whoever signs it must know what it is. The texts are JSON; nil is "not there".
    case field(String, from: String?, to: String?)
}

extension RootProposal {
    /// All that changes, keys by role first. Nothing that differs is left out: what has no words of its own is a field.
    public var changes: [RootChange] {
        var changes: [RootChange] = []
        let names = Set(previous.payload.roles.keys).union(proposed.roles.keys)
        for name in names.sorted(by: Self.order) {
            let before = keys(name, previous.payload)
            let after = keys(name, proposed)
            changes += after.filter { !before.contains($0) }.map { .keyAdded(name, $0) }
            changes += before.filter { !after.contains($0) }.map { .keyRemoved(name, $0) }
            let thresholds = (previous.payload.roleKeys(name)?.threshold, proposed.roleKeys(name)?.threshold)
            if let from = thresholds.0, let to = thresholds.1, from != to {
                changes.append(.threshold(name, from: from, to: to))
            }
        }
        let expiries = (previous.payload.common.expires, proposed.common.expires)
        if expiries.0 != expiries.1 { changes.append(.expires(from: expiries.0, to: expiries.1)) }
        return changes + fields
    }

    private static func order(_ left: RoleName, _ right: RoleName) -> Bool {
        let places = [left, right].map { RoleName.topLevel.firstIndex(of: $0) ?? RoleName.topLevel.count }
        return (places[0], left) < (places[1], right)
    }

    private func keys(_ role: RoleName, _ root: Root) -> [TUFKey] {
        (root.roleKeys(role)?.keyIDs ?? []).compactMap { root.keys[$0] }
    }

    /// What differs and has no words of its own.
    private var fields: [RootChange] {
        let told = ["keys", "roles", "expires", "version", TrustDataField.issued]
        guard let before = signedObject(previous.envelope), let after = signedObject(envelope) else { return [] }
        var changes: [RootChange] = []
        for name in Set(before.keys).union(after.keys).sorted() {
            guard !told.contains(name), before[name] != after[name] else { continue }
            changes.append(.field(name, from: before[name]?.text, to: after[name]?.text))
        }
        return changes + roleFields(before["roles"], after["roles"])
    }

    /// What differs in a role besides its keys and threshold, and roles that come or go.
    private func roleFields(_ before: JSONValue?, _ after: JSONValue?) -> [RootChange] {
        let before = before?.object ?? [:]
        let after = after?.object ?? [:]
        var changes: [RootChange] = []
        for name in Set(before.keys).union(after.keys).sorted() {
            let from = before[name].map { rest(of: $0, isInBoth: after[name] != nil) }
            let to = after[name].map { rest(of: $0, isInBoth: before[name] != nil) }
            if from != to { changes.append(.field("roles.\(name)", from: from?.text, to: to?.text)) }
        }
        return changes
    }

    private func rest(of role: JSONValue, isInBoth: Bool) -> JSONValue {
        guard isInBoth, var object = role.object else { return role }
        object["keyids"] = nil
        object["threshold"] = nil
        return .object(object)
    }

    private func signedObject(_ envelope: Envelope) -> JSONObject? { envelope.signedValue.object }
}

extension JSONValue {
    fileprivate var text: String { String(decoding: jsonBytes(pretty: false), as: UTF8.self) }
}
