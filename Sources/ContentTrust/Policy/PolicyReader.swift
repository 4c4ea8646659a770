import CanonicalJSON
import ImageSignatures
import NotaryAPI
import OCI
public import TUF
import TrustCrypto

extension TrustPolicy {
    /// The largest policy that is read, in bytes.
    public static let maximumLength = 4 << 20
    /// How many rules a policy may have.
    public static let maximumRules = 10_000

    /// Reads a policy.
    ///
    /// - Parameters:
    ///   - bytes: The file, as `docs/schemas/policy.schema.json` describes it.
    ///   - name: Its name, for messages.
    ///   - now: The time, for warnings of exceptions that have ended; nil gives none.
    ///   - files: Reads a file that the policy names: a root, authorities, or keys of other tools.
    /// - Throws: ``Refusal`` with ``Reason/usage`` and the line and column of what is wrong: JSON that is none, unknown keys,
    ///   contradictions, and rules that could never count; what `files` throws.
    public init(
        parsing bytes: [UInt8],
        name: String,
        now: Instant? = nil,
        files: (String) throws(Refusal) -> [UInt8]
    ) throws(Refusal) {
        let file = try PlacedJSON(
            parsing: bytes,
            title: "policy \(name)",
            limit: Self.maximumLength,
            kind: "a policy",
            next: "trustctl policy check FILE"
        )
        self = try withoutActuallyEscaping(files) { files throws(Refusal) in
            var reader = PolicyReader(name: name, file: file, now: now, files: files)
            return try reader.policy(file.root)
        }
    }
}

/// Reads one policy.
private struct PolicyReader: PlacedJSONReader {
    let name: String
    let file: PlacedJSON
    let now: Instant?
    let files: (String) throws(Refusal) -> [UInt8]
    var warnings: [String] = []
    /// Where each pattern was first written.
    var patterns: [RepositoryPattern: TextPlace] = [:]

    init(name: String, file: PlacedJSON, now: Instant?, files: @escaping (String) throws(Refusal) -> [UInt8]) {
        self.name = name
        self.file = file
        self.now = now
        self.files = files
    }

    // MARK: Forms

    private func threshold(_ node: JSONNode?, of count: Int, in whole: JSONNode) throws(Refusal) -> Int {
        guard let node else { throw wrong(whole, "no threshold", expected: "how many of the \(count) it takes") }
        guard let number = node.integer, (1...Int64(count)).contains(number) else {
            throw wrong(
                node,
                "a threshold that nothing can meet, or everything",
                expected: "a number from 1 to \(count)"
            )
        }
        return Int(number)
    }

    // MARK: Rules

    mutating func policy(_ root: JSONNode) throws(Refusal) -> TrustPolicy {
        try object(root, "the policy", keys: ["$schema", "version", "rules"])
        try version(root)
        guard let list = root["rules"] else { throw wrong(root, "no rules", expected: "\"rules\": [...]") }
        let elements = try array(list, "rules")
        guard elements.count <= TrustPolicy.maximumRules else {
            throw wrong(list, "\(elements.count) rules", expected: "at most \(TrustPolicy.maximumRules)")
        }
        var rules: [TrustPolicy.Rule] = []
        for (index, element) in elements.enumerated() { rules.append(try rule(element, number: index + 1)) }
        return TrustPolicy(rules: rules, name: name, warnings: warnings)
    }

    private static let ruleKeys = [
        "repositories", "refuse", "pins", "store", "signers", "maximumStaleness", "unsigned", "indexChildren", "audit",
        "exceptions", "proofs", "comment",
    ]

