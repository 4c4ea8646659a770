/// What a request wants to do in one repository, as token servers count it.
public struct RepositoryScope: Sendable, Hashable, CustomStringConvertible {
    /// Rights, in the order in which they are written.
    public enum Action: String, Sendable, Hashable, CaseIterable {
        /// Read.
        case pull
        /// Write.
        case push
        /// Delete manifests.
        case delete
        /// Everything: what Notary servers ask for where keys are made and collections deleted.
        case all = "*"
    }

    /// The repository's path in its registry, for example `library/alpine`.
    public let repository: String

    /// What is wanted.
    public let actions: Set<Action>

    /// Makes a scope.
    ///
    /// - Parameters:
    ///   - repository: The repository's path, without the registry.
    ///   - actions: What is wanted.
    public init(repository: String, actions: Set<Action>) {
        self.repository = repository
        self.actions = actions
    }

    /// To read.
    public static func pull(_ repository: String) -> RepositoryScope {
        RepositoryScope(repository: repository, actions: [.pull])
    }

    /// To do everything.
    public static func all(_ repository: String) -> RepositoryScope {
        RepositoryScope(repository: repository, actions: [.all])
    }

    /// To read and write.
    public static func pullPush(_ repository: String) -> RepositoryScope {
        RepositoryScope(repository: repository, actions: [.pull, .push])
    }

    /// For example `repository:library/alpine:pull,push`.
    public var description: String {
        "repository:\(repository):\(Action.allCases.filter(actions.contains).map(\.rawValue).joined(separator: ","))"
    }

    /// The scopes to ask a token server for: our own, and those of the challenge as far as they ask for no more rights.
    ///
    /// A registry may know the repository by another name than we do (proxies and mirrors rename), so the names in its
    /// challenge count. Its choice of rights does not: reading must not end in a token that can write.
    ///
    /// - Parameters:
    ///   - needed: What our request needs; nil for requests outside any repository.
    ///   - challenge: The challenge's `scope`; words of other kinds and beyond the tenth are ignored.
    /// - Returns: Scope words in a stable order without repetition.
    static func combined(needed: RepositoryScope?, challenge: String?) -> [String] {
        var words: [String] = needed.map { [$0.description] } ?? []
        for word in (challenge ?? "").split(separator: " ").prefix(10) {
            guard let (type, name, offered) = parts(of: word) else { continue }
            guard let needed else {
                // Outside repositories (`registry:catalog:*`) there is nothing to compare with.
                if type != "repository", !words.contains(String(word)) { words.append(String(word)) }
                continue
            }
            guard type == "repository" else { continue }
            let actions = needed.actions.filter { offered.contains(Substring($0.rawValue)) || offered.contains("*") }
            let clipped = RepositoryScope(repository: String(name), actions: actions).description
            if !actions.isEmpty, name != needed.repository, !words.contains(clipped) {
                words.append(clipped)
            }
        }
        return words
    }

    /// `type:name:actions`; the name may hold colons (a host with a port).
    private static func parts(of word: Substring) -> (type: Substring, name: Substring, actions: [Substring])? {
        guard let first = word.firstIndex(of: ":"), let last = word.lastIndex(of: ":"), first < last else { return nil }
        let name = word[word.index(after: first)..<last]
        guard !name.isEmpty else { return nil }
        return (word[..<first], name, word[word.index(after: last)...].split(separator: ","))
    }
}
