import OCI
public import TUF
public import TrustCrypto

/// What carrying a Notary collection over to trust data in a registry would do, tag by tag. Nothing was changed yet.
public struct NotaryImportPlan: Sendable {
    /// What becomes of a tag.
    public enum Fate: Sendable, Hashable {
        /// It is carried over.
        case carried
        /// The new trust data has it already, with the same digest.
        case present
        /// It is not carried: the new trust data has another digest for it, which was signed there since.
        case differs(SignedTag)
        /// It is not carried, for this reason.
        case left(String)
    }

    /// A tag of the collection.
    public struct Tag: Sendable, Hashable {
        /// The tag.
        public let name: String
        /// What it means: its SHA-256 digest, else another one; nil when none of a known algorithm was signed.
        public let digest: Digest?
        /// The role that says so to Docker's readers; of a tag that they do not see, the signer's.
        public let role: RoleName
        /// What becomes of it.
        public let fate: Fate
        let descriptor: Descriptor?
        /// The signer who comes along and whose role is to list it; nil leaves that to the targets.
        public internal(set) var signer: String?
    }

    /// A signer of the collection.
    public struct Signer: Sendable, Hashable {
        /// The name, without Notary's prefix.
        public let name: String
        /// How many of its keys must sign.
        public let threshold: Int
        /// Its keys, as TUF 1.0 names them.
        public let keys: [TUFKey]
        /// The beginnings of the tags that it may sign.
        public let prefixes: [String]
        /// Why it cannot be carried over, whoever asks; nil when it can.
        public let leftBecause: String?
        /// Whether enough of its keys are at hand: else the signer has to ask, with a request of its own.
        public let isHere: Bool
        /// Whether a run carries it over.
        public var isCarried: Bool { leftBecause == nil && isHere }
    }

    /// The collection.
    public let gun: String
    /// Where it was read.
    public let source: String
    /// The repository that gets the trust data.
    public let repository: String
    /// The tags, in the order of their bytes.
    public let tags: [Tag]
    /// Tags that the trust data has by now, and that Docker's readers do not see in the collection: revoked there since an
    /// earlier run, or signed in the registry alone. In the order of their bytes.
    public let unlisted: [SignedTag]
    /// Signers of the trust data by now whom the collection does not have, or not with all of these keys: removed there since an
    /// earlier run, or added in the registry alone. A run leaves them as they are.
    public let unlistedSigners: [String]
    /// Whether a run takes the unlisted tags out.
    public let prunes: Bool
    /// Whether the tags of the trust data lie in hash bins, so that no signer signs any.
    public let hasBins: Bool
    /// The signers, in their order.
    public let signers: [Signer]
    /// The root keys, which sign once, as TUF 1.0 names them.
    public let rootKeys: [TUFKey]
    /// How many of them must sign.
    public let rootThreshold: Int
    /// The versions of the collection's roots that the trust data hands over, by this run or an earlier one: whoever has pinned
    /// one of them and seen none after the last follows.
    public let handedOverRoots: ClosedRange<Int64>
    /// The version of the collection's root now. Who has pinned or seen one after those that are handed over cannot follow.
    public let newestRoot: Int64
    /// What pins the trust data that an earlier run has made; nil when there is none.
    public let pin: Pin?
    /// Roles that were expired; read all the same where that was accepted.
    public let expired: [RoleName]
    /// Whether the certificates of its root keys are not valid now, which was accepted too.
    public let hasExpiredCertificates: Bool
    /// Roles that a run has to sign, and too few of whose keys are at hand: it would end with ``Reason/keyUnavailable``. The
    /// root is signed only where ``isBegun`` is false.
    public let missingKeys: [RoleName]
    /// Whether an earlier run has made the trust data already: then only what is missing is signed.
    public let isBegun: Bool

    /// The tags that a run would sign.
    public var carried: [Tag] { tags.filter { $0.fate == .carried } }
    /// Whether a run leaves tags or signers that the collection has revoked, moved or removed, as far as anybody can tell: who reads the trust data
    /// goes on trusting what is no longer signed in the collection.
    public var disagrees: Bool {
        !prunes && !unlisted.isEmpty || !unlistedSigners.isEmpty
            || tags.contains { tag in
                if case .differs = tag.fate { true } else { false }
            }
    }
}

/// What was carried over.
public struct NotaryImportReport: Sendable {
    /// What was planned.
    public let plan: NotaryImportPlan
    /// What was made; nil when an earlier run had made it.
    public let initialized: InitializeReport?
    /// What was published last.
    public let published: PublishReport
    /// The signers that were carried over.
    public let signers: [String]
}