    private mutating func rule(_ node: JSONNode, number: Int) throws(Refusal) -> TrustPolicy.Rule {
        try object(node, "the rule", keys: Self.ruleKeys)
        guard let repositories = node["repositories"] else {
            throw wrong(node, "a rule without repositories", expected: "\"repositories\": [\"REGISTRY/NAME\", ...]")
        }
        let patterns = try self.patterns(repositories)
        let isRefused = try boolean(node["refuse"], "refuse")
        if isRefused {
            for (key, _) in node.memberNodes
            where !["repositories", "refuse", "comment", "audit", "exceptions"].contains(where: key.isString) {
                throw wrong(key, "\(key.string ?? "") can never count in a rule that refuses outright")
            }
        }
        let pins = try node["pins"].map { (node) throws(Refusal) in try self.pins(node, of: patterns) } ?? []
        let store = try node["store"].map { (node) throws(Refusal) in try self.store(node, of: patterns) }
        if let store, !pins.isEmpty, let pinsNode = node["pins"],
            !pins.contains(where: { $0.dialect == store.dialect })
        {
            throw wrong(
                pinsNode,
                "no pin for what the store holds",
                expected: "a pin of the dialect \(store.dialect.name)"
            )
        }
        let unsigned = try node["unsigned"].map { (node) throws(Refusal) in try self.unsigned(node) } ?? .refused
        if unsigned != .refused, !pins.isEmpty, let unsignedNode = node["unsigned"] {
            throw wrong(unsignedNode, "what is pinned never counts as unsigned", expected: "either pins or unsigned")
        }
        if unsigned != .refused, let proofsNode = node["proofs"] {
            throw wrong(
                proofsNode,
                "what is let through without trust data is not asked for proofs",
                expected: "either proofs or unsigned"
            )
        }
        return TrustPolicy.Rule(
            number: number,
            line: place(node).line,
            repositories: patterns,
            isRefused: isRefused,
            pins: pins,
            store: store,
            signers: try node["signers"].map { (node) throws(Refusal) in try self.signers(node) },
            maximumStaleness: try node["maximumStaleness"].map { (node) throws(Refusal) in try self.seconds(node) },
            unsigned: unsigned,
            allowsIndexChildren: try boolean(node["indexChildren"], "indexChildren"),
            isAudited: try boolean(node["audit"], "audit"),
            exceptions: try node["exceptions"].map { (node) throws(Refusal) in try self.exceptions(node) } ?? [],
            proofs: try node["proofs"].map { (node) throws(Refusal) in try self.proofs(node) } ?? []
        )
    }

    private mutating func patterns(_ node: JSONNode) throws(Refusal) -> [RepositoryPattern] {
        var found: [RepositoryPattern] = []
        for (element, text) in try strings(node, "repositories") {
            let pattern: RepositoryPattern
            do {
                pattern = try RepositoryPattern(parsing: text)
            } catch {
                throw wrong(element, "\(text) can never match a repository: \(error.found)", expected: error.expected)
            }
            if let first = patterns[pattern] {
                throw wrong(element, "\(text) never counts: it stands already in \(first)")
            }
            patterns[pattern] = place(element)
            found.append(pattern)
        }
        return found
    }

    private func store(
        _ node: JSONNode,
        of patterns: [RepositoryPattern]
    ) throws(Refusal) -> StoreLocation {
        let text = try text(node, "store")
        if text == "notary" { return .notaryOfRegistry }
        if text.utf8.starts(with: "notary+".utf8) {
            do {
                return .notary(try NotaryServer(parsing: String(text.dropFirst("notary+".count))))
            } catch {
                throw wrong(node, "\(text) is no Notary server", expected: "notary+https://HOST")
            }
        }
        for (scheme, location) in [
            ("dir:", StoreLocation.directory(path:)), ("oci:", StoreLocation.layout(path:)),
            ("notary:", StoreLocation.notaryFiles(path:)),
        ] where text.utf8.starts(with: scheme.utf8) {
            let path = String(text.dropFirst(scheme.count))
            guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(0) else {
                throw wrong(node, "\(path) is no absolute path", expected: "\(scheme)/PATH")
            }
            return location(path)
        }
        return .registry(try trustRepository(text, node, of: patterns))
    }

    /// A repository that holds the trust data of another one.
    private func trustRepository(
        _ text: String,
        _ node: JSONNode,
        of patterns: [RepositoryPattern]
    ) throws(Refusal) -> RepositoryName {
        let pattern: RepositoryPattern
        let repository: RepositoryName
        do {
            // As in "repositories", names are full names and in one form.
            pattern = try RepositoryPattern(parsing: text)
            repository = try RepositoryName(parsing: text)
        } catch {
            let problem = error as? RepositoryPattern.Problem
            throw wrong(
                node,
                "\(text) is no trust store" + (problem.map { ": \($0.found)" } ?? ""),
                expected: "notary, notary+https://HOST, dir:/PATH, oci:/PATH, notary:/PATH or REGISTRY/NAME"
            )
        }
        guard patterns.count == 1, patterns.allSatisfy(\.isOneName) else {
            throw wrong(
                node,
                "one trust repository for several repositories, and it holds the trust data of one",
                expected: "a rule for one repository"
            )
        }
        guard patterns != [pattern] else {
            throw wrong(
                node,
                "\(text) is the repository itself",
                expected: "no store, for trust data beside the images"
            )
        }
        return repository
    }

