import CanonicalJSON

/// Reads `content-trust` of docker's `daemon.json`, which the commercial engine obeys.
struct DockerTrustReader: PlacedJSONReader {
    let name: String
    let file: PlacedJSON

    private static let store = "notary"
    private static let official = "docker.io/library/*"

    func rules() throws(Refusal) -> ImportedRules {
        var made = ImportedRules(name: name)
        guard let trust = file.root["content-trust"] else { throw wrong(file.root, "no content-trust") }
        try object(trust, "content-trust", keys: ["mode", "trust-pinning", "allow-expired-cached-trust-data"])
        let isAudited = try isPermissive(trust["mode"], of: trust, &made)
        func demand(_ demand: ImportedDemand) -> ImportedDemand { isAudited ? .audited(demand) : demand }
        if let pinning = trust["trust-pinning"] {
            try object(pinning, "trust-pinning", keys: ["root-keys", "cert-ids", "official-library-images"])
            // The ids of certificates come before those of keys.
            for key in ["cert-ids", "root-keys"] {
                guard let scopes = pinning[key] else { continue }
                try object(scopes, key)
                try made.count(scopes, in: file)
                for (scope, node) in scopes.members {
                    made.add(
                        Self.patterns(scope, allowsStar: key == "root-keys"),
                        demand(.keys(try keyIDs(node, key), store: Self.store)),
                        scope: scope,
                        at: place(node),
                        isJoined: false
                    )
                }
            }
            let official = pinning["official-library-images"]
            if let official, try boolean(official, "official-library-images") {
                made.add(
                    [Self.official],
                    demand(.pinsOfThisMachine(store: Self.store)),
                    scope: "official-library-images",
                    at: place(official),
                    because:
                        "the key is one of docker's own: trustctl pin add '\(Self.official)' --root-key ID --notary",
                    isJoined: false
                )
            }
        }
        if let expired = trust["allow-expired-cached-trust-data"],
            try boolean(expired, "allow-expired-cached-trust-data")
        {
            made.note(
                place(expired),
                "allow-expired-cached-trust-data",
                "left out: expired trust data is refused, but for an exception with an end"
            )
        }
        made.add(
            ["*"],
            demand(.refused),
            scope: "",
            at: place(trust),
            because: "nothing is pinned for the rest",
            isJoined: false
        )
        return made
    }

    private static func patterns(_ scope: String, allowsStar: Bool) -> [String] {
        if scope == "*" { return allowsStar ? ["*/*"] : [] }
        if scope.contains("*"), !allowsStar { return [] }
        return [RepositoryPattern.comparable(scope)]
    }

    private func isPermissive(
        _ mode: JSONNode?,
        of trust: JSONNode,
        _ made: inout ImportedRules
    ) throws(Refusal) -> Bool {
        switch try mode.map({ (node) throws(Refusal) in try text(node, "mode") })?.lowercased() ?? "disabled" {
        case "enforced": return false
        case "permissive": return true
        case "disabled":
            made.note(
                place(mode ?? trust),
                "mode",
                "disabled there, and enforced here: to try it first, write \"audit\": true into the rules"
            )
            return false
        case let other:
            throw wrong(mode ?? trust, "\(other) is no mode", expected: "disabled, permissive or enforced")
        }
    }
}
