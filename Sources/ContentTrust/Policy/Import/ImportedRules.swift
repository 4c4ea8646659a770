import CanonicalJSON
import OCI

/// The rules that were made of one file, and what is to be said of that.
struct ImportedRules: Sendable {
    /// A rule for one pattern.
    struct Rule: Sendable {
        let pattern: RepositoryPattern
        var demand: ImportedDemand
        /// The scope that it was made of, as the file names it.
        let scope: String
        /// The file.
        let file: String
        /// The line of the scope.
        let line: Int

        /// Where it comes from.
        var comment: String { "\(file) line \(line)" + (scope.isEmpty ? "" : ": \(scope)") }
    }

    /// The file.
    let name: String
    private(set) var rules: [Rule] = []
    private(set) var notes: [PolicyImport.Note] = []
    /// How many scopes were read.
    private(set) var scopes = 0
    private var places: [RepositoryPattern: Int] = [:]

    init(name: String) { self.name = name }

    /// Counts the scopes that an object has as members, before they are read.
    ///
    /// - Parameters:
    ///   - node: The object.
    ///   - file: The file that it is in.
    /// - Throws: ``Refusal`` with ``Reason/usage`` above ``PolicyImport/maximumScopes``.
    mutating func count(_ node: JSONNode, in file: PlacedJSON) throws(Refusal) {
        scopes += node.count
        guard scopes <= PolicyImport.maximumScopes else {
            throw file.wrong(node, "\(scopes) scopes", expected: "at most \(PolicyImport.maximumScopes) in all")
        }
    }

    /// Says something of a scope.
    mutating func note(_ place: TextPlace, _ scope: String, _ made: String) {
        notes.append(PolicyImport.Note(file: name, line: place.line, scope: scope, made: made))
    }

    /// Adds rules for those of some patterns that can match a repository, and says what was made of the scope.
    ///
    /// - Parameters:
    ///   - patterns: The patterns.
    ///   - demand: What is demanded.
    ///   - scope: How the file names them.
    ///   - place: Where.
    ///   - words: What else is to be said.
    ///   - isJoined: Whether what is demanded of the same pattern already is demanded too; otherwise it stays alone.
    mutating func add(
        _ patterns: [String],
        _ demand: ImportedDemand,
        scope: String,
        at place: TextPlace,
        because words: String? = nil,
        isJoined: Bool
    ) {
        let valid = patterns.compactMap { try? RepositoryPattern(parsing: $0) }
        guard !valid.isEmpty else {
            note(place, scope, "left out: no full name of a repository is like it, so it never counted")
            return
        }
        note(
            place,
            scope,
            "\(valid.map(\.description).joined(separator: ", ")): \(demand.words)" + (words.map { " (\($0))" } ?? "")
        )
        for pattern in valid {
            guard let index = places[pattern] else {
                append(pattern, demand, scope: scope, at: place)
                continue
            }
            let joined = isJoined ? rules[index].demand.and(demand) : rules[index].demand
            if joined != demand || joined != rules[index].demand {
                note(place, scope, "\(pattern) stands already in \(rules[index].comment): \(joined.words)")
            }
            rules[index].demand = joined
        }
    }

    private mutating func append(
        _ pattern: RepositoryPattern,
        _ demand: ImportedDemand,
        scope: String,
        at place: TextPlace
    ) {
        places[pattern] = rules.count
        rules.append(Rule(pattern: pattern, demand: demand, scope: scope, file: name, line: place.line))
    }

    /// Demands more of all of a repository, because of something in it for which there can be no rule.
    ///
    /// - Parameters:
    ///   - pattern: The repository.
    ///   - demand: What is demanded of something in it.
    ///   - scope: How the file names that.
    ///   - place: Where.
    mutating func tighten(_ pattern: RepositoryPattern, _ demand: ImportedDemand, scope: String, at place: TextPlace) {
        let before = self.demand(coveringAll: pattern) ?? .refused
        let both = before.and(demand)
        note(place, scope, "rules are for repositories: all of \(pattern) is \(both.words)")
        guard both != before else { return }
        if let index = places[pattern] {
            rules[index].demand = both
        } else {
            append(pattern, both, scope: scope, at: place)
        }
    }

    /// What is demanded of everything that a pattern matches: by the closest rule that is for all of it.
    func demand(coveringAll pattern: RepositoryPattern) -> ImportedDemand? {
        // Two names that have nothing in common but the pattern.
        let names = ["x7q", "y3k"].map { pattern.name(star: $0) }
        let covering = rules.filter { rule in
            pattern.description == "*"
                ? rule.pattern == pattern : names.allSatisfy { rule.pattern.matches($0) }
        }
        return covering.max { $0.pattern.rank < $1.pattern.rank }?.demand
    }
}

extension RepositoryPattern {
    /// A name that it matches, with a text in the place of each star.
    fileprivate func name(star: String) -> String {
        description.split(separator: "*", omittingEmptySubsequences: false).joined(separator: star)
    }
}
