public import OCI
import OCIRegistry
import TUF
import TUFClient
import TrustCrypto

/// Decides under a policy whether images may be pulled, and as which digest: the one core behind the command line, the library,
/// C, and container runtimes.
///
/// Many tasks may share one. Trust data is kept in memory for a minute at most, so that a revoked tag is refused by then
/// everywhere; concurrent questions about one repository share one look at its store.
public final class ImageVerifier: Sendable {
    /// What a host may choose.
    public struct Options: Sendable {
        /// How many seconds ago a store may have been asked for an answer from memory, 0 to 3600.
        public var maximumAge: Int64 = 60
        /// Asks nobody: answers from what this machine has seen.
        public var offline = false
        /// The longest that a decision may take; after it the answer is ``Reason/unreachable``. Default: only the limits of
        /// single requests.
        public var timeout: Duration?
        /// Gets one record for each decision, before it is returned; it must not block.
        public var audit: (@Sendable (AuditRecord) -> Void)?

        /// The defaults.
        public init() {}
    }

    private let policy: TrustPolicy
    private let session: TrustSession
    private let options: Options
    private let memory = TrustMemory(limit: 1024)
    private let warm = WarmVerdicts(limit: 65_536)

    /// A verifier.
    ///
    /// - Parameters:
    ///   - session: Home, clock and ways to registries, and the policy: without one every repository needs a pin of this
    ///     machine, and nothing else is demanded.
    ///   - options: What to choose.
    public init(session: TrustSession, options: Options = Options()) {
        self.session = session
        policy = session.policy ?? .pinsOnly
        var options = options
        options.maximumAge = min(max(options.maximumAge, 0), 3600)
        self.options = options
    }

    // MARK: Asking

    /// What an image reference means, as far as that can be trusted.
    ///
    /// - Parameters:
    ///   - reference: As docker writes it.
    ///   - platform: The platform whose manifest is asked for.
    /// - Returns: The verdict. Whether an untrusted image may be pulled all the same is ``decide(_:)``'s to say.
    public func verify(_ reference: String, platform: Platform? = nil) async -> Verdict {
        do {
            return await decide(try ImageQuestion(reference, platform: platform)).verdict
        } catch {
            return .refused(error)
        }
    }

    /// The answer that is in memory and holds now, without waiting for anything.
    ///
    /// - Parameter question: What is about to be pulled.
    /// - Returns: The decision; nil when it has to be found out by ``decide(_:)``.
    public func decisionInMemory(_ question: ImageQuestion) -> Decision? {
        let now = session.clock.now()
        guard let entry = warm.entry(question.anonymous, at: now) else { return nil }
        options.audit?(AuditRecord(at: now, question: question, decision: entry.decision, isFromMemory: true))
        return entry.decision
    }

    /// Decides whether an image may be pulled.
    ///
    /// - Parameter question: What is about to be pulled.
    /// - Returns: The decision; nothing is thrown.
    public func decide(_ question: ImageQuestion) async -> Decision {
        if let decision = decisionInMemory(question) { return decision }
        let now = session.clock.now()
        let (decision, end) = await limitedDecision(question, at: now)
        if case .trusted(let image) = decision.verdict, let end, question.image == .notCompared {
            let until = min(image.evidence.lastCheck.advanced(bySeconds: options.maximumAge), end)
            warm.keep(
                WarmVerdicts.Entry(decision: decision, since: now, until: until),
                for: question.anonymous
            )
        }
        options.audit?(AuditRecord(at: now, question: question, decision: decision, isFromMemory: false))
        return decision
    }

    /// Forgets what is in memory, so that every store is asked again.
    public func forget() async {
        warm.forget()
        await memory.forget()
    }

    /// What an image reference means, or why it is not trusted.
    ///
    /// - Parameters:
    ///   - reference: As docker writes it.
    ///   - platform: The platform whose manifest is asked for.
    /// - Returns: The image, with the digest to pull by.
    /// - Throws: ``Refusal``.
    public func require(_ reference: String, platform: Platform? = nil) async throws(Refusal) -> TrustedImage {
        switch await verify(reference, platform: platform) {
        case .trusted(let image): return image
        case .refused(let refusal): throw refusal
        }
    }

    // MARK: Deciding

    /// What is trusted, and until when.
    private struct Trusted: Sendable {
        let image: TrustedImage
        let end: Instant
    }

