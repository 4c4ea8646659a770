import CanonicalJSON
import OCI
public import TUF
public import TrustCrypto

/// One file that proves a verdict again, off line and years later: the metadata from the first root to the tag, the
/// documents that it names, if asked, and a time stamp, if a service made one.
///
/// Nothing in it is believed: ``TrustVerifier/open(_:_:)`` verifies it from a pin.
public struct TrustBundle: Sendable {
    /// The media type of the file.
    public static let mediaType = "application/vnd.trustctl.bundle.v1+json"
    /// The longest file read, in bytes.
    public static let maximumLength = 96 << 20

    /// The form of its metadata.
    public let dialect: Dialect
    /// The repository, by the name that its trust data carries.
    public let repository: String
    /// When it was made, by its own word.
    public let created: Instant
    /// The tag that it was made for; nil for a whole repository.
    public let tag: String?
    /// The metadata files.
    let metadata: [MetadataFile: [UInt8]]
    /// Manifests and indexes.
    let documents: BundledDocuments
    /// What a time stamping service said of ``contentDigest``.
    public let timeStamp: TimeStampToken?
    /// The SHA-256 of the canonical form of all members but itself and the time stamp.
    public let contentDigest: Digest

    init(
        dialect: Dialect,
        repository: String,
        created: Instant,
        tag: String?,
        metadata: [MetadataFile: [UInt8]],
        documents: BundledDocuments,
        timeStamp: TimeStampToken? = nil
    ) {
        self.dialect = dialect
        self.repository = repository
        self.created = created.wholeSeconds
        self.tag = tag
        self.metadata = metadata
        self.documents = documents
        self.timeStamp = timeStamp
        let content = Self.content(dialect, repository, self.created, tag, metadata, documents)
        contentDigest = Self.digest(of: content)
    }

    /// With documents, and thus another digest to stamp.
    func adding(_ documents: BundledDocuments) -> TrustBundle {
        TrustBundle(
            dialect: dialect,
            repository: repository,
            created: created,
            tag: tag,
            metadata: metadata,
            documents: documents
        )
    }

    /// With a time stamp over ``contentDigest``, which whoever reads the bundle verifies.
    ///
    /// - Parameter token: The stamp.
    /// - Returns: The bundle to write.
    public func stamped(_ token: TimeStampToken) -> TrustBundle {
        TrustBundle(
            dialect: dialect,
            repository: repository,
            created: created,
            tag: tag,
            metadata: metadata,
            documents: documents,
            timeStamp: token
        )
    }

    /// The file.
    public var bytes: [UInt8] {
        var object = Self.content(dialect, repository, created, tag, metadata, documents)
        object[Field.digest] = .string(contentDigest.description)
        if let timeStamp { object[Field.timeStamp] = .string(Base64.encode(timeStamp.der.span)) }
        return JSONValue.object(object).jsonBytes(pretty: false) + [UInt8(ascii: "\n")]
    }

    // MARK: Form

    enum Field {
        static let mediaType = "mediaType"
        static let version = "version"
        static let dialect = "dialect"
        static let repository = "repository"
        static let created = "created"
        static let tag = "tag"
        static let metadata = "metadata"
        static let documents = "documents"
        static let content = "content"
        static let digest = "digest"
        static let timeStamp = "timeStamp"
    }

    static var version: Int64 { 1 }

    private static func content(
        _ dialect: Dialect,
        _ repository: String,
        _ created: Instant,
        _ tag: String?,
        _ metadata: [MetadataFile: [UInt8]],
        _ documents: BundledDocuments
    ) -> JSONObject {
        var files = JSONObject()
        for (file, bytes) in metadata { files[file.name] = .string(Base64.encode(bytes.span)) }
        var object: JSONObject = [
            Field.mediaType: .string(mediaType),
            Field.version: .integer(version),
            Field.dialect: .string(dialect.name),
            Field.repository: .string(repository),
            Field.created: .string(created.description),
            Field.tag: tag.map(JSONValue.string) ?? .null,
            Field.metadata: .object(files),
        ]
        guard !documents.contents.isEmpty else { return object }
        var contents = JSONObject()
        for (digest, content) in documents.contents {
            contents[digest.description] = [
                Field.mediaType: .string(content.descriptor.mediaType.string),
                Field.content: .string(Base64.encode(content.bytes.span)),
            ]
        }
        object[Field.documents] = .object(contents)
        return object
    }

    /// The digest that is stamped.
    static func digest(of content: JSONObject) -> Digest {
        var content = content
        content[Field.digest] = nil
        content[Field.timeStamp] = nil
        // Numbers without a canonical form leave nothing to compare with: such a digest is never equal.
        let bytes = (try? JSONValue.object(content).canonicalBytes()) ?? []
        return Digest.compute(.sha256, over: bytes.span)
    }
}
