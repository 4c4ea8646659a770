import ArgumentParser
import ContentTrust
import ImageSignatures
import OCI
import TUF

/// `trustctl lint`
struct Lint: TrustCommand {
    static let title = "lint"
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Say which tools would see an image as signed, and by whom.",
        discussion: """
            Looks for trust data, for signatures of cosign with keys, and for signatures of notation; a Notary server is asked \
            with --store notary, and where DOCKER_CONTENT_TRUST_SERVER names one. Revocation, transparency logs and certificates \
            of a moment (keyless signatures) are not looked at; docs/lint.md says what counts.
            """
    )

    @Argument(help: ArgumentHelp("The image, by tag or digest, as docker writes it.", valueName: "ref"))
    var reference: String

    @OptionGroup var signers: GivenSignerOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var common: CommonOptions

    var timeLimit: Duration? { network.limit }
    var suggested: SuggestedOptions { SuggestedOptions(common, network, store: store.arguments) }

    func execute(_ context: CommandContext) async throws(Refusal) -> Reason {
        let reference = try ImageReference(parsing: reference).withTag.requireImage()
        guard case .registry(let repository) = reference.subject else {
            throw Refusal(
                .usage,
                checked: "reference \(reference)",
                found: "a layout, in which other tools keep no signatures",
                expected: "an image in a registry"
            )
        }
        let given = try signers.signers()
        let location = try store.location(context.environment)
        let isNotary = location?.dialect == .notary
        let notary = isNotary ? location : try notaryServer(context.environment)
        let report = try await context.withSession(common, network, for: [reference.subject]) {
            session async throws(Refusal) in
            let lint = ImageLint(
                session: session,
                given: given,
                location: isNotary ? nil : location,
                notary: notary
            )
            return try await lint.look(at: repository, tag: reference.tag, digest: reference.digest)
        }
        let text = LintText(report: report, reference: reference.description)
        if common.json {
            context.console.result(text.json(report.refusal?.completed(by: suggested)).line)
        } else {
            context.console.result(lines: text.table)
            for note in report.notes { context.console.alert(text.line(note, context.console.style)) }
        }
        if let refusal = report.refusal?.completed(by: suggested) {
            for line in RefusalText.lines(refusal, subject: text.reference, style: context.console.style) {
                context.console.alert(line)
            }
        }
        return report.reason
    }

    /// The server that the environment names to docker; nil for none. That of Docker Hub, which docker would ask without being
    /// told, ends on 2026-12-08: to ask it unbidden would make each answer about its images "could not look".
    private func notaryServer(_ environment: Environment) throws(Refusal) -> StoreLocation? {
        let variable = "DOCKER_CONTENT_TRUST_SERVER"
        guard store.trustRepository == nil, let server = environment[variable], !server.isEmpty else { return nil }
        return try StoreOptions.location(parsing: "notary", option: variable, environment)
    }
}
