import ContentTrust
import OCI
import OCIRegistry
import TrustTransport

/// What all pulls of a host share: one verifier, one way to registries.
struct Host: Sendable {
    let verifier: ImageVerifier
    let registries: RegistryAccess

    /// Makes what is shared.
    ///
    /// - Parameters:
    ///   - policy: The policy file.
    ///   - state: A folder that survives restarts; all processes of the host may share it.
    ///   - transport: The host's own way to send requests.
    ///   - audit: Gets a record of every decision.
    /// - Throws: `Refusal` for a policy that is none.
    init(
        policy: String,
        state: String,
        transport: any HTTPTransport,
        audit: @escaping @Sendable (AuditRecord) -> Void
    ) throws {
        registries = RegistryAccess(transport: transport, userAgent: "pull-host/1.0")
        let session = TrustSession(
            home: TrustHome(path: state),
            policy: try TrustPolicy(contentsOf: policy),
            registries: registries
        )
        var options = ImageVerifier.Options()
        options.timeout = .seconds(30)
        options.audit = audit
        verifier = ImageVerifier(session: session, options: options)
    }

    /// The client that blobs come from.
    func client(for repository: RepositoryName) throws -> RegistryClient {
        try RegistryClient(repository: repository, sender: registries.sender) {
            () async throws(RegistryAuthError) in try await registries.credential(repository)
        }
    }
}
