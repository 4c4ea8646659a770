package import ContentTrust
import OCI
import OCIRegistry
import Synchronization
import TUF
import TUFClient
import TrustCrypto
package import TrustTransport

/// The door that containerd asks on every pull: one process, one question, one line.
package struct ContainerdDoor: Sendable {
    /// What containerd is told.
    package struct Answer: Sendable, Hashable {
        /// One line for standard output, which containerd shows to whoever pulls. It may quote what a registry said.
        package let line: String
        /// 0 allows the pull; any other status blocks it.
        package let exitCode: CInt
        /// What went wrong beside the answer, for standard error.
        package let warnings: [String]
    }

    private let configuration: DoorConfiguration
    private let sender: RequestSender

    /// A door.
    ///
    /// - Parameters:
    ///   - configuration: What it is set to.
    ///   - sender: What requests are sent with.
    package init(configuration: DoorConfiguration, sender: RequestSender) {
        self.configuration = configuration
        self.sender = sender
    }

    /// Answers a question.
    ///
    /// - Parameters:
    ///   - question: What containerd asks.
    ///   - limit: How long it may take: what reading the question has left of ``DoorConfiguration/timeout``.
    /// - Returns: The answer; nothing is thrown.
    package func answer(_ question: ImageQuestion, within limit: Duration) async -> Answer {
        let warnings = Warnings()
        do {
            let decision = try await verifier(warnings, limit).decide(question)
            return Answer(
                line: line(decision, question),
                exitCode: decision.isAdmitted ? 0 : decision.reason.exitCode,
                warnings: warnings.all
            )
        } catch {
            return Answer(line: line(error), exitCode: error.reason.exitCode, warnings: warnings.all)
        }
    }

    private func verifier(_ warnings: Warnings, _ limit: Duration) throws(Refusal) -> ImageVerifier {
        let policy = try TrustPolicy(contentsOf: configuration.policy)
        var registries = RegistryAccess(sender: sender)
        if let lookup = configuration.credentialLookup(helperTimeout: limit) {
            registries.credential = { (repository) async throws(RegistryAuthError) in
                try await lookup.credential(
                    for: CredentialTarget(registry: repository.registry, path: repository.path)
                )
            }
        }
        let session = TrustSession(home: TrustHome(path: configuration.state), policy: policy, registries: registries)
        var options = ImageVerifier.Options()
        options.maximumAge = configuration.maximumAge
        options.timeout = limit
        if let path = configuration.audit {
            options.audit = { record in
                // A record that cannot be kept does not change what is decided: a full disk would stop every pull.
                do { try AuditLog(path: path).append(record) } catch { warnings.add("audit record not kept: \(error)") }
            }
        }
        return ImageVerifier(session: session, options: options)
    }

    // MARK: Words

    /// What is said of a refusal.
    ///
    /// - Parameter refusal: The refusal.
    /// - Returns: One line.
    package static func line(_ refusal: Refusal) -> String {
        "refused \(refusal)" + (refusal.next.map { "; next: \($0)" } ?? "")
    }

    /// As ``line(_:)``, with commands that look where this door looks.
    private func line(_ refusal: Refusal) -> String {
        var options = SuggestedOptions()
        options.home = " --home \(ShellWord.quoted(configuration.state))"
        let file = "\(configuration.folder)/containerd.json"
        let advised = CommandLineAdvice.replaced(
            in: refusal,
            login: configuration.credentials.map { "log in with docker login, into \($0)" }
                ?? #"docker login, and "credentials" in \#(file) with the file that it writes"#,
            plainHTTP: #""plainHTTP": true in \#(file)"#,
            authority: #""certificateAuthorities" in \#(file)"#,
            home: #""state" in \#(file)"#
        )
        return Self.line(advised.completed(by: options))
    }

    private func line(_ decision: Decision, _ question: ImageQuestion) -> String {
        switch (decision.verdict, decision.admission) {
        case (.trusted(let image), _):
            "trusted \(image.reference): the signed digest of \(image.repository):\(image.tag), "
                + "checked \(image.evidence.lastCheck)"
        case (.refused(let refusal), .excepted(let exception)?):
            "not trusted, let through until \(exception.until) (\(exception.because)): \(refusal)"
        case (.refused(let refusal), .unsigned?): "not trusted, let through by the rule for unsigned images: \(refusal)"
        case (.refused(let refusal), .audited?): "not trusted, let through by a rule that only records: \(refusal)"
        case (.refused(let refusal), _): line(refusal)
        }
    }
}

/// What went wrong beside an answer.
private final class Warnings: Sendable {
    private let texts = Mutex<[String]>([])

    var all: [String] { texts.withLock { $0 } }

    func add(_ text: String) { texts.withLock { $0.append(text) } }
}
