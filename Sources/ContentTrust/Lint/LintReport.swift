public import OCI
public import TrustCrypto

/// Which tools would see an image as signed, and by whom.
public struct LintReport: Sendable {
    /// The image: what the registry serves for the tag or digest that was asked about.
    public let image: Descriptor
    /// What was found, at least one finding for each tool, that of the trust data first.
    public let findings: [LintFinding]
    /// What the findings mean together, where that is easily missed.
    public let notes: [LintNote]
    /// The answer: ``Reason/trusted`` when everything could be looked at, at least one tool sees the image as signed, and nothing
    /// is invalid.
    public let refusal: Refusal?

    /// The reason of the answer.
    public var reason: Reason { refusal?.reason ?? .trusted }
}

/// What one tool would see.
public struct LintFinding: Sendable {
    /// Who looks.
    public enum Tool: String, Sendable, Hashable, CaseIterable {
        /// The trust data of trustctl.
        case trustctl
        /// Docker Content Trust: a Notary server.
        case notary = "notary-v1"
        /// sigstore's cosign.
        case cosign
        /// The Notary Project's notation.
        case notation
    }

    /// What it sees.
    public enum State: String, Sendable, Hashable {
        /// A signature that is valid under what is given or pinned.
        case valid
        /// A signature that nothing was given, or is pinned, to check with.
        case unchecked
        /// Something that should be a signature of the image and is none.
        case invalid
        /// The place could not be looked at.
        case unseen
        /// It was looked for, and there is none.
        case unsigned
        /// It was not asked.
        case notAsked = "not-asked"
    }

    /// Who looks.
    public let tool: Tool
    /// What it sees.
    public let state: State
    /// The digest that it is about: the image, a child of it, or the digest that the trust data has for the tag.
    public let digest: Digest
    /// Where: a store, a tag or a manifest.
    public let place: String
    /// Who signed, where that is known.
    public let signer: String?
    /// The repository or tag that a signature names; cosign does not compare it.
    public let claimedReference: String?
    /// Why, where that is not plain from the state.
    public let why: String?
    /// The refusal behind it, where there is one.
    public let refusal: Refusal?
    /// Whether another valid signature makes up for this one: it is merely somebody else's.
    let isForeign: Bool

    init(
        _ tool: Tool,
        _ state: State,
        of digest: Digest,
        at place: String,
        signer: String? = nil,
        claimedReference: String? = nil,
        why: String? = nil,
        refusal: Refusal? = nil,
        isForeign: Bool = false
    ) {
        self.tool = tool
        self.state = state
        self.digest = digest
        self.place = place
        self.signer = signer
        self.claimedReference = claimedReference
        self.why = why
        self.refusal = refusal
        self.isForeign = isForeign
    }
}

/// What findings mean together.
public struct LintNote: Sendable, Hashable {
    /// The kinds.
    public enum Code: String, Sendable, Hashable {
        /// The trust data has another digest for the tag than the registry serves.
        case tagMoved = "tag-moved"
        /// A tool has signatures of the digest in the trust data, and none of the one that is served, or the reverse.
        case otherDigestSigned = "other-digest-signed"
        /// An index is signed and some of its children are not: a tool that is asked about such a child sees no signature.
        case childrenUnsigned = "children-unsigned"
    }

    /// The kind.
    public let code: Code
    /// The tool that it is about; nil for the trust data.
    public let tool: LintFinding.Tool?
    /// The digests that it is about.
    public let digests: [Digest]
    /// In words.
    public let text: String
}
