/// A media type without parameters, `type/subtype` (RFC 6838 §4.2). ASCII, so comparing strings compares bytes.
public struct MediaType: Sendable, Hashable, CustomStringConvertible {
    /// The longest media type, in bytes: two names of 127 and a slash.
    public static let maximumLength = 255

    /// The media type as written; its case is kept.
    public let string: String

    /// The media type as written.
    public var description: String { string }

    /// Checks a media type, or returns nil for a text that is not one.
    public init?(_ string: String) {
        guard Self.isMediaType(string.utf8) else { return nil }
        self.string = string
    }

    /// Reads the media type of a `Content-Type` header, leaving its parameters out; nil when there is none.
    public init?(contentType: String) {
        let bytes = contentType.utf8.prefix { $0 != UInt8(ascii: ";") }
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        var trimmed = bytes.drop(while: isSpace)
        while let last = trimmed.last, isSpace(last) { trimmed = trimmed.dropLast() }
        guard Self.isMediaType(trimmed) else { return nil }
        string = String(decoding: trimmed, as: UTF8.self)
    }

    private init(known string: String) { self.string = string }

    private static func isMediaType(_ text: some Collection<UInt8>) -> Bool {
        let parts = text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { name in
                guard let first = name.first, name.count <= 127 else { return false }
                return ReferenceGrammar.isAlphanumeric(first) && name.allSatisfy(isNameCharacter)
            }
    }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        if ReferenceGrammar.isAlphanumeric(byte) { return true }
        return switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "-"),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "+"):
            true
        default: false
        }
    }
}

extension MediaType {
    /// An OCI image manifest.
    public static let ociManifest = MediaType(known: "application/vnd.oci.image.manifest.v1+json")
    /// An OCI image index.
    public static let ociIndex = MediaType(known: "application/vnd.oci.image.index.v1+json")
    /// A docker image manifest, version 2, schema 2.
    public static let dockerManifest = MediaType(known: "application/vnd.docker.distribution.manifest.v2+json")
    /// A docker manifest list.
    public static let dockerManifestList = MediaType(
        known: "application/vnd.docker.distribution.manifest.list.v2+json"
    )
    /// The empty JSON object, used as configuration of artifacts that have none.
    public static let ociEmpty = MediaType(known: "application/vnd.oci.empty.v1+json")
    /// Bytes of no known type.
    public static let octetStream = MediaType(known: "application/octet-stream")
    /// A TUF metadata file as a layer (docker/go-tuf-mirror).
    public static let tufMetadata = MediaType(known: "application/vnd.tuf.metadata+json")
    /// The artifact type of trust data.
    public static let tufMetadataArtifact = MediaType(known: "application/vnd.tuf.metadata.v1+json")

    /// Whether this is the media type of a manifest, OCI or docker.
    public var isManifest: Bool { self == .ociManifest || self == .dockerManifest }

    /// Whether this is the media type of an index or manifest list.
    public var isIndex: Bool { self == .ociIndex || self == .dockerManifestList }

    /// Whether this is the media type of an image's configuration, which states its platform, OCI or docker.
    public var isImageConfig: Bool {
        string == "application/vnd.oci.image.config.v1+json"
            || string == "application/vnd.docker.container.image.v1+json"
    }

    /// Whether blobs of this type may live outside the registry and be left out of copies (image-spec, layer.md;
    /// docker's foreign layers).
    public var isNondistributable: Bool {
        string.utf8.starts(with: "application/vnd.oci.image.layer.nondistributable.".utf8)
            || string.utf8.starts(with: "application/vnd.docker.image.rootfs.foreign.".utf8)
    }
}
