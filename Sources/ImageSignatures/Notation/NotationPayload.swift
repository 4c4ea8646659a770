internal import CanonicalJSON
internal import OCI

/// What notation signs: the descriptor of an image (Notary Project, "Payload").
struct NotationPayload {
    private let target: Descriptor

    init(parsing bytes: [UInt8]) throws(SignatureProblem) {
        let root = try SignatureLimits.parse(bytes, "payload")
        // Readers in Go would take a member of another case for this one.
        guard root.kind == .object, root.count == 1, let node = root["targetArtifact"] else {
            throw .malformed("payload")
        }
        do throws(OCIError) {
            target = try Descriptor(node, at: "targetArtifact")
        } catch {
            throw .malformed("targetArtifact")
        }
    }

    /// Demands that it is the descriptor of an image.
    func require(_ image: Descriptor) throws(SignatureProblem) {
        guard target.digest == image.digest else { throw .otherDigest(target.digest) }
        guard target.size == image.size, target.mediaType == image.mediaType else { throw .otherDescriptor }
    }
}
