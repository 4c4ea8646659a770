import ContentTrust
import OCI

/// What `verify` and `resolve` ask for, once their arguments are read.
struct VerdictRequest: Sendable {
    let references: [ImageReference]
    let platform: Platform?
    let image: Query.Image
    let location: StoreLocation?
    let verification: VerificationOptions

    /// Asks, and writes the answers.
    func run(
        _ context: CommandContext,
        network: NetworkOptions,
        common: CommonOptions
    ) async throws(Refusal) -> Reason {
        let reports = try await context.withSession(common, network, for: references.map(\.subject)) {
            session async throws(Refusal) in
            let options = try verification.verifierOptions(try session.home.configuration())
            let run = VerdictRun(
                verifier: TrustVerifier(session: session, options: options),
                location: location,
                platform: platform,
                image: image,
                timeLimit: context.timeLimit
            )
            let reports = await run.reports(references)
            // An answer that was cut short is none.
            if Task.isCancelled, !context.timeLimit.isPassed {
                throw Refusal(.unreachable, checked: "references", found: "interrupted")
            }
            return reports
        }
        return VerdictOutput.write(reports, json: common.json, to: context.console)
    }
}

extension [String] {
    /// The references, all of them, before anything is asked.
    func parsed() throws(Refusal) -> [ImageReference] {
        var references: [ImageReference] = []
        for text in self { references.append(try ImageReference(parsing: text).requireImage()) }
        return references
    }
}

/// A platform on the command line.
enum PlatformArgument {
    /// The platform.
    static func platform(_ text: String) throws(Refusal) -> Platform {
        do throws(OCIError) {
            return try Platform(parsing: text)
        } catch {
            throw Refusal(
                .usage,
                checked: "--platform \(ReferenceText.shortened(text))",
                found: "not a platform",
                expected: "OS/ARCH[/VARIANT], such as linux/arm64",
                cause: error
            )
        }
    }
}
