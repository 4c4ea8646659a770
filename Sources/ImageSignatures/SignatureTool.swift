/// A tool that signs images with signatures of their own, beside the trust data.
public enum SignatureTool: String, Sendable, Hashable, CaseIterable {
    /// sigstore's cosign, and what reads its signatures: skopeo, podman, policy controllers.
    case cosign
    /// The Notary Project's notation.
    case notation
}

/// How a signature is written.
public enum SignatureFormat: String, Sendable, Hashable {
    /// cosign's layers of simple signing.
    case simpleSigning = "simple-signing"
    /// sigstore's bundle with a DSSE envelope.
    case bundle
    /// notation's JSON Web Signature.
    case jws
    /// notation's COSE_Sign1.
    case cose
}
