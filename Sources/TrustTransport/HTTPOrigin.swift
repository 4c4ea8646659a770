/// Scheme, host and port: the unit within which credentials may travel (RFC 6454).
public struct HTTPOrigin: Sendable, Hashable, CustomStringConvertible {
    /// The two schemes that this package speaks.
    public enum Scheme: String, Sendable, Hashable {
        /// Plain HTTP.
        case http
        /// HTTP over TLS.
        case https

        /// 80 or 443.
        public var defaultPort: Int {
            switch self {
            case .http: 80
            case .https: 443
            }
        }
    }

    /// How the origin is spoken to.
    public let scheme: Scheme

    /// A lower-case DNS name or an IP address; IPv6 without brackets.
    public let host: String

    /// 1...65535; the scheme's own port when the URL named none.
    public let port: Int

    package init(scheme: Scheme, host: String, port: Int) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// The host as an address, when it is not a name.
    package var address: IPAddress? { IPAddress(host) }

    /// True for `localhost`, 127.0.0.0/8 and `::1`: what cannot leave this machine.
    ///
    /// Other names are never looked up to find out, since the answer may be another one a moment later.
    public var isLoopback: Bool {
        host == "localhost" || address?.isLoopback == true
    }

    /// `host` or `host:port` as in a `Host` field: brackets around IPv6, the scheme's own port left out.
    public var authority: String {
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return port == scheme.defaultPort ? name : "\(name):\(port)"
    }

    /// For example `https://registry.example.com:5000`.
    public var description: String { "\(scheme.rawValue)://\(authority)" }
}
