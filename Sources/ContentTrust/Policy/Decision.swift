public import TUF
public import TrustCrypto

/// What a policy makes of an image: the verdict of verification, and whether it may be pulled all the same.
public struct Decision: Sendable {
    /// Why an image may be pulled.
    public enum Admission: Sendable, Hashable {
        /// It is trusted.
        case trusted
        /// It is not trusted, and its repository has no trust data, which the rule admits.
        case unsigned
        /// It is not trusted; an exception of the policy lets it through for a time.
        case excepted(PolicyException)
        /// It is not trusted; the rule only records refusals.
        case audited
    }

    /// One object, so that handing a decision over costs one count of references, and not one for each part of it.
    private final class Contents: Sendable {
        let verdict: Verdict
        let admission: Admission?
        let admittedDigest: Digest?
        let rule: TrustPolicy.Rule?

        init(verdict: Verdict, admission: Admission?, admittedDigest: Digest?, rule: TrustPolicy.Rule?) {
            self.verdict = verdict
            self.admission = admission
            self.admittedDigest = admittedDigest
            self.rule = rule
        }
    }

    private let contents: Contents

    /// What verification says, the demands of the rule included. Only a trusted image has a digest to pull by.
    public var verdict: Verdict { contents.verdict }
    /// Why the image may be pulled; nil when it may not.
    public var admission: Admission? { contents.admission }
    /// The digest that is admitted, where a rule lets digests through: nothing else may be pulled. Nil for a trusted image,
    /// which has its own, and where any digest may be pulled.
    public var admittedDigest: Digest? { contents.admittedDigest }
    /// The rule that counted; nil when none is for the repository.
    public var rule: TrustPolicy.Rule? { contents.rule }

    init(verdict: Verdict, admission: Admission?, admittedDigest: Digest? = nil, rule: TrustPolicy.Rule?) {
        contents = Contents(verdict: verdict, admission: admission, admittedDigest: admittedDigest, rule: rule)
    }

    /// The same decision in an object of its own, whose references nobody else counts.
    func separated() -> Decision {
        Decision(verdict: verdict, admission: admission, admittedDigest: admittedDigest, rule: rule)
    }

    /// The same decision with another refusal.
    func refused(with refusal: Refusal) -> Decision {
        Decision(verdict: .refused(refusal), admission: admission, admittedDigest: admittedDigest, rule: rule)
    }

    /// Whether the image may be pulled.
    public var isAdmitted: Bool { admission != nil }

    /// The reason: ``Reason/trusted``, or that of the refusal, also where the image is admitted all the same.
    public var reason: Reason {
        switch verdict {
        case .trusted: .trusted
        case .refused(let refusal): refusal.reason
        }
    }
}

/// One decision, for whoever keeps records.
public struct AuditRecord: Sendable {
    /// When it was made.
    public let at: Instant
    /// What was asked, and by whom.
    public let question: ImageQuestion
    /// What was decided.
    public let decision: Decision
    /// Whether it came from memory, without looking again.
    public let isFromMemory: Bool
}
