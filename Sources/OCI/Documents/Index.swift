import CanonicalJSON

/// An image index or docker manifest list (image-spec, image-index.md).
public struct Index: Sendable, Hashable {
    /// ``MediaType/ociIndex`` or ``MediaType/dockerManifestList``.
    public let mediaType: MediaType
    /// The kind of artifact, where one is stated.
    public var artifactType: MediaType?
    /// The children: manifests, or further indexes.
    public var manifests: [Descriptor]
    /// The manifest that this index is about, for referrers.
    public var subject: Descriptor?
    /// Annotations; empty when there are none.
    public var annotations: Annotations

    /// An index from its parts.
    public init(
        mediaType: MediaType = .ociIndex,
        artifactType: MediaType? = nil,
        manifests: [Descriptor],
        subject: Descriptor? = nil,
        annotations: Annotations = Annotations()
    ) {
        self.mediaType = mediaType
        self.artifactType = artifactType
        self.manifests = manifests
        self.subject = subject
        self.annotations = annotations
    }

    /// Reads an index.
    ///
    /// - Parameters:
    ///   - bytes: At most 4 MiB of JSON.
    ///   - mediaType: What the descriptor or `Content-Type` header says the document is.
    /// - Throws: ``OCIError/unsupportedMediaType(_:)`` for another kind of document,
    ///   ``OCIError/mediaTypeMismatch(claimed:found:)`` when the body says otherwise,
    ///   ``OCIError/ambiguousField(_:)`` when it could also be read as a manifest.
    public init(parsing bytes: [UInt8], as mediaType: MediaType) throws(OCIError) {
        try self.init(document: try FieldReader.parse(bytes), as: mediaType)
    }

    init(document: JSONDocument, as mediaType: MediaType) throws(OCIError) {
        guard mediaType.isIndex else { throw .unsupportedMediaType(mediaType.string) }
        let reader = try FieldReader.root(
            of: document,
            claimed: mediaType,
            known: ["schemaVersion", "mediaType", "artifactType", "manifests", "subject", "annotations"],
            foreign: ["config", "layers", "fsLayers", "blobs"]
        )
        self.init(
            mediaType: mediaType,
            artifactType: try reader.artifactType(),
            manifests: try reader.descriptors("manifests"),
            subject: try reader.optionalDescriptor("subject"),
            annotations: try reader.annotations()
        )
    }

    /// The first child for a platform, in the order of the index, as docker and containerd choose; nil when there is none.
    public func manifest(for platform: Platform) -> Descriptor? {
        manifests.first { $0.platform?.matches(platform) ?? false }
    }

    /// The index as a document; the same index always gives the same bytes.
    public var bytes: [UInt8] {
        var object: JSONObject = [
            "schemaVersion": .integer(2),
            "mediaType": .string(mediaType.string),
            "manifests": .array(manifests.map(\.json)),
        ]
        if let artifactType { object["artifactType"] = .string(artifactType.string) }
        if let subject { object["subject"] = subject.json }
        if !annotations.isEmpty { object["annotations"] = annotations.json }
        return JSONValue.object(object).jsonBytes(pretty: false)
    }
}
