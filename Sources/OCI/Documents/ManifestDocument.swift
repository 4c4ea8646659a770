/// A manifest or an index, whichever the media type says.
public enum ManifestDocument: Sendable, Hashable {
    /// One image or artifact.
    case manifest(Manifest)
    /// Several.
    case index(Index)

    /// Reads verified content by the media type of its descriptor.
    ///
    /// - Throws: ``OCIError/unsupportedMediaType(_:)`` for content that is neither; otherwise what ``Manifest`` and
    ///   ``Index`` throw.
    public init(_ content: VerifiedContent) throws(OCIError) {
        let type = content.descriptor.mediaType
        if type.isIndex {
            self = .index(try Index(parsing: content.bytes, as: type))
        } else {
            self = .manifest(try Manifest(parsing: content.bytes, as: type))
        }
    }
}
