import TUF
import TrustCrypto

/// What a policy makes of what verification finds, whoever finds it: a verifier, or a case that somebody wrote down.
struct PolicyOutcome<Image: Sendable>: Sendable {
    /// What verification says, the demands of the rule included.
    let found: Result<Image, Refusal>
    /// Why the image may be pulled; nil when it may not.
    let admission: Decision.Admission?
    /// The digest that is let through, where the rule lets digests through: nothing else may be pulled.
    var admittedDigest: Digest?
    /// The rule that counted and the pattern of it that matches; nil when none is for the repository.
    let rule: (rule: TrustPolicy.Rule, pattern: RepositoryPattern)?
}

extension TrustPolicy {
    /// Decides: the rule, what it refuses outright, what is found under it, and what is let through all the same.
    ///
    /// - Parameters:
    ///   - subject: The repository or layout.
    ///   - tag: The tag that was asked for; nil when a digest was.
    ///   - digest: What is about to be pulled, if that is known.
    ///   - now: The time.
    ///   - verify: Finds out what is trusted under the rule.
    ///   - servedDigest: Says what the registry serves for the tag, where that matters; nil admits nothing.
    /// - Returns: The outcome.
    func outcome<Image: Sendable>(
        of subject: Subject,
        tag: String?,
        digest: Digest?,
        at now: Instant,
        verify: (Rule) async throws(Refusal) -> Image,
        servedDigest: () async -> Digest?
    ) async -> PolicyOutcome<Image> {
        let found: (rule: Rule, pattern: RepositoryPattern)
        do throws(Refusal) {
            found = try requiredRule(for: subject)
        } catch {
            return PolicyOutcome(found: .failure(error), admission: nil, rule: nil)
        }
        let rule = found.rule
        do throws(Refusal) {
            guard !rule.isRefused else {
                throw Refusal(
                    .policy,
                    checked: "\(subject) in the policy \(name)",
                    found: "rule \(rule.number) (line \(rule.line)) refuses \(found.pattern)",
                    next: "trustctl policy explain \(subject.argument) --policy \(ShellWord.quoted(name))"
                )
            }
            return PolicyOutcome(found: .success(try await verify(rule)), admission: .trusted, rule: found)
        } catch {
            var digest = digest
            if digest == nil, rule.asksForDigests { digest = await servedDigest() }
            let admission = rule.admission(of: error.reason, tag: tag, digest: digest, at: now)
            return PolicyOutcome(
                found: .failure(error),
                admission: admission,
                // What the registry said for a tag it may say otherwise to whoever pulls the tag.
                admittedDigest: admission == nil || !rule.asksForDigests ? nil : digest,
                rule: found
            )
        }
    }
}

extension TrustPolicy.Rule {
    /// Why an image that is refused may be pulled all the same.
    ///
    /// - Parameters:
    ///   - reason: Why it is refused.
    ///   - tag: The tag that was asked for; nil when a digest was.
    ///   - digest: What is about to be pulled, if that is known.
    ///   - now: The time.
    /// - Returns: Why it may; nil when it may not.
    func admission(of reason: Reason, tag: String?, digest: Digest?, at now: Instant) -> Decision.Admission? {
        if let exception = exceptions.first(where: { $0.covers(tag: tag, digest: digest, reason: reason, at: now) }) {
            return .excepted(exception)
        }
        if reason == .unsignedRepository {
            switch unsigned {
            case .refused: break
            case .admitted: return .unsigned
            case .onlyDigests(let digests): if let digest, digests.contains(digest) { return .unsigned }
            }
        }
        return isAudited ? .audited : nil
    }

    /// Whether it lets some digests through.
    fileprivate var asksForDigests: Bool {
        if case .onlyDigests = unsigned { return true }
        return exceptions.contains { !$0.digests.isEmpty }
    }

    /// The digest that may be a manifest of the signed index, when it was refused for not being the tag's own.
    func child(insteadOf digest: Digest?, after refusal: Refusal) -> Digest? {
        allowsIndexChildren && refusal.reason == .tagMoved ? digest : nil
    }

    /// What it pins of the root of trust data in a dialect.
    func pin(for dialect: Dialect) -> TrustPolicy.RulePin? { pins.first { $0.dialect == dialect } }
}
