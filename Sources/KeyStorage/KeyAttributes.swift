public import TUF

/// What a key is for.
public struct KeyAttributes: Sendable, Hashable {
    /// The longest repository name or label, in bytes.
    public static let maximumTextLength = 512

    /// The role that the key signs for.
    public let role: RoleName
    /// The repository that the key belongs to; nil for root keys, which may serve many.
    public let repository: String?
    /// A note for people.
    public let label: String?

    /// Describes a key.
    ///
    /// - Parameters:
    ///   - role: The role that it signs for.
    ///   - repository: The repository that it belongs to: never for `root`, always for `targets`, `snapshot` and
    ///     `timestamp`, as it suits for delegated roles, whose keys are often those of a person.
    ///   - label: A note for people.
    /// - Throws: ``KeyStorageError/repositoryRequired(_:)``, ``KeyStorageError/repositoryNotAllowed(_:)``,
    ///   ``KeyStorageError/malformedAttribute(_:)`` for empty or overlong text and for control characters.
    public init(role: RoleName, repository: String?, label: String? = nil) throws(KeyStorageError) {
        switch role {
        case .root:
            guard repository == nil else { throw .repositoryNotAllowed(role) }
        case .targets, .snapshot, .timestamp:
            guard repository != nil else { throw .repositoryRequired(role) }
        default:
            break
        }
        if let repository, !Self.isReadable(repository) { throw .malformedAttribute("repository") }
        if let label, !Self.isReadable(label) { throw .malformedAttribute("label") }
        self.role = role
        self.repository = repository
        self.label = label
    }

    /// Describes a key of docker's or notary's by what its file says, which may be less than it takes to make one: they find
    /// keys by their ids alone.
    ///
    /// - Parameters:
    ///   - role: The role that it signs for.
    ///   - repository: The repository that it belongs to, checked by whoever read it.
    init(found role: RoleName, repository: String?) {
        self.role = role
        self.repository = repository
        label = nil
    }

    static func isReadable(_ text: String) -> Bool {
        (1...maximumTextLength).contains(text.utf8.count) && !text.utf8.contains { $0 < 0x20 || $0 == 0x7F }
    }

    /// Whether all bytes are the same.
    public static func == (left: KeyAttributes, right: KeyAttributes) -> Bool {
        left.role == right.role && sameBytes(left.repository, right.repository) && sameBytes(left.label, right.label)
    }

    /// Feeds the role.
    public func hash(into hasher: inout Hasher) { hasher.combine(role) }

    private static func sameBytes(_ left: String?, _ right: String?) -> Bool {
        left.map { Array($0.utf8) } == right.map { Array($0.utf8) }
    }
}
