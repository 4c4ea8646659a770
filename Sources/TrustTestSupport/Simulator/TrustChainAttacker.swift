import CanonicalJSON
import TUF

/// An attacker who serves a repository in its owner's place: files of its past, mixed as he likes, and files of his own,
/// signed with his keys and those that he has stolen, which are too few.
struct TrustChainAttacker {
    /// What he serves.
    var served = ServedFiles([:])
    /// How many keys of each role he has stolen.
    let stolen: Int
    private var forged: [RoleName: JSONValue] = [:]
    private let own = (0..<2).map { SimulatedKey.numbered(1_000_000 + $0) }

    init(stolen: Int) { self.stolen = stolen }

    /// Does one thing with what he serves.
    mutating func act(_ choices: inout ByteChoices, against owner: TrustChainOwner) {
        let names = served.files.keys.sorted()
        switch choices.next(below: 8) {
        case 0:
            served.files = owner.repository.files()
            forged = [:]
        case 1:
            if let past = choices.next(of: owner.history) { served.files = past }
        case 2:
            let past = choices.next(of: owner.history) ?? [:]
            guard let name = choices.next(of: past.keys.sorted()) else { return }
            served.files[choices.next(below: 2) == 0 ? name : choices.next(of: names) ?? name] = past[name]
        case 3:
            if let name = choices.next(of: names) { served.files[name] = nil }
        case 4:
            guard let name = choices.next(of: names), let file = served.files[name], !file.isEmpty else { return }
            let place = (choices.next(below: 256) << 8 | choices.next(below: 256)) % file.count
            served.files[name]?[place] = UInt8(choices.next(below: 256))
        case 5:
            guard let name = choices.next(of: names), let other = choices.next(of: names) else { return }
            served.files[name] = served.files[other]
        default:
            forge(&choices, against: owner.repository)
        }
    }

    private mutating func forge(_ choices: inout ByteChoices, against repository: RepositorySimulator) {
        let roles = RoleName.topLevel + repository.delegated.keys.sorted()
        let role = choices.next(of: roles) ?? .root
        var signed = forged[role]?.object ?? repository.signed(role)
        for _ in 0...choices.next(below: 3) { change(&signed, of: role, &choices, repository) }
        forged[role] = .object(signed)
        let entries = signatures(of: role, over: .object(signed), choices.next(below: 256), repository)
        let file = JSONValue.object(["signatures": .array(entries), "signed": .object(signed)])
        let version = signed["version"]?.integer ?? 1
        let name = role == .timestamp ? MetadataFile.timestamp.name : MetadataFile(role: role, version: version).name
        served.files[name] = file.jsonBytes(pretty: false)
    }

    private func change(
        _ signed: inout JSONObject,
        of role: RoleName,
        _ choices: inout ByteChoices,
        _ repository: RepositorySimulator
    ) {
        let keys = JSONObject.of(own.map { ($0.id, $0.json) })
        let ids = JSONValue.array(own.map { .string($0.id) })
        let what = choices.next(below: 7)
        switch (what, role) {
        case (0, _):
            let version = signed["version"]?.integer ?? 1
            signed["version"] = .integer(max(0, version + Int64(choices.next(below: 5)) - 1))
        case (1, _):
            signed["expires"] = "2040-01-01T00:00:00Z"
        case (2, .root):
            let names = RoleName.topLevel.map(\.string)
            guard let name = choices.next(of: names) else { return }
            signed.change("keys") { $0.merge(keys) }
            signed.change("roles") { $0[name] = ["keyids": ids, "threshold": 1] }
        case (3, .root):
            let names = RoleName.topLevel.map(\.string)
            guard let name = choices.next(of: names) else { return }
            let threshold = JSONValue.integer(Int64(choices.next(below: 3)))
            signed.change("roles") { $0.change(name) { $0["threshold"] = threshold } }
        case (2, .timestamp):
            let version = forged[.snapshot]?["version"]?.integer ?? repository.snapshot.version
            signed["meta"] = ["snapshot.json": ["version": .integer(version)]]
        case (2..., .snapshot):
            let names = [RoleName.targets] + repository.delegated.keys.sorted()
            guard let name = choices.next(of: names) else { return }
            let version =
                forged[name]?["version"]?.integer ?? repository.delegated[name]?.version ?? repository.targets.version
            signed.change("meta") { $0["\(name).json"] = ["version": .integer(version)] }
        case (2, _), (3, _):
            signed.change("targets") { $0["evil"] = ["length": 4, "hashes": ["sha256": .string(own[0].id)]] }
        case (4, _):
            let name = choices.next(of: TrustChainOwner.names)?.string ?? "a"
            let thief: JSONValue = [
                "name": .string(name), "keyids": ids, "threshold": 1, "terminating": true, "paths": ["*"],
            ]
            signed["delegations"] = ["keys": .object(keys), "roles": [thief]]
        case (5, _):
            signed["delegations"] = [
                "keys": .object(keys),
                "succinct_roles": ["keyids": ids, "threshold": 1, "bit_length": 1, "name_prefix": "bin"],
            ]
        default:
            signed["delegations"] = nil
        }
    }

    /// Each bit of the mask adds some signatures, good ones by too few keys, or bad ones.
    private func signatures(
        of role: RoleName,
        over signed: JSONValue,
        _ mask: Int,
        _ repository: RepositorySimulator
    ) -> [JSONValue] {
        let message = RepositorySimulator.canonical(signed)
        let honest = repository.currentSigners(role)
        // A role of one key has none to lose.
        let loot = honest.count > 1 ? honest.prefix(stolen) : []
        var entries: [JSONValue] = []
        if mask & 1 != 0 { entries += own.map { $0.signatureEntry(over: message) } }
        if mask & 2 != 0 { entries += loot.map { $0.signatureEntry(over: message) } }
        if mask & 4 != 0, let last = honest.last {
            entries += (loot.first.map { [$0] } ?? own).map { $0.named(last.id).signatureEntry(over: message) }
        }
        if mask & 8 != 0, let genuine = try? JSONValue(parsing: repository.file(role)) {
            entries += genuine["signatures"]?.array ?? []
        }
        if mask & 16 != 0 { entries += loot.map { $0.named("twin").signatureEntry(over: message) } }
        if mask & 32 != 0 {
            entries += repository.currentSigners(.root).prefix(stolen).map { $0.signatureEntry(over: message) }
        }
        return entries
    }
}

extension JSONObject {
    fileprivate static func of(_ members: [(String, JSONValue)]) -> JSONObject {
        var object: JSONObject = [:]
        for (key, value) in members { object[key] = value }
        return object
    }

    /// Changes an object that is a member of this one.
    fileprivate mutating func change(_ member: String, _ body: (inout JSONObject) -> Void) {
        guard var object = self[member]?.object else { return }
        body(&object)
        self[member] = .object(object)
    }
}
