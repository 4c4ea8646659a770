public import Logging
public import TrustTransport

extension AHCTransport {
    /// How connections are made.
    public struct Configuration: Sendable {
        /// Authorities to trust beside the system's.
        public var certificateAuthorities: CertificateAuthorities?

        /// Which proxy a host is reached through. Default: none.
        public var proxies: ProxySettings

        /// How long making a connection may take, TLS and proxy included. Default: 10 s.
        public var connectTimeout: Duration

        /// Where the HTTP client notes its connections; nothing of it is meant for users.
        public var logger: Logger?

        /// Makes a configuration.
        ///
        /// - Parameters:
        ///   - certificateAuthorities: Authorities to trust beside the system's.
        ///   - proxies: Which proxy a host is reached through.
        ///   - connectTimeout: How long making a connection may take.
        ///   - logger: Where the HTTP client notes its connections.
        public init(
            certificateAuthorities: CertificateAuthorities? = nil,
            proxies: ProxySettings = .none,
            connectTimeout: Duration = .seconds(10),
            logger: Logger? = nil
        ) {
            self.certificateAuthorities = certificateAuthorities
            self.proxies = proxies
            self.connectTimeout = connectTimeout
            self.logger = logger
        }
    }
}
