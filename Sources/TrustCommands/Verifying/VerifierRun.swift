import ContentTrust

extension CommandContext {
    /// Runs work with a verifier.
    ///
    /// - Parameters:
    ///   - common: Where state is kept, and how much is said.
    ///   - network: How registries are reached, and as whom.
    ///   - verification: How strictly trust data is looked at.
    ///   - subjects: What the command is about.
    ///   - body: The work.
    /// - Returns: What `body` returns.
    /// - Throws: ``Refusal``; what `body` throws.
    func withVerifier<Value: Sendable>(
        _ common: CommonOptions,
        _ network: NetworkOptions,
        _ verification: VerificationOptions,
        for subjects: [Subject],
        _ body: @Sendable (TrustVerifier) async throws(Refusal) -> Value
    ) async throws(Refusal) -> Value {
        try await withSession(common, network, for: subjects) { session async throws(Refusal) in
            let options = try verification.verifierOptions(try session.home.configuration())
            return try await body(TrustVerifier(session: session, options: options))
        }
    }
}
