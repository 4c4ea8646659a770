import ContentTrust
import OCI
import TrustCrypto

/// Asks a verifier that decides by a policy about several references at once, a few at a time.
struct PolicyRun: Sendable {
    /// Decides.
    let verifier: ImageVerifier
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
        await Concurrently.map(references.map(\.withTag), width: Self.width) { reference in
            VerdictReport(reference: reference.description, answer: await answer(reference))
        }
    }

    private func answer(_ reference: ImageReference) async -> VerdictReport.Answer {
        var question = ImageQuestion(
            subject: reference.subject,
            tag: reference.tag?.string,
            digest: reference.digest,
            platform: platform
        )
        question.image = image
        let decision = await verifier.decide(question)
        switch decision.verdict {
        case .trusted(let image): return .image(image)
        case .refused(let refusal):
            // What was cut short says "cancelled"; why it was is known here.
            let refusal =
                timeLimit.isPassed
                ? timeLimit.refusal(checked: reference.description) : refusal.completed(by: suggested)
            guard let admission = decision.admission else { return .refused(refusal) }
            let digest = decision.admittedDigest.map { "\(reference.subject)@\($0)" }
            return .admitted(refusal, admission, digestReference: digest)
        }
    }
}

/// Why an image that is not trusted is let through.
enum AdmissionText {
    /// In words.
    static func words(_ admission: Decision.Admission) -> String {
        switch admission {
        case .trusted: "it is trusted"
        case .unsigned: "the policy lets repositories without trust data through"
        case .excepted(let exception): "an exception of the policy until \(exception.until): \(exception.because)"
        case .audited: "the policy only records refusals"
        }
    }
}
