package import CanonicalJSON

/// A policy made of what other programs are configured with: containers' `policy.json`, notary's `trust_pinning`, and the
/// `content-trust` of docker's daemon.
///
/// It is never weaker than what was read: what no rule can say becomes stricter, or is refused, and a note says so. Of several
/// files, an image is let through that each of them lets through.
public struct PolicyImport: Sendable {
    /// A file to read.
    public struct Source: Sendable {
        /// Its name, for messages.
        public let name: String
        /// All of it.
        public let bytes: [UInt8]
        /// The folder that relative names in it begin at, with a slash at its end; empty for where the policy will be.
        public let folder: String

        /// A file.
        ///
        /// - Parameters:
        ///   - name: Its name, for messages.
        ///   - bytes: All of it.
        ///   - folder: The folder that relative names in it begin at, with a slash at its end.
        public init(name: String, bytes: [UInt8], folder: String) {
            self.name = name
            self.bytes = bytes
            self.folder = folder
        }
    }

    /// What was made of one scope.
    public struct Note: Sendable, Hashable, CustomStringConvertible {
        /// The file.
        public let file: String
        /// The line.
        public let line: Int
        /// The scope, as the file names it; empty for what is for all.
        public let scope: String
        /// What was made of it, or why nothing.
        public let made: String

        /// One line for people.
        public var description: String { "\(file) line \(line): \(scope.isEmpty ? "" : "\(scope): ")\(made)" }
    }

    /// The largest file that is read, in bytes.
    public static let maximumLength = 1 << 20
    /// How many scopes are read, of all files together: as many as a policy has rules.
    public static let maximumScopes = TrustPolicy.maximumRules

    /// What was made of each scope, in the order of the files.
    public let notes: [Note]
    private let rules: [ImportedRules.Rule]

    /// Reads files.
    ///
    /// - Parameter sources: The files.
    /// - Throws: ``Refusal`` with ``Reason/usage`` for a file that is none of these, with its line and column, and for more
    ///   scopes than a policy has rules.
    public init(of sources: [Source]) throws(Refusal) {
        var files: [ImportedRules] = []
        // Every rule is compared with all rules of the other files: what cannot become a policy is refused before that.
        for source in sources {
            files.append(try Self.rules(of: source))
            let scopes = files.reduce(0) { $0 + $1.scopes }
            guard scopes <= Self.maximumScopes else {
                throw Self.tooMany("\(scopes) scopes", in: sources, limit: Self.maximumScopes)
            }
        }
        let most = files.map(\.rules.count).max() ?? 0
        guard most <= TrustPolicy.maximumRules else { throw Self.tooManyRules(most, in: sources) }
        var notes = files.flatMap(\.notes)
        var rules: [ImportedRules.Rule] = []
        var known: Set<RepositoryPattern> = []
        for (index, file) in files.enumerated() {
            for rule in file.rules where known.insert(rule.pattern).inserted {
                var rule = rule
                for (other, second) in files.enumerated() where other != index {
                    guard let demand = second.demand(coveringAll: rule.pattern) else { continue }
                    let both = rule.demand.and(demand)
                    if both != rule.demand {
                        var made = "\(rule.pattern): \(both.words), because of \(second.name)"
                        if both == .refused, demand != .refused { made += ": no rule can demand both" }
                        notes.append(Note(file: file.name, line: rule.line, scope: rule.scope, made: made))
                    }
                    rule.demand = both
                }
                rules.append(rule)
            }
        }
        guard rules.count <= TrustPolicy.maximumRules else { throw Self.tooManyRules(rules.count, in: sources) }
        self.notes = notes
        self.rules = rules
    }

    private static func tooManyRules(_ count: Int, in sources: [Source]) -> Refusal {
        tooMany("scopes for \(count) rules", in: sources, limit: TrustPolicy.maximumRules)
    }

    private static func tooMany(_ found: String, in sources: [Source], limit: Int) -> Refusal {
        Refusal(
            .usage,
            checked: sources.map(\.name).joined(separator: ", "),
            found: found,
            expected: "at most \(limit)"
        )
    }

    private static func rules(of source: Source) throws(Refusal) -> ImportedRules {
        let file = try PlacedJSON(
            parsing: source.bytes,
            title: source.name,
            limit: Self.maximumLength,
            kind: "a configuration in JSON"
        )
        let kinds: [(keys: [String], read: () throws(Refusal) -> ImportedRules)] = [
            (
                ["default", "transports"],
                { () throws(Refusal) in
                    try ContainersPolicyReader(name: source.name, file: file).rules()
                }
            ),
            (
                ["content-trust"],
                { () throws(Refusal) in
                    try DockerTrustReader(name: source.name, file: file).rules()
                }
            ),
            (
                ["trust_pinning", "remote_server", "trust_dir"],
                { () throws(Refusal) in
                    try NotaryPinningReader(name: source.name, folder: source.folder, file: file).rules()
                }
            ),
        ]
        let keys = file.root.members.map { $0.key.lowercased() }
        let found = kinds.filter { kind in keys.contains(where: kind.keys.contains) }
        guard let kind = found.first, found.count == 1 else {
            throw file.wrong(
                file.root,
                found.isEmpty ? "nothing about trust in images" : "what belongs to different programs",
                expected: "containers' policy.json, notary's config.json, or docker's daemon.json with content-trust"
            )
        }
        return try kind.read()
    }

    // MARK: The policy

    /// The policy: rules that were made of one scope stand together.
    package var policy: JSONObject {
        var groups: [(patterns: [JSONValue], rule: ImportedRules.Rule)] = []
        for rule in rules {
            let pattern = JSONValue.string(rule.pattern.description)
            if let last = groups.last, last.rule.comment == rule.comment, last.rule.demand == rule.demand {
                groups[groups.count - 1].patterns.append(pattern)
            } else {
                groups.append(([pattern], rule))
            }
        }
        let rules = groups.map { patterns, rule in
            var object: JSONObject = ["comment": .string(rule.comment), "repositories": .array(patterns)]
            object.merge(rule.demand.json)
            return JSONValue.object(object)
        }
        return ["version": 1, "rules": .array(rules)]
    }

    /// The policy as a file.
    public var text: [UInt8] { JSONValue.object(policy).jsonBytes(pretty: true) }
}
