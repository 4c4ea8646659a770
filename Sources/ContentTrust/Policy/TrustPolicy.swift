public import TUF
public import TrustCrypto

/// What a verifier demands of images: rules by repository, of which the most specific one counts.
///
/// A repository that no rule is for is refused.
public struct TrustPolicy: Sendable {
    /// The rules, in the order of the file.
    public let rules: [Rule]
    /// Where it was read, for messages.
    public let name: String
    /// What is allowed to stand there and will not have the effect that it seems to have, such as an exception that has ended.
    public let warnings: [String]

    init(rules: [Rule], name: String, warnings: [String]) {
        self.rules = rules
        self.name = name
        self.warnings = warnings
    }

    /// What is demanded of some repositories.
    public struct Rule: Sendable {
        /// Its place among the rules, from 1 on.
        public let number: Int
        /// The line of the file on which it begins.
        public let line: Int
        /// Which repositories it is for.
        public let repositories: [RepositoryPattern]
        /// Whether its repositories are refused outright, before anybody is asked.
        public let isRefused: Bool
        /// What their roots must be, at most once for each dialect. Empty leaves it to the pins of this machine; otherwise
        /// those do not count.
        public let pins: [RulePin]
        /// Where the trust data lies, if not beside the images.
        public let store: StoreLocation?
        /// Who must have signed a tag beside whoever speaks for it.
        public let signers: RequiredSigners?
        /// The most seconds since the timestamp was signed; nil leaves it to its expiry.
        public let maximumStaleness: Int64?
        /// What becomes of a repository that has no trust data, and never had any that this machine knew of.
        public let unsigned: UnsignedRepositories
        /// Whether a manifest that a signed index names may be pulled by its own digest.
        public let allowsIndexChildren: Bool
        /// Whether a refusal is only recorded.
        public let isAudited: Bool
        /// What is let through for a time.
        public let exceptions: [PolicyException]
        /// Signatures of other tools that an image must have besides.
        public internal(set) var proofs: [RequiredProof] = []
    }

    /// What the root of a rule's repositories must be.
    public struct RulePin: Sendable, Hashable {
        /// The form of the metadata.
        public let dialect: Dialect
        /// What is known of the root.
        public let anchor: RootAnchor
        /// The name that the trust data carries, where that is not the repository's own.
        public let signedName: String?
    }

    /// Signers of whom so many must have signed the same digest for a tag.
    public struct RequiredSigners: Sendable, Hashable {
        /// Their names, as `signer list` shows them.
        public let names: [String]
        /// How many of them.
        public let threshold: Int
    }

    /// What becomes of a repository without trust data.
    public enum UnsignedRepositories: Sendable, Hashable {
        /// It is refused.
        case refused
        /// It is let through, and that is said.
        case admitted
        /// Images with these digests are let through.
        case onlyDigests(Set<Digest>)
    }

    /// The rule for a repository: the one whose pattern describes it most closely; of equally close ones the first.
    ///
    /// - Parameter repository: The full name. Its registry is compared without regard to case and to the port that HTTPS has
    ///   anyway.
    /// - Returns: The rule and the pattern of it that matches; nil when none does.
    public func rule(for repository: String) -> (rule: Rule, pattern: RepositoryPattern)? {
        var best: (rule: Rule, pattern: RepositoryPattern)?
        let repository = RepositoryPattern.comparable(repository)
        for rule in rules {
            for pattern in rule.repositories where pattern.matches(comparable: repository) {
                if best.map({ $0.pattern.rank < pattern.rank }) ?? true { best = (rule, pattern) }
            }
        }
        return best
    }

    /// As ``rule(for:)``, where there must be one.
    ///
    /// - Parameter subject: The repository or layout.
    /// - Returns: The rule and the pattern of it that matches.
    /// - Throws: ``Refusal`` with ``Reason/policy`` when none does.
    public func requiredRule(for subject: Subject) throws(Refusal) -> (rule: Rule, pattern: RepositoryPattern) {
        if let found = rule(for: subject.description) { return found }
        throw Refusal(
            .policy,
            checked: "\(subject) in the policy \(name)",
            found: "no rule is for it",
            next: "add a rule for it, or for a prefix of it, and look at it with: "
                + "trustctl policy explain \(subject.argument) --policy \(ShellWord.quoted(name))"
        )
    }
}

/// An image that is let through although it is refused, for a time.
public struct PolicyException: Sendable, Hashable {
    /// The tags, as patterns; empty means all.
    public let tags: [PathPattern]
    /// The digests; empty means any. Without digests, only what is unsigned or expired is let through.
    public let digests: Set<Digest>
    /// When it ends.
    public let until: Instant
    /// Why it was made.
    public let because: String

    /// Whether it lets nothing through any more.
    ///
    /// - Parameter now: The time.
    /// - Returns: Whether it has ended.
    public func isOver(at now: Instant) -> Bool { until <= now }

    /// Whether it lets an image through.
    ///
    /// - Parameters:
    ///   - tag: The tag that was asked for; nil when a digest was.
    ///   - digest: The digest that is about to be pulled, if that is known.
    ///   - reason: Why the image is refused.
    ///   - now: The time.
    /// - Returns: Whether it does.
    func covers(tag: String?, digest: Digest?, reason: Reason, at now: Instant) -> Bool {
        guard !isOver(at: now) else { return false }
        if !tags.isEmpty {
            guard let path = tag.flatMap({ try? TargetPath($0) }), tags.contains(where: { $0.matches(path) }) else {
                return false
            }
        }
        guard digests.isEmpty else { return digest.map(digests.contains) ?? false }
        return [.unsignedRepository, .unsignedTag, .expired].contains(reason)
    }
}
