import AHCTransport
import ContentTrust
import Dispatch
import OCI
import OCIRegistry
import TUFClient
import TrustTransport

/// A verifier that a host has made over C. It lives as long as a handle or a question needs it.
final class HostedVerifier: Sendable {
    let verifier: ImageVerifier
    /// Where completions are called: by themselves, so that one that blocks, or asks again, stops no decision.
    let completions = DispatchQueue(label: "contenttrust.completions")
    private let transport: AHCTransport

    /// A verifier.
    ///
    /// - Parameters:
    ///   - options: What the host has chosen.
    ///   - audit: Gets records.
    /// - Throws: ``Refusal`` for a policy that is none, or cannot be read.
    init(_ options: VerifierOptions, audit: () -> AuditCallback?) throws(Refusal) {
        let clock = SystemClock()
        let policy = try TrustPolicy(contentsOf: options.policyPath, now: clock.now())
        do throws(TransportError) {
            try HostProcess.prepare()
        } catch {
            throw Refusal(.storage, checked: "this process", found: error.detail, next: "raise its limit of open files")
        }
        transport = AHCTransport(
            configuration: AHCTransport.Configuration(
                certificateAuthorities: options.authorities,
                proxies: options.proxies
            )
        )
        let credentials = options.credentials
        let registries = RegistryAccess(
            transport: transport,
            plainHTTP: options.allowsPlainHTTP ? .allowPlainHTTP : .loopbackOnly,
            userAgent: options.userAgent
        ) { (repository) async throws(RegistryAuthError) in
            guard let credentials else { return .anonymous }
            return try await credentials.credential(
                for: CredentialTarget(registry: repository.registry, path: repository.path)
            )
        }
        let session = TrustSession(
            home: TrustHome(path: options.statePath),
            clock: clock,
            policy: policy,
            registries: registries
        )
        var decisions = options.decisions
        // Last, because from here on nothing fails and its release is the library's to call.
        if let audit = audit() { decisions.audit = { audit.call($0.jsonLine) } }
        verifier = ImageVerifier(session: session, options: decisions)
    }

    deinit {
        Task { [transport] in await transport.shutdown() }
    }

    /// A decision, which the calling thread waits for.
    func decision(_ question: ImageQuestion) -> Decision {
        if let decision = verifier.decisionInMemory(question) { return decision }
        let answer = OneAnswer<Decision>()
        Task.detached { [self] in answer.bring(await verifier.decide(question)) }
        return answer.wait()
    }
}
