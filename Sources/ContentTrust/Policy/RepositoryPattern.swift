import OCI

/// Which repositories a rule of a policy is for: one by its full name, all below a prefix (`registry.example.com/team/*`), all
/// that a pattern with stars matches, or all (`*`).
///
/// A star stands for any characters but a slash, at least one; as the whole last part of the pattern it also stands for several
/// parts. OCI layouts, which have no registry, are matched by `*` alone.
public struct RepositoryPattern: Sendable, Hashable, CustomStringConvertible {
    /// As it is written.
    public let description: String
    /// The parts between slashes, each as the texts between its stars.
    private let parts: [[String]]
    /// Whether the last part stands for one or more parts.
    private let isOpen: Bool

    /// Why a text is no pattern that could match a repository.
    public struct Problem: Error, Sendable, Equatable {
        /// What is wrong with it.
        public let found: String
        /// What could stand there instead.
        public let expected: String
    }

    /// Reads a pattern.
    ///
    /// - Parameter text: As policies write it.
    /// - Throws: ``Problem`` for a text that no repository's full name could ever match.
    public init(parsing text: String) throws(Problem) {
        description = text
        guard text != "*" else {
            parts = []
            isOpen = true
            return
        }
        var names = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if let odd = text.unicodeScalars.first(where: { !Self.isAllowed($0) }) {
            let shown =
                odd.isASCII && odd.value > 0x20 && odd.value < 0x7f ? "\(odd)" : "U+\(String(odd.value, radix: 16))"
            throw Problem(
                found: "the character \(shown), which no repository has",
                expected: "a full name, with * for any part"
            )
        }
        guard !text.utf8.starts(with: Self.layouts.utf8) else {
            throw Problem(found: "a layout, for which there is no rule but that of all", expected: "*")
        }
        guard names.count > 1, let registry = names.first, Self.isRegistry(registry) else {
            throw Problem(
                found: "it does not begin with a registry",
                expected: (try? RepositoryName(parsing: text)).map { "\($0)" } ?? "REGISTRY/NAME, or REGISTRY/*"
            )
        }
        guard !names.contains("") else { throw Problem(found: "an empty part", expected: "a full name") }
        if let upper = names.dropFirst().first(where: { $0.utf8.contains { (0x41...0x5a).contains($0) } }) {
            throw Problem(found: "capital letters in \(upper), which no repository has", expected: text.lowercased())
        }
        let comparable = Self.comparable(text)
        guard comparable == text else {
            throw Problem(
                found: "\(registry) is written differently, and means the same registry",
                expected: comparable
            )
        }
        guard Self.canMatch(names) else {
            throw Problem(
                found: text.utf8.contains(0x2a)
                    ? "no full name of a repository is like it" : "not the full name of a repository",
                expected: (try? RepositoryName(parsing: text)).map { "\($0)" } ?? "REGISTRY/NAME, with * for any part"
            )
        }
        isOpen = names.last == "*"
        if isOpen { names.removeLast() }
        parts = names.map { $0.split(separator: "*", omittingEmptySubsequences: false).map(String.init) }
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-", ":", "/", "*", "[", "]": true
        default: false
        }
    }

    /// What layouts begin with, as references write them.
    private static let layouts = "oci:"

    /// Whether it is one repository's name.
    var isOneName: Bool { !description.utf8.contains(0x2a) }

    /// Whether there is a name that it matches: one is tried in which stars stand for as little as can be.
    private static func canMatch(_ names: [String]) -> Bool {
        func sample(_ part: String, _ star: String) -> String {
            part.split(separator: "*", omittingEmptySubsequences: false).joined(separator: star)
        }
        let path = names.dropFirst().enumerated().map { index, part in
            part == "*" && index == names.count - 2 ? "1/1" : sample(part, "1")
        }
        return ["1", "1.1"].contains { star in
            let name = ([sample(names[0], star)] + path).joined(separator: "/")
            return (try? RepositoryName(parsing: name))?.description == name
        }
    }

    /// A full name in the form in which names are compared with patterns: differently written names of one registry must not
    /// get different rules. References keep them as they were written.
    ///
    /// - Parameter repository: The full name.
    /// - Returns: It with the registry in small letters, without the port that HTTPS has anyway, and Docker Hub by one name.
    static func comparable(_ repository: String) -> String {
        guard let slash = repository.firstIndex(of: "/"), !repository.utf8.starts(with: layouts.utf8) else {
            return repository
        }
        var registry = repository[..<slash].lowercased()
        if registry.hasSuffix(":443") { registry.removeLast(":443".count) }
        if registry == "index.docker.io" { registry = RepositoryName.defaultRegistry }
        return registry + repository[slash...]
    }

    /// docker's rule for what stands before the first slash.
    private static func isRegistry(_ text: String) -> Bool {
        text == "localhost"
            || text.utf8.contains { $0 == 0x2e || $0 == 0x3a || $0 == 0x2a || (0x41...0x5a).contains($0) }
    }

    /// Whether a repository is among them.
    ///
    /// - Parameter repository: The full name, or a layout as references write it.
    /// - Returns: Whether it is.
    public func matches(_ repository: String) -> Bool {
        matches(comparable: Self.comparable(repository))
    }

    /// As ``matches(_:)``, for a name that is in the form of ``comparable(_:)``.
    func matches(comparable repository: String) -> Bool {
        guard !repository.utf8.starts(with: Self.layouts.utf8) else { return description == "*" }
        let names = repository.split(separator: "/", omittingEmptySubsequences: false)
        guard isOpen ? names.count > parts.count : names.count == parts.count else { return false }
        return zip(parts, names).allSatisfy { Self.matches($0, $1) }
    }

    /// Each text is taken where it first occurs, the last one at the end: stars are greedy for as little as possible.
    private static func matches(_ texts: [String], _ name: Substring) -> Bool {
        guard texts.count > 1, let first = texts.first, let last = texts.last else { return name == texts.first ?? "" }
        guard name.hasPrefix(first) else { return false }
        var rest = name.dropFirst(first.count)
        for text in texts.dropFirst().dropLast() {
            // The star before it stands for one character at least.
            guard let found = rest.dropFirst().firstRange(of: text) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.count > last.count && rest.hasSuffix(last)
    }

    /// How closely it describes what it matches: by the length of what is written before the first star, then by all that is
    /// written besides stars. A full name comes before every pattern.
    struct Rank: Comparable, Sendable {
        let beginning: Int
        let literals: Int

        static func < (a: Rank, b: Rank) -> Bool { (a.beginning, a.literals) < (b.beginning, b.literals) }
    }

    var rank: Rank {
        let bytes = description.utf8
        guard let star = bytes.firstIndex(of: 0x2a) else { return Rank(beginning: .max, literals: .max) }
        return Rank(
            beginning: bytes.distance(from: bytes.startIndex, to: star),
            literals: bytes.count { $0 != 0x2a }
        )
    }
}