    /// A decision within the time that the host allows, and until when what is trusted holds. What takes longer is cancelled.
    private func limitedDecision(_ question: ImageQuestion, at now: Instant) async -> (Decision, end: Instant?) {
        guard let timeout = options.timeout else { return await decision(question, at: now) }
        let limit = TimeLimit(timeout)
        let result: Result<(Decision, end: Instant?), Never> = await limit.run {
            await self.decision(question, at: now)
        }
        let (decision, end) = result.get()
        guard limit.isPassed, case .refused = decision.verdict else { return (decision, end) }
        let refusal = limit.refusal(checked: question.reference, next: "ask again, or allow more time")
        // A rule may let through what could not be looked up, as it would after any other failure to look.
        return (decision.refused(with: refusal), nil)
    }

    private func decision(_ question: ImageQuestion, at now: Instant) async -> (Decision, end: Instant?) {
        let outcome = await policy.outcome(
            of: question.subject,
            tag: question.tag,
            digest: question.digest,
            at: now,
            verify: { (rule) async throws(Refusal) in
                try session.home.checkOwner()
                return try await self.trusted(question, rule, at: now)
            },
            servedDigest: { await self.servedDigest(question) }
        )
        let verdict: Verdict
        var end: Instant?
        switch outcome.found {
        case .success(let trusted):
            verdict = .trusted(trusted.image)
            end = trusted.end
        case .failure(let refusal): verdict = .refused(refusal)
        }
        let decision = Decision(
            verdict: verdict,
            admission: outcome.admission,
            admittedDigest: outcome.admittedDigest,
            rule: outcome.rule?.rule
        )
        return (decision, end)
    }

    private func trusted(
        _ question: ImageQuestion,
        _ rule: TrustPolicy.Rule,
        at now: Instant
    ) async throws(Refusal) -> Trusted {
        let trusted = try await signed(question, rule, at: now)
        // Newer trust data would not mend these.
        try question.descriptor?.check(trusted.image, asked: question.reference)
        try await session.require(
            rule.proofs,
            of: trusted.image,
            in: question.subject,
            offline: options.offline,
            now: now
        )
        return trusted
    }

    /// What trust data says, looking again where what is in memory does not say yes.
    private func signed(
        _ question: ImageQuestion,
        _ rule: TrustPolicy.Rule,
        at now: Instant
    ) async throws(Refusal) -> Trusted {
        let key = TrustMemory.Key(
            subject: question.subject,
            location: rule.store,
            maximumStaleness: rule.maximumStaleness
        )
        func look(maximumAge: Int64) async throws(Refusal) -> VerifiedTrustData {
            let verifier = verifier(rule, maximumAge: maximumAge)
            return try await memory.data(key, at: now, maximumAge: maximumAge) { () async throws(Refusal) in
                try await verifier.trustData(of: key.subject, at: key.location)
            }
        }
        let data = try await look(maximumAge: options.maximumAge)
        do {
            let trusted = try await signed(question, rule, data)
            if now < trusted.end { return trusted }
        } catch {
            // What was not signed a minute ago may be by now.
            guard data.isRemembered || data.evidence.lastCheck < now, !options.offline else { throw error }
        }
        return try await signed(question, rule, try await look(maximumAge: 0))
    }

    private func signed(
        _ question: ImageQuestion,
        _ rule: TrustPolicy.Rule,
        _ data: VerifiedTrustData
    ) async throws(Refusal) -> Trusted {
        guard let tag = question.tag else { return try await signed(question, rule, digestIn: data) }
        return try await checked(try await image(question, tag: tag, rule, data), rule, data)
    }

    /// An image whose signers are those that the rule demands.
    private func checked(
        _ image: TrustedImage,
        _ rule: TrustPolicy.Rule,
        _ data: VerifiedTrustData
    ) async throws(Refusal) -> Trusted {
        var end = image.evidence.end(under: rule)
        if let signers = rule.signers {
            let digest = image.coveringIndex ?? image.digest
            end = min(end, try await data.require(signers, for: image.tag, digest: digest))
        }
        return Trusted(image: image, end: end)
    }

    private func verifier(_ rule: TrustPolicy.Rule, maximumAge: Int64 = 0) -> TrustVerifier {
        var verification = TrustVerifier.Options()
        verification.maximumAge = maximumAge
        verification.maximumStaleness = rule.maximumStaleness
        verification.offline = options.offline
        return TrustVerifier(session: session, options: verification)
    }

