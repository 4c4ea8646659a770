import CanonicalJSON

/// An image manifest, OCI or docker schema 2 (image-spec, manifest.md).
public struct Manifest: Sendable, Hashable {
    /// ``MediaType/ociManifest`` or ``MediaType/dockerManifest``.
    public let mediaType: MediaType
    /// The kind of artifact, where one is stated.
    public var artifactType: MediaType?
    /// The configuration.
    public var config: Descriptor
    /// The layers, base first.
    public var layers: [Descriptor]
    /// The manifest that this one is about, for referrers.
    public var subject: Descriptor?
    /// Annotations; empty when there are none.
    public var annotations: Annotations

    /// A manifest from its parts.
    public init(
        mediaType: MediaType = .ociManifest,
        artifactType: MediaType? = nil,
        config: Descriptor = .emptyJSON,
        layers: [Descriptor],
        subject: Descriptor? = nil,
        annotations: Annotations = Annotations()
    ) {
        self.mediaType = mediaType
        self.artifactType = artifactType
        self.config = config
        self.layers = layers
        self.subject = subject
        self.annotations = annotations
    }

    /// Reads a manifest.
    ///
    /// - Parameters:
    ///   - bytes: At most 4 MiB of JSON.
    ///   - mediaType: What the descriptor or `Content-Type` header says the document is.
    /// - Throws: ``OCIError/unsupportedMediaType(_:)`` for another kind of document,
    ///   ``OCIError/mediaTypeMismatch(claimed:found:)`` when the body says otherwise,
    ///   ``OCIError/ambiguousField(_:)`` when it could also be read as an index or a manifest of schema 1.
    public init(parsing bytes: [UInt8], as mediaType: MediaType) throws(OCIError) {
        guard mediaType.isManifest else { throw .unsupportedMediaType(mediaType.string) }
        let reader = try FieldReader.root(
            of: try FieldReader.parse(bytes),
            claimed: mediaType,
            known: [
                "schemaVersion", "mediaType", "artifactType", "config", "layers", "subject", "annotations",
            ],
            foreign: ["manifests", "fsLayers", "blobs"]
        )
        self.init(
            mediaType: mediaType,
            artifactType: try reader.artifactType(),
            config: try Descriptor(try reader.required("config"), at: "config"),
            layers: try reader.descriptors("layers"),
            subject: try reader.optionalDescriptor("subject"),
            annotations: try reader.annotations()
        )
    }

    /// The manifest as a document; the same manifest always gives the same bytes.
    public var bytes: [UInt8] {
        var object: JSONObject = [
            "schemaVersion": .integer(2),
            "mediaType": .string(mediaType.string),
            "config": config.json,
            "layers": .array(layers.map(\.json)),
        ]
        if let artifactType { object["artifactType"] = .string(artifactType.string) }
        if let subject { object["subject"] = subject.json }
        if !annotations.isEmpty { object["annotations"] = annotations.json }
        return JSONValue.object(object).jsonBytes(pretty: false)
    }
}
