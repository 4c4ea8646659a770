/// A globally unique name: what Notary calls a collection, by Docker's rules the name of a repository with its registry, such as
/// `docker.io/library/alpine`.
public struct GUN: Sendable, Hashable, CustomStringConvertible {
    /// The name.
    public let string: String

    /// A name.
    ///
    /// - Parameter string: 1 to 255 bytes of ASCII without spaces, control characters, `*`, `?`, `#`, `%`, and without
    ///   segments that are empty, `.` or `..`: what servers route as it stands.
    /// - Throws: ``NotaryError/invalidGUN(_:)``.
    public init(_ string: String) throws(NotaryError) {
        let segments = string.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let refused = Set("*?#%\"<>\\^`{|}".utf8)
        guard (1...255).contains(string.utf8.count),
            string.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !refused.contains($0) }),
            segments.allSatisfy({ !$0.isEmpty && !$0.allSatisfy { $0 == UInt8(ascii: ".") } })
        else { throw .invalidGUN(string) }
        self.string = string
    }

    /// The name.
    public var description: String { string }
}
