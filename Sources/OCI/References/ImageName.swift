/// The name of an image in an OCI image layout: the value of its annotation `org.opencontainers.image.ref.name`.
///
/// Mostly a tag (`1.4`), but the grammar of the image specification (annotations.md) also allows full names; every tag is
/// accepted, also the few that this grammar leaves out (`v1__2`). ASCII, so comparing strings compares bytes.
public struct ImageName: Sendable, Hashable, CustomStringConvertible {
    /// The name as written, 1 to 255 bytes.
    public let string: String

    /// The name as written.
    public var description: String { string }

    /// Checks a name.
    ///
    /// - Parameter string: Components of letters and digits, joined by one of `-._:@+` or by `--`, separated by slashes;
    ///   or a tag.
    /// - Throws: ``OCIError/invalidReference(text:problem:)`` with `imageName`.
    public init(_ string: String) throws(OCIError) {
        guard ReferenceGrammar.isImageName(string.utf8) || ReferenceGrammar.isTag(string.utf8) else {
            throw ReferenceGrammar.invalid(string, .imageName)
        }
        self.string = string
    }

    /// A tag is an image name.
    public init(_ tag: TagName) { string = tag.string }
}