    private func image(
        _ question: ImageQuestion,
        tag: String,
        _ rule: TrustPolicy.Rule,
        _ data: VerifiedTrustData
    ) async throws(Refusal) -> TrustedImage {
        let verifier = verifier(rule)
        var query = Query(
            subject: question.subject,
            tag: tag,
            digest: question.digest,
            platform: question.platform,
            image: question.image,
            location: rule.store
        )
        do {
            return try await verifier.image(query, data)
        } catch {
            guard let child = rule.child(insteadOf: question.digest, after: error) else { throw error }
            query.digest = nil
            guard let image = try await verifier.child(child, of: query, data) else { throw error }
            return image
        }
    }

    /// A digest alone is trusted as what some signed tag means, with all that the rule demands of that tag.
    private func signed(
        _ question: ImageQuestion,
        _ rule: TrustPolicy.Rule,
        digestIn data: VerifiedTrustData
    ) async throws(Refusal) -> Trusted {
        guard let digest = question.digest else {
            throw Refusal(.usage, checked: question.reference, found: "neither a tag nor a digest")
        }
        guard question.platform == nil else {
            throw Refusal(.usage, checked: question.reference, found: "a digest with a platform", expected: "a tag")
        }
        var why = Refusal(
            .unsignedTag,
            checked: "signed tags of \(question.subject)",
            found: "none of them is \(digest)",
            next: "trustctl list \(question.subject.argument)"
        )
        // What the targets keys sign first: a signer's file that is no good must not be in its way.
        for all in [false, true] {
            let tags = all ? try await data.tags(naming: digest) : try await data.tagsOfTargetsKeys()
            for candidate in tags where candidate.digest == digest {
                guard let (signed, evidence) = try await data.find(candidate.tag), signed.digest == digest else {
                    continue
                }
                let image = TrustedImage(
                    repository: question.subject.description,
                    tag: signed.tag,
                    digest: signed.digest,
                    mediaType: (signed.mediaType ?? .octetStream).string,
                    size: signed.size,
                    evidence: evidence
                )
                do { return try await checked(image, rule, data) } catch {
                    // Another tag may have the signers that this one lacks.
                    guard error.reason == .policy else { throw error }
                    why = error
                }
            }
        }
        throw why
    }

    // MARK: Admitting

    /// What the registry serves for a tag; nil when it cannot be asked, which admits nothing.
    private func servedDigest(_ question: ImageQuestion) async -> Digest? {
        guard !options.offline, case .registry(let repository) = question.subject,
            let tag = question.tag.flatMap({ try? TagName($0) })
        else { return nil }
        return (try? await session.client(for: repository).headManifest(.tag(tag)))?.digest
    }
}

extension Descriptor {
    /// Refuses what a host holds about an image when it is not what is signed.
    fileprivate func check(_ image: TrustedImage, asked reference: String) throws(Refusal) {
        func wrong(_ found: String, expected: String) -> Refusal {
            Refusal(
                .badSignature,
                checked: "the descriptor of \(reference)",
                found: found,
                expected: "\(expected), which is signed",
                next: "pull it anew; should it stay so, the registry serves what its publisher did not sign"
            )
        }
        guard digest == image.digest else {
            throw wrong("the digest \(digest)", expected: image.digest.description)
        }
        guard size == image.size else { throw wrong("\(size) bytes", expected: "\(image.size) bytes") }
        // Trust data of Docker has no media types.
        let signed = image.mediaType
        guard signed == MediaType.octetStream.string || mediaType.string == signed else {
            throw wrong(mediaType.string, expected: signed)
        }
    }
}

extension Evidence {
    /// Until when it holds under a rule: the first expiry of the roles that led to the tag, or the end of the freshness that the
    /// rule demands.
    fileprivate func end(under rule: TrustPolicy.Rule?) -> Instant {
        guard let maximum = rule?.maximumStaleness, let issued else { return firstExpiry.at }
        return min(firstExpiry.at, issued.advanced(bySeconds: maximum))
    }
}

extension TrustPolicy {
    /// No policy: whatever this machine has pinned, and nothing else.
    static var pinsOnly: TrustPolicy {
        do {
            let all = try RepositoryPattern(parsing: "*")
            let rule = Rule(
                number: 1,
                line: 1,
                repositories: [all],
                isRefused: false,
                pins: [],
                store: nil,
                signers: nil,
                maximumStaleness: nil,
                unsigned: .refused,
                allowsIndexChildren: false,
                isAudited: false,
                exceptions: []
            )
            return TrustPolicy(rules: [rule], name: "of pins alone", warnings: [])
        } catch {
            preconditionFailure("* is a pattern")
        }
    }
}
