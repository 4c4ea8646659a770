public import TrustTransport

/// Where a Notary server is.
public struct NotaryServer: Sendable, Hashable, CustomStringConvertible {
    /// Its origin.
    public let origin: HTTPOrigin
    /// What its API stands under, without a slash at the end; mostly empty.
    public let path: String

    /// The server of Docker Hub.
    public static let dockerHub: NotaryServer = {
        do { return try NotaryServer(parsing: "https://notary.docker.io") } catch { preconditionFailure("\(error)") }
    }()

    /// A server.
    ///
    /// - Parameter string: Its URL, with a host and perhaps a path.
    /// - Throws: ``NotaryError/invalidServer(_:)``.
    public init(parsing string: String) throws(NotaryError) {
        let url: HTTPURL
        do { url = try HTTPURL(parsing: string) } catch { throw .invalidServer(string) }
        guard url.query == nil else { throw .invalidServer(string) }
        origin = url.origin
        var path = url.path
        while path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
        self.path = path
    }

    /// The server that Docker asks about a repository (docker/cli, `trust.Server`).
    ///
    /// - Parameters:
    ///   - registry: The registry's host, and port if there is one.
    ///   - chosen: The value of `DOCKER_CONTENT_TRUST_SERVER`; empty counts as none.
    /// - Returns: The chosen one; else Docker Hub's for `docker.io`, and the registry's own host for all others.
    /// - Throws: ``NotaryError/invalidServer(_:)``, also for a chosen one that is not https.
    public static func ofDocker(registry: String, chosen: String?) throws(NotaryError) -> NotaryServer {
        if let chosen, !chosen.isEmpty {
            let server = try NotaryServer(parsing: chosen)
            guard server.origin.scheme == .https else { throw .invalidServer(chosen) }
            return server
        }
        if registry == "docker.io" { return dockerHub }
        return try NotaryServer(parsing: "https://\(registry)")
    }

    /// The URL.
    public var description: String { "\(origin)\(path)" }
}
