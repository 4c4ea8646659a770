public import OCI
public import OCIRegistry
public import TrustCrypto

/// A signature of an image that was found, or a place in which one could be and that could not be looked at.
public struct ImageSignature: Sendable, Equatable {
    /// The tool that would see it.
    public let tool: SignatureTool
    /// How it is written; nil where nothing could be read.
    public let format: SignatureFormat?
    /// Where it lies.
    public let place: SignaturePlace
    /// What is to be said of it.
    public let state: State
    /// The repository or tag that it names (`docker-reference`), if it names one. Whether that is the one asked about is not
    /// compared: cosign does not either.
    public let claimedReference: String?

    /// What is to be said of a signature.
    public enum State: Sendable, Equatable {
        /// One of the given keys or certificates made it, and it is of the image.
        case valid(ImageSigner)
        /// It reads as one of the image; whether it is genuine was not checked.
        case unchecked(Unchecked)
        /// It is none of the image under the given keys or certificates.
        case invalid(SignatureProblem)
        /// The place could not be looked at.
        case unseen(LookProblem)
    }

    /// Why a signature was not checked.
    public enum Unchecked: Sendable, Hashable {
        /// No keys, or no certificates, of that tool were given.
        case nothingGiven
        /// It was made with a certificate of a moment ("keyless"), which is not checked here.
        case keyless
    }

    /// A finding from its parts.
    init(
        _ tool: SignatureTool,
        _ format: SignatureFormat?,
        at place: SignaturePlace,
        _ state: State,
        claimedReference: String? = nil
    ) {
        self.tool = tool
        self.format = format
        self.place = place
        self.state = state
        self.claimedReference = claimedReference
    }

    /// Whether it is valid.
    public var isValid: Bool {
        if case .valid = state { true } else { false }
    }
}

/// Where a signature lies.
public enum SignaturePlace: Sendable, Hashable {
    /// Below a tag: the place of the layer in its manifest, from 0 on.
    case tag(TagName, layer: Int?)
    /// In a manifest whose subject is the image.
    case referrer(Digest, layer: Int?)
    /// The list of such manifests.
    case referrers(of: Digest)
}

/// Who made a valid signature.
public enum ImageSigner: Sendable, Hashable {
    /// A given key.
    case key(name: String, fingerprint: Digest)
    /// A key with a certificate that a given one certifies, or that was given itself: its common name, and its digest.
    case certificate(commonName: String?, fingerprint: Digest)
}

/// Why a place could not be looked at.
public enum LookProblem: Error, Sendable, Equatable {
    /// The registry gave no usable answer.
    case registry(RegistryError)
    /// What the registry lists or names is not there.
    case missing(Digest)
    /// There are more signatures than one search reads.
    case tooMany(limit: Int)
    /// There are more bytes of signatures than one search reads.
    case tooMuch(limit: Int)
}
