import ContentTrust
import OCI
import TrustCrypto

/// How far a pull has come.
enum PullEvent: Sendable {
    /// The registry said what the tag is today. Nothing is believed of it yet.
    case resolved(Digest)
    /// The verifier allows the pull; a trusted image has the digest to pull by.
    case allowed(Decision)
    /// A blob is there, verified against its digest.
    case fetched(Descriptor, done: Int, of: Int)
    /// The image is in the layout, under this reference.
    case finished(String)
}

/// Why a pull ended without an image.
enum PullError: Error {
    /// The verifier does not allow it.
    case refused(Refusal)
    /// The registry lists something and does not have it.
    case missing(String)
}
