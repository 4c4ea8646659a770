/// Which proxy a host is reached through, by the environment variables that curl, docker and Go share. Pure.
///
/// `https_proxy` and `http_proxy`, by the scheme of the request; then `HTTPS_PROXY` and `HTTP_PROXY`. `no_proxy` and
/// `NO_PROXY` name exceptions. `HTTP_PROXY` is ignored where `REQUEST_METHOD` is set: there it comes from a `Proxy` field
/// of somebody's request (CVE-2016-5385). Loopback is never asked for through a proxy.
public struct ProxySettings: Sendable {
    private let environment: [String: String]
    private let exceptions: NoProxyRules

    /// Goes to every host directly.
    public static let none = ProxySettings(environment: [:])

    /// Reads the variables. A value that is wrong fails the requests that need it, not the others.
    ///
    /// - Parameter environment: Variables by name.
    public init(environment: [String: String]) {
        self.environment = environment
        exceptions = NoProxyRules(Self.first(["no_proxy", "NO_PROXY"], in: environment)?.value ?? "")
    }

    /// The proxy for an origin.
    ///
    /// - Parameter origin: Where the request goes.
    /// - Returns: nil for the direct way.
    /// - Throws: ``TransportError`` with ``TransportError/Kind/configuration`` when the variable's value is not a proxy.
    public func proxy(for origin: HTTPOrigin) throws(TransportError) -> ProxyServer? {
        guard !origin.isLoopback, !exceptions.contains(origin) else { return nil }
        let names: [String] =
            switch origin.scheme {
            case .https: ["https_proxy", "HTTPS_PROXY"]
            case .http: environment["REQUEST_METHOD"] == nil ? ["http_proxy", "HTTP_PROXY"] : ["http_proxy"]
            }
        guard let (name, value) = Self.first(names, in: environment) else { return nil }
        return try ProxyServer(parsing: value, name: name)
    }

    private static func first(_ names: [String], in environment: [String: String]) -> (name: String, value: String)? {
        for name in names {
            if let value = environment[name], !value.isEmpty {
                return (name, value)
            }
        }
        return nil
    }
}

/// `NO_PROXY`: a list, by commas or spaces, of
/// - `*`: everything;
/// - `192.0.2.7`, `2001:db8::1`: an address;
/// - `192.0.2.0/24`, `2001:db8::/32`: a network;
/// - `example.com`: the domain and all below it;
/// - `.example.com`, `*.example.com`: what is below it;
/// each but `*` and networks with `:port` to mean that port alone. Names are compared without asking DNS.
struct NoProxyRules: Sendable {
    private enum Rule: Sendable {
        case everything
        case network(IPAddress, prefixLength: Int)
        case address(IPAddress, port: Int?)
        case domain(String, itself: Bool, port: Int?)
    }

    private let rules: [Rule]

    init(_ text: String) {
        rules = text.split { $0 == "," || $0.isWhitespace }.compactMap { Self.rule(ASCII.lowercased($0)) }
    }

    func contains(_ origin: HTTPOrigin) -> Bool {
        let address = origin.address
        var host = Substring(origin.host)
        if host.hasSuffix(".") { host = host.dropLast() }
        return rules.contains { rule in
            switch rule {
            case .everything:
                true
            case .network(let network, let length):
                address?.isInside(network: network, prefixLength: length) == true
            case .address(let exempt, let port):
                address == exempt && (port == nil || port == origin.port)
            case .domain(let domain, let itself, let port):
                address == nil && (port == nil || port == origin.port)
                    && (itself && host == domain || host.hasSuffix("." + domain))
            }
        }
    }

    private static func rule(_ entry: String) -> Rule? {
        if entry == "*" {
            return .everything
        }
        if let slash = entry.firstIndex(of: "/") {
            guard let network = IPAddress(entry[..<slash]),
                let length = ASCII.decimal(entry[entry.index(after: slash)...].utf8), length <= network.bytes.count * 8
            else { return nil }
            return .network(network, prefixLength: Int(length))
        }
        if let address = IPAddress(entry) {
            return .address(address, port: nil)
        }
        guard let (host, port) = hostAndPort(entry) else { return nil }
        var name = host
        if let address = IPAddress(name) {
            return .address(address, port: port)
        }
        let isBelow = name.hasPrefix(".") || name.hasPrefix("*.")
        if isBelow {
            name = name.drop { $0 == "*" || $0 == "." }
        }
        if name.hasSuffix(".") { name = name.dropLast() }
        return name.isEmpty ? nil : .domain(String(name), itself: !isBelow, port: port)
    }

    /// Cuts `:port` off; brackets around IPv6 go too.
    private static func hostAndPort(_ entry: String) -> (host: Substring, port: Int?)? {
        var host = Substring(entry)
        var rest = Substring()
        if entry.hasPrefix("["), let close = entry.firstIndex(of: "]") {
            host = entry[..<close].dropFirst()
            rest = entry[entry.index(after: close)...]
        } else if let colon = entry.firstIndex(of: ":") {
            host = entry[..<colon]
            rest = entry[colon...]
        }
        guard !rest.isEmpty else { return (host, nil) }
        guard rest.hasPrefix(":"), let port = ASCII.decimal(rest.dropFirst().utf8), (1...65_535).contains(port) else {
            return nil
        }
        return (host, Int(port))
    }
}
