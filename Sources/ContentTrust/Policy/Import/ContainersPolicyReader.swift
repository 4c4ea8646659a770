import CanonicalJSON
import OCI

/// Reads containers' `policy.json` (containers-policy.json(5)), which skopeo, podman and buildah obey.
struct ContainersPolicyReader: PlacedJSONReader {
    let name: String
    let file: PlacedJSON

    private struct Requirements {
        let node: JSONNode
        let demand: ImportedDemand
        let words: String?
    }

    func rules() throws(Refusal) -> ImportedRules {
        var made = ImportedRules(name: name)
        try object(file.root, "the policy", keys: ["default", "transports"])
        guard let node = file.root["default"] else {
            throw wrong(file.root, "no default", expected: "\"default\": [...], as containers' tools demand")
        }
        let general = try requirements(node)
        let transports = file.root["transports"]
        if let transports {
            try object(transports, "transports")
            for (_, scopes) in transports.members { try made.count(scopes, in: file) }
        }
        try registries(transports?["docker"], general, into: &made)
        for (name, scopes) in transports?.members.map({ ($0.key, $0.value) }) ?? [] where name != "docker" {
            try object(scopes, "the transport \(name)")
            for (scope, node) in scopes.members {
                _ = try requirements(node)
                let words = name == "oci" ? "layouts have one rule, *" : "policies are for repositories"
                made.note(place(node), "\(name):\(scope)", "left out: \(words)")
            }
        }
        try layouts(transports?["oci"], general, into: &made)
        return made
    }

    // MARK: Scopes

    private func registries(
        _ scopes: JSONNode?,
        _ general: Requirements,
        into made: inout ImportedRules
    ) throws(Refusal) {
        if let scopes { try object(scopes, "the transport docker") }
        var single: [(repository: String, scope: String, requirements: Requirements)] = []
        for (scope, node) in scopes?.members.map({ ($0.key, $0.value) }) ?? [] where !scope.isEmpty {
            let requirements = try requirements(node)
            if let repository = Self.repository(ofOneImage: scope) {
                single.append((repository, scope, requirements))
                continue
            }
            var patterns = ["\(scope)/*"]
            var words = requirements.words
            if scope.contains("/") { patterns.insert(scope, at: 0) }
            // It cannot be told from other names of Docker Hub here, and never counts there.
            if !scope.utf8.starts(with: "index.docker.io".utf8) {
                let comparable = patterns.map(RepositoryPattern.comparable)
                if comparable != patterns { words = "also under other spellings of the registry's name" }
                patterns = comparable
            }
            made.add(
                patterns,
                requirements.demand,
                scope: scope,
                at: place(node),
                because: words,
                isJoined: true
            )
        }
        let rest = try scopes?[""].map { (node) throws(Refusal) in try requirements(node) } ?? general
        made.add(["*/*"], rest.demand, scope: "", at: place(rest.node), because: rest.words, isJoined: true)
        for one in single {
            guard let pattern = try? RepositoryPattern(parsing: RepositoryPattern.comparable(one.repository)) else {
                let words = "left out: no full name of a repository is like it, so it never counted"
                made.note(place(one.requirements.node), one.scope, words)
                continue
            }
            made.tighten(pattern, one.requirements.demand, scope: one.scope, at: place(one.requirements.node))
        }
    }

    /// The repository of a scope that is for one tag or digest.
    private static func repository(ofOneImage scope: String) -> String? {
        if let at = scope.firstIndex(of: "@") {
            let rest = scope[..<at]
            return repository(ofOneImage: String(rest)) ?? String(rest)
        }
        guard let slash = scope.lastIndex(of: "/"), let colon = scope[slash...].firstIndex(of: ":") else { return nil }
        return String(scope[..<colon])
    }

    /// Layouts have one rule: it demands what any of their scopes demands.
    private func layouts(
        _ scopes: JSONNode?,
        _ general: Requirements,
        into made: inout ImportedRules
    ) throws(Refusal) {
        let rest = try scopes?[""].map { (node) throws(Refusal) in try requirements(node) } ?? general
        var demand = rest.demand
        for (_, node) in scopes?.members.map({ ($0.key, $0.value) }) ?? [] {
            demand = demand.and(try requirements(node).demand)
        }
        made.add(["*"], demand, scope: "", at: place(rest.node), because: "OCI layouts", isJoined: true)
    }

    // MARK: Requirements

    /// All of them must be met.
    private func requirements(_ node: JSONNode) throws(Refusal) -> Requirements {
        var isRefused = false
        var words: [String] = []
        for element in try array(node, "the requirements") {
            try object(element, "the requirement")
            guard let type = element["type"] else { throw wrong(element, "no type", expected: "\"type\": ...") }
            switch try text(type, "type") {
            case "insecureAcceptAnything":
                try object(element, "the requirement", keys: ["type"])
            case "reject":
                try object(element, "the requirement", keys: ["type"])
                isRefused = true
            case "signedBy":
                isRefused = true
                words.append("signatures of GPG keys have no counterpart: pin the publisher's root instead of refusing")
            case "sigstoreSigned":
                isRefused = true
                words.append("its sigstore signatures need a rule with proofs, written by hand, instead of refusing")
            case "signedBaseLayer":
                isRefused = true
                words.append("signatures of base layers have no counterpart")
            case let other:
                throw wrong(
                    type,
                    "\(other) is no requirement that this program knows",
                    expected: "insecureAcceptAnything, reject, signedBy, sigstoreSigned or signedBaseLayer"
                )
            }
        }
        return Requirements(
            node: node,
            demand: isRefused ? .refused : .nothing,
            words: words.isEmpty ? nil : words.joined(separator: "; ")
        )
    }
}
