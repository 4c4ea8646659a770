public import OCI
public import TUF
public import TrustCrypto

/// The answer of a verification. The trusted case is the only one that holds a digest to pull by.
public enum Verdict: Sendable {
    /// The tag means this digest today.
    case trusted(TrustedImage)
    /// It is not known to, or known not to, and why.
    case refused(Refusal)

    /// The trusted image, or the refusal as an error.
    ///
    /// - Returns: The image.
    /// - Throws: The ``Refusal``.
    public func get() throws(Refusal) -> TrustedImage {
        switch self {
        case .trusted(let image): return image
        case .refused(let refusal): throw refusal
        }
    }
}

/// What verification hands out: facts that signatures cover. Only the verifier makes one.
public struct TrustedImage: Sendable {
    /// The repository to pull from: the one that was asked for, which may be a mirror of the signed name.
    public let repository: String
    /// The tag.
    public let tag: String
    /// The digest to pull by: of the signed manifest or index, or of the platform's manifest inside the signed index.
    public let digest: Digest
    /// The media type of the document that ``digest`` names.
    public let mediaType: String
    /// Its length in bytes.
    public let size: Int64
    /// The digest of the signed index, when ``digest`` is that of a platform's manifest in it.
    public let coveringIndex: Digest?
    /// The platform that was asked for.
    public let platform: Platform?
    /// Why it is trusted.
    public let evidence: Evidence

    /// `REPOSITORY@DIGEST`, to be handed to whatever pulls.
    public var reference: String { "\(repository)@\(digest)" }

    /// Made by the verifier, once everything below was checked, and by tests.
    package init(
        repository: String,
        tag: String,
        digest: Digest,
        mediaType: String,
        size: Int64,
        coveringIndex: Digest? = nil,
        platform: Platform? = nil,
        evidence: Evidence
    ) {
        self.repository = repository
        self.tag = tag
        self.digest = digest
        self.mediaType = mediaType
        self.size = size
        self.coveringIndex = coveringIndex
        self.platform = platform
        self.evidence = evidence
    }
}

/// Why an image is trusted: which trust data said so, who signed it, and how fresh it is.
public struct Evidence: Sendable {
    /// The name that the trust data is bound to; nil when a pin allows unnamed trust data.
    public let signedRepository: String?
    /// Where the trust data was read.
    public let store: String
    /// The scope of the pin that applied.
    public let pin: String
    /// Version of each top-level role, and of the delegated roles by way of which the tag is trusted.
    public private(set) var versions: [RoleName: Int64]
    /// Ids of the keys that signed each of these roles.
    public private(set) var signers: [RoleName: Set<KeyID>]
    /// Expiry of each of these roles.
    public private(set) var expires: [RoleName: Instant]
    /// The role of these that expires first, and when.
    public private(set) var firstExpiry: (role: RoleName, at: Instant)
    /// When the timestamp was signed, as it says itself; nil in trust data of other tools.
    public let issued: Instant?
    /// When the store was last asked with success: this verification's time, or earlier off line.
    public let lastCheck: Instant
    /// The time that all expiry tests used.
    public let verifiedAt: Instant

    init(_ set: TrustedSet, store: String, pin: String, lastCheck: Instant) {
        signedRepository = set.repository
        self.store = store
        self.pin = pin
        versions = set.common.mapValues(\.version)
        expires = set.common.mapValues(\.expires)
        firstExpiry = set.earliestExpiry
        signers = [
            .root: set.root.signers, .timestamp: set.timestamp.signers, .snapshot: set.snapshot.signers,
            .targets: set.targets.signers,
        ]
        issued = set.timestamp.payload.common.issued
        self.lastCheck = lastCheck
        verifiedAt = set.verifiedAt
    }

    /// The same of another set of the same store.
    func replacing(_ set: TrustedSet) -> Evidence {
        Evidence(set, store: store, pin: pin, lastCheck: lastCheck)
    }

    /// With the delegated roles that led to a tag.
    func adding(_ chain: [RoleFile]) -> Evidence {
        var evidence = self
        for file in chain where file.role != .targets {
            let common = file.targets.payload.common
            evidence.versions[file.role] = common.version
            evidence.signers[file.role] = file.targets.signers
            evidence.expires[file.role] = common.expires
            if common.expires < evidence.firstExpiry.at { evidence.firstExpiry = (file.role, common.expires) }
        }
        return evidence
    }
}
