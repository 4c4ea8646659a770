/// A tag: `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`. ASCII, so comparing strings compares bytes.
public struct TagName: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The tag docker assumes when none is given.
    public static let latest = TagName(unchecked: "latest")

    /// The tag as written.
    public let string: String

    /// The tag as written.
    public var description: String { string }

    /// Checks a tag.
    ///
    /// - Parameter string: 1 to 128 bytes of the tag grammar.
    /// - Throws: ``OCIError/invalidReference(text:problem:)`` with `tag`.
    public init(_ string: String) throws(OCIError) {
        guard ReferenceGrammar.isTag(string.utf8) else { throw ReferenceGrammar.invalid(string, .tag) }
        self.string = string
    }

    private init(unchecked string: String) { self.string = string }

    /// Orders by bytes.
    public static func < (a: TagName, b: TagName) -> Bool { a.string.utf8.lexicographicallyPrecedes(b.string.utf8) }
}
