import ContentTrust
import OCI

/// What `verify` and `resolve` ask for, once their arguments are read.
struct VerdictRequest: Sendable {
    let references: [ImageReference]
    let platform: Platform?
    let image: Query.Image
    let location: StoreLocation?
    let verification: VerificationOptions
    /// What is demanded of the images; nil leaves it to the pins of this machine.
    let policy: TrustPolicy?

    /// Asks, and writes the answers; `suggested` is for the commands in refusals.
    func run(
        _ context: CommandContext,
        network: NetworkOptions,
        common: CommonOptions,
        suggested: SuggestedOptions
    ) async throws(Refusal) -> Reason {
        let reports = try await reports(context, network, common, suggested)
        // An answer that was cut short is none, and none may say another exit status than that of the signal.
        if Task.isCancelled, !context.timeLimit.isPassed {
            throw Refusal(.unreachable, checked: "references", found: "interrupted")
        }
        return VerdictOutput.write(reports, json: common.json, to: context.console)
    }

    private func reports(
        _ context: CommandContext,
        _ network: NetworkOptions,
        _ common: CommonOptions,
        _ suggested: SuggestedOptions
    ) async throws(Refusal) -> [VerdictReport] {
        let subjects = references.map(\.subject)
        if let policy {
            return try await context.withSession(common, network, for: subjects, policy: policy) {
                session async throws(Refusal) in
                var options = ImageVerifier.Options()
                options.offline = verification.offline
                // Whoever asks at a prompt, or before a deployment, wants to know what is so now.
                options.maximumAge = 0
                let run = PolicyRun(
                    verifier: ImageVerifier(session: session, options: options),
                    platform: platform,
                    image: image,
                    timeLimit: context.timeLimit,
                    suggested: suggested
                )
                return await run.reports(references)
            }
        }
        return try await context.withVerifier(common, network, verification, for: subjects) {
            verifier async throws(Refusal) in
            let run = VerdictRun(
                verifier: verifier,
                location: location,
                platform: platform,
                image: image,
                timeLimit: context.timeLimit,
                suggested: suggested
            )
            return await run.reports(references)
        }
    }

    /// Reads references, all of them, before anything is asked.
    ///
    /// - Parameter texts: What stands on the command line.
    /// - Returns: The references.
    /// - Throws: ``Refusal`` with ``Reason/usage`` for the first that is none.
    static func references(parsing texts: [String]) throws(Refusal) -> [ImageReference] {
        var references: [ImageReference] = []
        for text in texts { references.append(try ImageReference(parsing: text).requireImage()) }
        return references
    }
}
