import ContentTrust
import OCI
import TrustCrypto

/// Asks a verifier about several references at once, a few at a time, with one look at the trust data of each repository.
struct VerdictRun: Sendable {
    /// Answers.
    let verifier: TrustVerifier
    /// Where the trust data is.
    let location: StoreLocation?
    /// The platform to follow an index to.
    let platform: Platform?
    /// The image to compare with what is signed.
    let image: Query.Image
    /// Whether the time of the command is up.
    let timeLimit: TimeLimit
    /// The options that suggested commands need again.
    let suggested: SuggestedOptions

    private static let width = 4

    /// Answers for each reference, in their order.
    func reports(_ references: [ImageReference]) async -> [VerdictReport] {
        let references = references.map(\.withTag)
        var subjects: [Subject] = []
        for reference in references where !subjects.contains(reference.subject) { subjects.append(reference.subject) }
        let found = await Concurrently.map(subjects, width: Self.width) { subject in
            do throws(Refusal) {
                return Result<VerifiedTrustData, Refusal>.success(
                    try await verifier.trustData(of: subject, at: location)
                )
            } catch {
                return .failure(error)
            }
        }
        let data = Dictionary(zip(subjects, found)) { first, _ in first }
        return await Concurrently.map(references, width: Self.width) { reference in
            VerdictReport(reference: reference.description, answer: await answer(reference, data[reference.subject]))
        }
    }

    private func answer(
        _ reference: ImageReference,
        _ data: Result<VerifiedTrustData, Refusal>?
    ) async -> VerdictReport.Answer {
        let answer: VerdictReport.Answer
        do throws(Refusal) {
            guard let data = try data?.get() else {
                throw Refusal(.internalDefect, checked: reference.description, found: "no look at its trust data")
            }
            answer = try await self.answer(reference, data)
        } catch {
            answer = .refused(error)
        }
        // What was cut short says "cancelled"; why it was is known here.
        if case .refused = answer, timeLimit.isPassed {
            return .refused(timeLimit.refusal(checked: reference.description))
        }
        if case .refused(let refusal) = answer { return .refused(refusal.completed(by: suggested)) }
        return answer
    }

    private func answer(
        _ reference: ImageReference,
        _ data: VerifiedTrustData
    ) async throws(Refusal) -> VerdictReport.Answer {
        guard let tag = reference.tag else { return try await tags(reference, data) }
        let query = Query(
            subject: reference.subject,
            tag: tag.string,
            digest: reference.digest,
            platform: platform,
            image: image,
            location: location
        )
        switch await verifier.verify(query, with: data) {
        case .trusted(let image): return .image(image)
        case .refused(let refusal): return .refused(refusal)
        }
    }

    private func tags(
        _ reference: ImageReference,
        _ data: VerifiedTrustData
    ) async throws(Refusal) -> VerdictReport.Answer {
        guard let digest = reference.digest else {
            throw Refusal(.internalDefect, checked: reference.description, found: "neither a tag nor a digest")
        }
        guard platform == nil else {
            throw Refusal(
                .usage,
                checked: reference.description,
                found: "a digest together with --platform",
                expected: "REPO:TAG"
            )
        }
        let tags = try await data.tags(naming: digest)
        guard !tags.isEmpty else {
            throw Refusal(
                .unsignedTag,
                checked: "signed tags of \(reference.subject)",
                found: "none of them is \(digest)",
                next: "trustctl list \(reference.subject.argument)"
            )
        }
        return .tags(tags, subject: reference.subject, evidence: data.evidence)
    }
}
