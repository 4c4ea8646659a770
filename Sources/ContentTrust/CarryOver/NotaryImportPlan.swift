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
        case differs(Digest)
        /// It is not carried, for this reason.
        case left(String)
    }

    /// A tag of the collection.
    public struct Tag: Sendable, Hashable {
        /// The tag.
        public let name: String
        /// What it means.
        public let digest: Digest
        /// The role that says so to Docker's readers; of a tag that they do not see, the signer's.
        public let role: RoleName
        /// What becomes of it.
        public let fate: Fate
        let descriptor: Descriptor?
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
    /// The signers, in their order.
    public let signers: [Signer]
    /// The root keys, which sign once, as TUF 1.0 names them.
    public let rootKeys: [TUFKey]
    /// How many of them must sign.
    public let rootThreshold: Int
    /// Roles that were expired; read all the same where that was accepted.
    public let expired: [RoleName]
    /// Whether an earlier run has made the trust data already: then only what is missing is signed.
    public let isBegun: Bool

    /// The tags that a run would sign.
    public var carried: [Tag] { tags.filter { $0.fate == .carried } }
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
