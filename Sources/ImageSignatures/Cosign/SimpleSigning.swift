internal import CanonicalJSON
public import TrustCrypto

/// What cosign signs: the payload of simple signing (sigstore/cosign, `specs/SIGNATURE_SPEC.md`).
///
/// As strict as containers/image is: exactly the members of the specification, spelled as cosign writes them, because readers
/// in Go do not look at the case of names.
public struct SimpleSigning: Sendable, Hashable {
    /// The media type of a layer with a payload.
    public static let mediaType = "application/vnd.dev.cosign.simplesigning.v1+json"
    /// The annotation of the layer that has the signature, in base64.
    public static let signatureAnnotation = "dev.cosignproject.cosign/signature"
    /// The annotation that has the certificate of a signature without a key that lasts.
    public static let certificateAnnotation = "dev.sigstore.cosign/certificate"
    /// The type of what is signed.
    static let type = "cosign container image signature"

    /// The digest of the image.
    public let digest: Digest
    /// The repository or tag that the signer named; not compared with anything.
    public let reference: String

    /// Reads a payload.
    ///
    /// - Parameter bytes: At most ``SignatureLimits/maximumPayloadBytes``.
    /// - Throws: ``SignatureProblem``.
    public init(parsing bytes: [UInt8]) throws(SignatureProblem) {
        guard bytes.count <= SignatureLimits.maximumPayloadBytes else {
            throw .tooLarge(limit: SignatureLimits.maximumPayloadBytes)
        }
        let root = try SignatureLimits.parse(bytes, "payload")
        try Self.require(root, "payload", ["critical", "optional"], optional: "optional")
        guard let critical = root["critical"] else { throw .malformed("critical") }
        try Self.require(critical, "critical", ["type", "image", "identity"])
        guard let image = critical["image"], let identity = critical["identity"] else { throw .malformed("critical") }
        try Self.require(image, "critical.image", ["docker-manifest-digest"])
        try Self.require(identity, "critical.identity", ["docker-reference"])
        if let optional = root["optional"], optional.kind != .object, optional.kind != .null {
            throw .malformed("optional")
        }
        guard let type = critical["type"]?.string else { throw .malformed("critical.type") }
        guard type.utf8.elementsEqual(Self.type.utf8) else { throw .payloadType(SignatureProblem.cut(type)) }
        guard let text = image["docker-manifest-digest"]?.string else {
            throw .malformed("critical.image.docker-manifest-digest")
        }
        guard let digest = try? Digest(parsing: text) else { throw .otherDigest(nil) }
        guard let reference = identity["docker-reference"]?.string else {
            throw .malformed("critical.identity.docker-reference")
        }
        self.digest = digest
        self.reference = reference
    }

    private static func require(
        _ node: JSONNode,
        _ path: String,
        _ names: [String],
        optional: String? = nil
    ) throws(SignatureProblem) {
        guard node.kind == .object,
            node.memberNodes.allSatisfy({ member in names.contains(where: member.key.isString) }),
            names.allSatisfy({ $0 == optional || node[$0] != nil })
        else { throw .malformed(path) }
    }
}