    private func seconds(_ node: JSONNode) throws(Refusal) -> Int64 {
        guard let seconds = node.string.flatMap(SpanWords.seconds(parsing:)) else {
            throw wrong(node, "maximumStaleness is no length of time", expected: "such as \"36h\" or \"14d\"")
        }
        return seconds
    }

    private func unsigned(_ node: JSONNode) throws(Refusal) -> TrustPolicy.UnsignedRepositories {
        if node.isString("refuse") { return .refused }
        if node.isString("warn") { return .admitted }
        guard node.kind == .object else {
            throw wrong(node, "unsigned is none of its values", expected: "refuse, warn or {\"digests\": [...]}")
        }
        try object(node, "unsigned", keys: ["digests"])
        guard let list = node["digests"] else { throw wrong(node, "no digests", expected: "{\"digests\": [...]}") }
        return .onlyDigests(try digests(list, "digests"))
    }

    private func signers(_ node: JSONNode) throws(Refusal) -> TrustPolicy.RequiredSigners {
        try object(node, "signers", keys: ["names", "threshold"])
        guard let list = node["names"] else { throw wrong(node, "no names", expected: "\"names\": [...]") }
        var names: [String] = []
        for (element, text) in try strings(list, "names") {
            guard let role = try? RoleName(text), !RoleName.topLevel.contains(role) else {
                throw wrong(element, "\(text) is no name of a signer")
            }
            names.append(text)
        }
        return TrustPolicy.RequiredSigners(
            names: names,
            threshold: try threshold(node["threshold"], of: names.count, in: node)
        )
    }

    // MARK: Proofs

    private func proofs(_ node: JSONNode) throws(Refusal) -> [TrustPolicy.RequiredProof] {
        var found: [TrustPolicy.RequiredProof] = []
        for element in try array(node, "proofs") {
            try object(element, "the proof", keys: SignatureTool.allCases.map(\.rawValue))
            let members = element.memberNodes.map { $0 }
            guard members.count == 1, let (key, value) = members.first,
                let tool = key.string.flatMap(SignatureTool.init(rawValue:))
            else { throw wrong(element, "a proof of no tool, or of several", expected: "one tool in each element") }
            let proof = try proof(tool, value)
            guard !found.contains(proof) else { throw wrong(element, "the same proof stands there twice") }
            found.append(proof)
        }
        return found
    }

    private func proof(_ tool: SignatureTool, _ node: JSONNode) throws(Refusal) -> TrustPolicy.RequiredProof {
        let lists = tool == .cosign ? ["keys"] : ["certificates", "signingAuthorities"]
        try object(node, tool.rawValue, keys: lists)
        var given = GivenSigners()
        var names: [String] = []
        for list in lists {
            guard let listed = node[list] else { continue }
            for (element, file) in try strings(listed, list) {
                let bytes = try files(file)
                names.append(file)
                let kind: GivenSigners.FileKind =
                    switch list {
                    case "keys": .key
                    case "certificates": .authorities
                    default: .signingAuthorities
                    }
                do throws(GivenSigners.FileProblem) {
                    try given.add(bytes, name: file, as: kind)
                } catch {
                    throw wrong(element, "the file has \(error.found)", expected: error.expected)
                }
            }
        }
        guard given.isGiven(for: tool) else {
            throw wrong(node, "nothing to check with", expected: lists.joined(separator: ", "))
        }
        return TrustPolicy.RequiredProof(tool: tool, given: given, files: names)
    }

    // MARK: Pins

    private func pins(_ node: JSONNode, of patterns: [RepositoryPattern]) throws(Refusal) -> [TrustPolicy.RulePin] {
        var pins: [TrustPolicy.RulePin] = []
        for element in try array(node, "pins") {
            let pin = try pin(element, of: patterns)
            guard !pins.contains(where: { $0.dialect == pin.dialect }) else {
                throw wrong(
                    element,
                    "a second pin of the dialect \(pin.dialect.name)",
                    expected: "one, with all keys and a threshold"
                )
            }
            pins.append(pin)
        }
        return pins
    }

