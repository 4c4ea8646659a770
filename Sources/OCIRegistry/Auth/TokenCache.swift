import TrustTransport

/// Tokens by what they were asked for, each used until shortly before its end; one request at a time for each.
actor TokenCache {
    private struct Entry {
        let secret: AuthSecret
        let expires: ContinuousClock.Instant
    }

    private var entries: [RepositoryScope?: Entry] = [:]
    private let turnstile = Turnstile<RepositoryScope?>()

    /// The token for a scope; fetched when there is none, when it is about to expire, or when it is `rejected`.
    ///
    /// Tasks that need the same token wait for the one that fetches it. When that one fails or is cancelled, the next
    /// tries for itself: its own deadline and cancellation are its own.
    func token(
        for key: RepositoryScope?,
        otherThan rejected: String?,
        clock: TransportClock,
        fetch: @Sendable () async throws(RegistryAuthError) -> TokenExchange.Token
    ) async throws(RegistryAuthError) -> AuthSecret {
        if let secret = usable(key, otherThan: rejected, clock: clock) {
            return secret
        }
        guard await turnstile.enter(key) else { throw .transport(TransportError(.cancelled)) }
        let result: Result<AuthSecret, RegistryAuthError>
        if let secret = usable(key, otherThan: rejected, clock: clock) {
            result = .success(secret)
        } else {
            let asked = clock.now()
            do throws(RegistryAuthError) {
                let token = try await fetch()
                // Counted from the question, and ended early, so that a token never expires on its way.
                let margin = min(token.lifetime / 5, .seconds(10))
                entries[key] = Entry(secret: token.secret, expires: asked.advanced(by: token.lifetime - margin))
                result = .success(token.secret)
            } catch {
                result = .failure(error)
            }
        }
        await turnstile.leave(key)
        return try result.get()
    }

    private func usable(_ key: RepositoryScope?, otherThan rejected: String?, clock: TransportClock) -> AuthSecret? {
        guard let entry = entries[key], clock.now() < entry.expires, entry.secret.text != rejected else { return nil }
        return entry.secret
    }
}
