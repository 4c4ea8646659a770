public import OCI
public import TrustTransport

/// Where the API of a registry is.
public enum RegistryEndpoint {
    /// The origins to try for a repository, in this order; the first that answers is the registry.
    ///
    /// `docker.io` is served at `registry-1.docker.io`. Registries are spoken to over https; with plain HTTP allowed, over
    /// plain HTTP. One on this machine is tried over plain HTTP first, then over https, as either is common there and
    /// neither leaves it.
    ///
    /// - Parameters:
    ///   - repository: The repository.
    ///   - plainHTTP: Where plain HTTP may go.
    /// - Returns: One or two origins.
    /// - Throws: ``TransportError`` with `invalidURL` when the registry is no host that can be connected to.
    public static func candidates(
        for repository: RepositoryName,
        plainHTTP: PlainHTTPRule
    ) throws(TransportError) -> [HTTPOrigin] {
        let isHub = repository.registry == RepositoryName.defaultRegistry
        let authority = isHub ? "registry-1.docker.io" : repository.registry
        let http = try HTTPURL(scheme: .http, authority: authority).origin
        let https = try HTTPURL(scheme: .https, authority: authority).origin
        if http.isLoopback { return [http, https] }
        return plainHTTP == .allowPlainHTTP ? [http] : [https]
    }
}
