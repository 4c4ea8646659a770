import ImageSignatures
public import TUF
import TrustCrypto

/// What a policy is expected to make of an image: one case of a file of cases.
public struct PolicyCase: Sendable {
    /// What it is called.
    public let name: String
    /// Its place among the cases, from 1 on.
    public let number: Int
    /// The line of the file on which it begins.
    public let line: Int
    /// What is about to be pulled.
    public let question: ImageQuestion
    /// The time of the decision; nil for now.
    public let at: Instant?
    /// What verification is taken to find.
    let found: Finding
    /// The digest that the registry is taken to serve for the tag.
    let served: Digest?
    /// What is expected to come out.
    let expected: Expectation

    /// What verification finds.
    enum Finding: Sendable {
        /// A refusal.
        case refused(Reason)
        /// Good trust data that lists the tag.
        case trusted(Claims)
    }

    /// What good trust data says, as far as a policy looks at it.
    struct Claims: Sendable {
        /// The digest that is signed for the tag; nil for the one that is asked for.
        var digest: Digest?
        /// Manifests that the signed index names.
        var children: Set<Digest> = []
        /// Who signed the digest for the tag, each with a key of their own.
        var signers: Set<String> = []
        /// The tools whose signatures the image has besides, each as the rule demands it.
        var proofs: Set<SignatureTool> = []
        /// The keys that signed the root; nil for those that are pinned.
        var rootKeys: Set<KeyID>?
        /// How many seconds ago the timestamp was signed.
        var age: Int64 = 0
    }

    /// What is expected to come out; nil where it does not matter.
    struct Expectation: Sendable {
        /// The number of the rule; an inner nil for none.
        var rule: Int??
        /// The line on which the rule begins.
        var line: Int?
        /// The pattern of it that matches.
        var pattern: String?
        /// Whether the image may be pulled.
        var isAdmitted: Bool?
        /// The code of why it may.
        var admission: String?
        /// The reason.
        var reason: Reason?
    }

    /// A member of what was expected that came out differently.
    public struct Difference: Sendable, Hashable {
        /// The member of `expected`.
        public let member: String
        /// What was expected.
        public let expected: String
        /// What came out.
        public let found: String
    }

    /// What came out.
    public struct Outcome: Sendable {
        /// The case.
        public let testedCase: PolicyCase
        /// The rule that counted and the pattern of it that matches; nil when none is for the repository.
        public let rule: (rule: TrustPolicy.Rule, pattern: RepositoryPattern)?
        /// Why the image is refused; nil when it is trusted.
        public let refusal: Refusal?
        /// Why it may be pulled; nil when it may not.
        public let admission: Decision.Admission?
        /// What was expected otherwise; empty when the case holds.
        public let differences: [Difference]

        /// The reason: ``Reason/trusted``, or that of the refusal.
        public var reason: Reason { refusal?.reason ?? .trusted }
    }
}

extension PolicyCase {
    /// What verification may be taken to find: not what is the policy's own to say, nor what only publishers meet.
    static let findings: [Reason] = [
        .unsignedRepository, .unsignedTag, .badSignature, .expired, .rollback, .noPin, .tagMoved, .wrongRoot,
        .wrongRepository, .unreachable, .unauthorized, .badResponse, .trustDataMissing, .tagMissing, .platformMissing,
        .certificateExpired, .storage,
    ]
}