    private func pin(_ node: JSONNode, of patterns: [RepositoryPattern]) throws(Refusal) -> TrustPolicy.RulePin {
        try object(node, "the pin", keys: ["dialect", "rootKeys", "threshold", "root", "authorities", "signedAs"])
        var dialect = Dialect.tuf1
        if let written = node["dialect"] {
            guard let known = written.string.flatMap(Dialect.init(name:)) else {
                throw wrong(written, "no dialect that this program knows", expected: "tuf or notary")
            }
            dialect = known
        }
        let anchors = ["rootKeys", "root", "authorities"].compactMap { key in node[key].map { (key: key, node: $0) } }
        guard let (key, value) = anchors.first, anchors.count == 1 else {
            throw wrong(node, "\(anchors.count) anchors", expected: "one of rootKeys, root and authorities")
        }
        if key != "rootKeys", let threshold = node["threshold"] {
            throw wrong(threshold, "threshold can never count beside \(key)")
        }
        var signedName: String?
        if let written = node["signedAs"] {
            guard patterns.count == 1, patterns.allSatisfy(\.isOneName) else {
                throw wrong(written, "one signed name for several repositories", expected: "a rule for one repository")
            }
            signedName = try text(written, "signedAs")
        }
        return TrustPolicy.RulePin(
            dialect: dialect,
            anchor: try anchor(key, value, of: node, dialect),
            signedName: signedName
        )
    }

    private func anchor(
        _ key: String,
        _ value: JSONNode,
        of node: JSONNode,
        _ dialect: Dialect
    ) throws(Refusal) -> RootAnchor {
        switch key {
        case "rootKeys":
            let ids = try keyIDs(value, "rootKeys")
            let needed = ids.count == 1 && node["threshold"] == nil
            return .keys(ids, threshold: needed ? 1 : try threshold(node["threshold"], of: ids.count, in: node))
        case "root":
            let bytes = try files(try text(value, "root"))
            do throws(TUFError) {
                _ = try Envelope(
                    parsing: bytes,
                    role: .root,
                    maximumLength: TUFLimits().rootLength,
                    dialect: dialect
                )
                .inspect(as: Root.self, role: .root)
            } catch {
                throw wrong(value, "the file is no root of the dialect \(dialect.name)")
            }
            return .root(bytes)
        default:
            guard dialect == .notary else {
                throw wrong(value, "authorities can never count: roots of TUF have no certificates")
            }
            let bytes = try files(try text(value, "authorities"))
            guard let found = try? Certificate.all(inPEM: bytes), !found.isEmpty else {
                throw wrong(value, "the file has no PEM certificates")
            }
            return .authorities(pem: bytes)
        }
    }

    // MARK: Exceptions

    private func tags(_ node: JSONNode) throws(Refusal) -> [PathPattern] {
        var found: [PathPattern] = []
        for (element, text) in try strings(node, "tags") {
            // A pattern with wildcards is for some tag if it would be one with letters in their places.
            let wildcards = text.contains { "*?[".contains($0) } ? "*?[]!^" : ""
            let example = String(text.map { wildcards.contains($0) ? "a" : $0 }.prefix(128))
            guard (try? TagName(wildcards.isEmpty ? text : example)) != nil else {
                throw wrong(element, "\(text) can never match a tag", expected: "a tag, or a pattern such as 1.*")
            }
            found.append(PathPattern(text))
        }
        return found
    }

    private mutating func exceptions(_ node: JSONNode) throws(Refusal) -> [PolicyException] {
        var found: [PolicyException] = []
        for element in try array(node, "exceptions") {
            try object(element, "the exception", keys: ["tags", "digests", "until", "because"])
            let tags = try element["tags"].map { (node) throws(Refusal) in try self.tags(node) }
            let digests = try element["digests"].map { (node) throws(Refusal) in try self.digests(node, "digests") }
            guard tags != nil || digests != nil else {
                throw wrong(element, "an exception for everything", expected: "tags, digests or both")
            }
            guard let until = element["until"] else { throw wrong(element, "no end", expected: "\"until\": a date") }
            guard let end = until.string.flatMap(Instant.init(rfc3339:)) else {
                throw wrong(until, "until is no date", expected: "such as \"2027-01-31T00:00:00Z\"")
            }
            guard let because = element["because"] else {
                throw wrong(element, "no reason", expected: "\"because\": why, for who reads it next")
            }
            if let now, end <= now { warnings.append("\(place(until)): the exception has ended at \(end)") }
            found.append(
                PolicyException(
                    tags: tags ?? [],
                    digests: digests ?? [],
                    until: end,
                    because: try text(because, "because")
                )
            )
        }
        return found
    }
}
