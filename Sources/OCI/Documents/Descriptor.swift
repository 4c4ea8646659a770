public import CanonicalJSON
public import TrustCrypto

/// What content is: its media type, digest and size (image-spec, descriptor.md).
public struct Descriptor: Sendable, Hashable {
    /// The media type of the content.
    public let mediaType: MediaType
    /// The digest of the content.
    public let digest: Digest
    /// The length of the content in bytes, never negative.
    public let size: Int64
    /// The media type of an artifact, where the descriptor states one.
    public var artifactType: MediaType?
    /// The platform of an image in an index, where stated.
    public var platform: Platform?
    /// Annotations; empty when there are none.
    public var annotations: Annotations
    /// Where the content may also be had; never asked here.
    public var urls: [String]

    /// A descriptor from its parts; a negative size becomes 0, which no content but the empty one matches.
    public init(
        mediaType: MediaType,
        digest: Digest,
        size: Int64,
        artifactType: MediaType? = nil,
        platform: Platform? = nil,
        annotations: Annotations = Annotations(),
        urls: [String] = []
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = max(0, size)
        self.artifactType = artifactType
        self.platform = platform
        self.annotations = annotations
        self.urls = urls
    }

    /// Reads a descriptor.
    ///
    /// - Parameters:
    ///   - node: The JSON object.
    ///   - path: Where it stands in its document, for errors.
    /// - Throws: ``OCIError``; `mediaType`, `digest` and `size` must be there.
    public init(_ node: JSONNode, at path: String) throws(OCIError) {
        let reader = try FieldReader(
            node,
            at: path,
            known: ["mediaType", "digest", "size", "urls", "annotations", "data", "platform", "artifactType"]
        )
        guard let mediaType = try reader.mediaType("mediaType") else { throw .missingField(reader.name("mediaType")) }
        let digest: Digest
        do {
            digest = try Digest(parsing: try reader.requiredString("digest"))
        } catch let error as OCIError {
            throw error
        } catch {
            throw .invalidField(reader.name("digest"))
        }
        guard let size = try reader.required("size").integer, size >= 0 else {
            throw .invalidField(reader.name("size"))
        }
        var platform: Platform?
        if let node = reader.optional("platform"), node.kind != .null {
            platform = try Platform(node, at: reader.name("platform"))
        }
        self.init(
            mediaType: mediaType,
            digest: digest,
            size: size,
            artifactType: try reader.artifactType(),
            platform: platform,
            annotations: try reader.annotations(),
            urls: try reader.nullableStrings("urls")
        )
    }

    /// The descriptor as it stands in a document.
    public var json: JSONValue {
        var object: JSONObject = [
            "mediaType": .string(mediaType.string),
            "digest": .string(digest.description),
            "size": .integer(size),
        ]
        if let artifactType { object["artifactType"] = .string(artifactType.string) }
        if let platform { object["platform"] = platform.json }
        if !annotations.isEmpty { object["annotations"] = annotations.json }
        if !urls.isEmpty { object["urls"] = .array(urls.map(JSONValue.string)) }
        return .object(object)
    }

    /// The descriptor of the empty JSON object `{}`, which stands for "no configuration" (image-spec, manifest.md).
    public static let emptyJSON = Descriptor(
        mediaType: .ociEmpty,
        digest: Digest.compute(over: Descriptor.emptyJSONBytes.span),
        size: Int64(Descriptor.emptyJSONBytes.count)
    )

    /// The content of ``emptyJSON``.
    public static let emptyJSONBytes: [UInt8] = [0x7B, 0x7D]
}
