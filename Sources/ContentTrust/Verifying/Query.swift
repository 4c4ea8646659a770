public import OCI
public import TrustCrypto

/// One question to a ``TrustVerifier``: which digest does this tag mean?
public struct Query: Sendable {
    /// Which image is compared with the signed digest.
    public enum Image: Sendable, Hashable {
        /// What the registry serves for the tag now, or, for a layout, what its `index.json` names and all its blobs.
        case asServed
        /// An image on this machine, all its bytes.
        case atHand(ImageLocation)
        /// None: only the signed digest is asked for.
        case notCompared
    }

    /// Whose tag.
    public let subject: Subject
    /// The tag.
    public let tag: String
    /// The digest that the tag must be signed as, if the caller demands one.
    public var digest: Digest?
    /// The platform whose manifest is asked for inside the signed index.
    public var platform: Platform?
    /// Which image is compared.
    public var image: Image
    /// Where the trust data lies, if not beside the images.
    public var location: StoreLocation?

    /// A question.
    ///
    /// - Parameters:
    ///   - subject: Whose tag.
    ///   - tag: The tag.
    ///   - digest: The digest that the tag must be signed as.
    ///   - platform: The platform whose manifest is asked for.
    ///   - image: Which image is compared.
    ///   - location: Where the trust data lies, if not beside the images.
    public init(
        subject: Subject,
        tag: String,
        digest: Digest? = nil,
        platform: Platform? = nil,
        image: Image = .asServed,
        location: StoreLocation? = nil
    ) {
        self.subject = subject
        self.tag = tag
        self.digest = digest
        self.platform = platform
        self.image = image
        self.location = location
    }
}
