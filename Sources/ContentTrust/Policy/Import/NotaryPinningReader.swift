import CanonicalJSON
import NotaryAPI

/// Reads the configuration of Notary's client: `trust_pinning`, and the server.
///
/// There, exact names come first, then the longest name that ends in a star, then the longest beginning with authorities, and
/// at last trust on first use.
struct NotaryPinningReader: PlacedJSONReader {
    let name: String
    /// Where relative names of files begin.
    let folder: String
    let file: PlacedJSON

    func rules() throws(Refusal) -> ImportedRules {
        var made = ImportedRules(name: name)
        try object(file.root, "the configuration")
        let store = try store(&made)
        let pinning = try member("trust_pinning", of: file.root)
        if let pinning { try object(pinning, "trust_pinning") }
        let certificates = try pinning.map { (node) throws(Refusal) in try member("certs", of: node) } ?? nil
        let authorities = try pinning.map { (node) throws(Refusal) in try member("ca", of: node) } ?? nil
        let stars = try certificates.map { (node) throws(Refusal) in try keys(node, store, into: &made) } ?? []
        if let authorities { try self.authorities(authorities, store, stars, into: &made) }
        let strict = try pinning.map { (node) throws(Refusal) in try member("disable_tofu", of: node) } ?? nil
        let isStrict = try boolean(strict, "disable_tofu")
        made.add(
            ["*/*"],
            .pinsOfThisMachine(store: store),
            scope: "",
            at: place(strict ?? pinning ?? file.root),
            because: isStrict
                ? "as disable_tofu has it"
                : "nothing is trusted on first use: compare and pin with trustctl pin add --notary",
            isJoined: false
        )
        return made
    }

    /// A member, in whatever letters it is written, as Notary reads them.
    private func member(_ key: String, of node: JSONNode) throws(Refusal) -> JSONNode? {
        let found = node.memberNodes.filter { $0.key.string?.lowercased() == key }
        if found.count > 1, let second = found.last { throw wrong(second.key, "\(key) stands there twice") }
        return found.first?.value
    }

    private func store(_ made: inout ImportedRules) throws(Refusal) -> String {
        let server = try member("remote_server", of: file.root)
        if let server { try object(server, "remote_server") }
        let url = try server.map { (node) throws(Refusal) in try member("url", of: node) } ?? nil
        guard let url else {
            made.note(place(server ?? file.root), "", "no server is named: the one that docker would ask")
            return "notary"
        }
        let text = try text(url, "url")
        guard let server = try? NotaryServer(parsing: text) else {
            throw wrong(url, "\(text) is no Notary server", expected: "https://HOST")
        }
        return "notary+\(server)"
    }

    // MARK: Keys

    /// - Returns: What the names that end in a star begin with.
    private func keys(
        _ node: JSONNode,
        _ store: String,
        into made: inout ImportedRules
    ) throws(Refusal) -> [String] {
        try object(node, "certs")
        try made.count(node, in: file)
        var stars: [String] = []
        for (scope, node) in node.members {
            let demand = ImportedDemand.keys(try keyIDs(node, "certs"), store: store)
            var patterns = [scope]
            if scope.hasSuffix("*") {
                let beginning = String(scope.reversed().drop { $0 == "*" }.reversed())
                // Another star is no star there, so that the name never counts.
                patterns = beginning.contains("*") ? [] : Self.patterns(beginningWith: beginning)
                if !patterns.isEmpty { stars.append(beginning) }
            }
            made.add(
                patterns.map(RepositoryPattern.comparable),
                demand,
                scope: scope,
                at: place(node),
                isJoined: false
            )
        }
        return stars
    }

    /// The patterns for all names that begin with a text.
    static func patterns(beginningWith text: String) -> [String] {
        if text.isEmpty { return ["*/*"] }
        if text.hasSuffix("/") { return ["\(text)*"] }
        let below = ["\(text)/*", "\(text)*/*"]
        return text.contains("/") ? [text, "\(text)*"] + below : below
    }

    // MARK: Authorities

    private func authorities(
        _ node: JSONNode,
        _ store: String,
        _ stars: [String],
        into made: inout ImportedRules
    ) throws(Refusal) {
        try object(node, "ca")
        try made.count(node, in: file)
        for (scope, node) in node.members {
            let path = try text(node, "ca")
            if let star = stars.first(where: { scope.utf8.starts(with: $0.utf8) }) {
                made.note(place(node), scope, "left out: it never counted, because certs has \(star)*")
                continue
            }
            let file = path.utf8.first == UInt8(ascii: "/") ? path : folder + path
            var patterns = Self.patterns(beginningWith: scope)
            // A registry is one registry, and not all whose names begin like it.
            if !scope.isEmpty, !scope.contains("/") { patterns = ["\(scope)/*"] }
            made.add(
                patterns.map(RepositoryPattern.comparable),
                .authorities(file: file, store: store),
                scope: scope,
                at: place(node),
                isJoined: false
            )
        }
    }
}
