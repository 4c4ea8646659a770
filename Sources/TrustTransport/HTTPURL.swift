/// An absolute `http` or `https` URL whose path and query are kept byte for byte.
///
/// Registries sign and compare the URLs they hand out, so nothing is decoded, encoded again or tidied up. In exchange only
/// what RFC 3986 allows is accepted: no raw spaces, quotes, backslashes, control or non-ASCII characters, no broken percent
/// escapes, no user information (it would be a credential in a log line), no empty or percent-encoded host. A fragment is
/// cut off, since it is never sent.
public struct HTTPURL: Sendable, Hashable, CustomStringConvertible {
    /// The longest URL that is accepted, in bytes; signed storage URLs stay well below.
    public static let maximumBytes = 16_384

    /// Scheme, host and port.
    public let origin: HTTPOrigin

    /// Path and query as they stand in the request line: begins with `/`.
    public let target: String

    /// Reads an absolute URL.
    ///
    /// - Parameter string: At most ``maximumBytes`` bytes.
    /// - Throws: ``TransportError`` with ``TransportError/Kind/invalidURL``.
    public init(parsing string: String) throws(TransportError) {
        let parts = try URLReferenceParts(parsing: string)
        guard let scheme = parts.scheme, let authority = parts.authority else {
            throw TransportError(.invalidURL, detail: "not an absolute http or https URL")
        }
        try self.init(scheme: scheme, authority: authority, path: parts.path, query: parts.query)
    }

    /// Makes a URL from its parts.
    ///
    /// - Parameters:
    ///   - scheme: `http` or `https`.
    ///   - authority: `host` or `host:port`, IPv6 in brackets.
    ///   - target: Path and query; must begin with `/`.
    /// - Throws: ``TransportError`` with ``TransportError/Kind/invalidURL``.
    public init(scheme: HTTPOrigin.Scheme, authority: String, target: String = "/") throws(TransportError) {
        guard target.utf8.first == UInt8(ascii: "/"), !target.utf8.contains(UInt8(ascii: "#")) else {
            throw TransportError(.invalidURL, detail: "a request target begins with / and has no fragment")
        }
        guard !authority.utf8.contains(where: { "/?#".utf8.contains($0) }) else {
            throw TransportError(.invalidURL, detail: "not host or host:port")
        }
        try self.init(parsing: "\(scheme.rawValue)://\(authority)\(target)")
    }

    init(origin: HTTPOrigin, target: String) {
        self.origin = origin
        self.target = target
    }

    init(scheme: HTTPOrigin.Scheme, authority: Substring, path: Substring, query: Substring?) throws(TransportError) {
        origin = try HTTPOrigin(scheme: scheme, authority: authority)
        target = (path.isEmpty ? "/" : String(path)) + (query.map { "?\($0)" } ?? "")
    }

    /// The whole URL, query included. Queries may hold signatures and tokens: not for messages and logs.
    public var string: String { origin.description + target }

    /// The URL without its query, which may hold secrets.
    public var description: String { origin.description + path }

    /// The path part of ``target``.
    public var path: String { String(target.prefix { $0 != "?" }) }

    /// What follows the first `?` of ``target``.
    public var query: String? {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        return String(target[target.utf8.index(after: mark)...])
    }

    /// Another path and query at the same origin.
    ///
    /// - Parameter target: Path and query; must begin with `/`.
    /// - Returns: The other URL.
    /// - Throws: ``TransportError`` with ``TransportError/Kind/invalidURL``.
    public func replacingTarget(_ target: String) throws(TransportError) -> HTTPURL {
        try HTTPURL(scheme: origin.scheme, authority: origin.authority, target: target)
    }

    /// The same URL with more query parameters, percent-encoded, after those it has.
    ///
    /// - Parameter items: Names and values in the order in which they are to stand.
    /// - Returns: The longer URL.
    /// - Throws: ``TransportError`` with ``TransportError/Kind/invalidURL`` when it grows too long.
    public func appendingQuery(_ items: [(name: String, value: String)]) throws(TransportError) -> HTTPURL {
        guard !items.isEmpty else { return self }
        let added = items.map { "\(Self.percentEncoded($0.name))=\(Self.percentEncoded($0.value))" }
        let joiner =
            switch query {
            case nil: "?"
            case .some(let present): present.isEmpty || present.hasSuffix("&") ? "" : "&"
            }
        return try replacingTarget(target + joiner + added.joined(separator: "&"))
    }

    /// Every byte but RFC 3986's unreserved ones as `%XX`; safe in a path segment, a query and a form body.
    public static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            if ASCII.isUnreserved(byte) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}

extension HTTPOrigin {
    init(scheme: Scheme, authority: Substring) throws(TransportError) {
        var hostText = authority
        var portText: Substring?
        if authority.utf8.first == UInt8(ascii: "[") {
            guard let close = authority.utf8.firstIndex(of: UInt8(ascii: "]")) else {
                throw TransportError(.invalidURL, detail: "an IPv6 host without its closing bracket")
            }
            let inner = authority[authority.utf8.index(after: authority.startIndex)..<close]
            let rest = authority[authority.utf8.index(after: close)...]
            guard inner.utf8.contains(UInt8(ascii: ":")), IPAddress(inner) != nil else {
                throw TransportError(.invalidURL, detail: "not an IPv6 address between the brackets")
            }
            guard rest.isEmpty || rest.utf8.first == UInt8(ascii: ":") else {
                throw TransportError(.invalidURL, detail: "not host or host:port")
            }
            hostText = inner
            portText = rest.isEmpty ? nil : rest.dropFirst()
        } else {
            if let colon = authority.utf8.firstIndex(of: UInt8(ascii: ":")) {
                hostText = authority[..<colon]
                portText = authority[authority.utf8.index(after: colon)...]
            }
            guard Self.isHostName(hostText.utf8) else {
                throw TransportError(.invalidURL, detail: "not a host name")
            }
        }
        var port = scheme.defaultPort
        if let portText {
            guard portText.utf8.count <= 5, let number = ASCII.decimal(portText.utf8), (1...65_535).contains(number)
            else {
                throw TransportError(.invalidURL, detail: "not a port")
            }
            port = Int(number)
        }
        self.init(scheme: scheme, host: ASCII.lowercased(hostText), port: port)
    }

    /// Dot-separated labels of letters, digits, `-` and `_`; 1...63 bytes each, 253 in all; a final dot is allowed.
    private static func isHostName(_ host: Substring.UTF8View) -> Bool {
        guard (1...253).contains(host.count) else { return false }
        var labels = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if labels.count > 1, labels.last?.isEmpty == true {
            labels.removeLast()
        }
        return labels.allSatisfy { label in
            (1...63).contains(label.count)
                && label.allSatisfy {
                    ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                }
        }
    }
}
