/// A tag in a repository: `registry.example.com/team/app:1.4`. What it names may change at any time.
public struct TagReference: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The repository.
    public let repository: RepositoryName
    /// The tag.
    public let tag: TagName

    /// `REPOSITORY:TAG`
    public var description: String { "\(repository):\(tag)" }

    /// Joins a repository and a tag.
    public init(repository: RepositoryName, tag: TagName) {
        self.repository = repository
        self.tag = tag
    }

    /// Orders by repository, then by tag.
    public static func < (a: TagReference, b: TagReference) -> Bool {
        a.repository == b.repository ? a.tag < b.tag : a.repository < b.repository
    }
}
