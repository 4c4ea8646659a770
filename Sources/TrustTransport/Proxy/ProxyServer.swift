/// An HTTP proxy that tunnels connections (CONNECT).
public struct ProxyServer: Sendable, Hashable, CustomStringConvertible {
    /// A DNS name or an IP address; IPv6 without brackets.
    public let host: String

    /// 1...65535.
    public let port: Int

    /// Who asks, for Basic authorization at the proxy; never printed.
    package let credential: Credential?

    /// `host:port`, without the credential.
    public var description: String {
        HTTPOrigin(scheme: .http, host: host, port: port).description
    }

    /// Reads `[http://][user:password@]host[:port][/]`; the port is 80 unless given, as curl and Go have it for a URL.
    ///
    /// - Parameters:
    ///   - text: The value of an environment variable.
    ///   - name: The variable, for messages; the value may hold a password and is never repeated.
    /// - Throws: `TransportError` of kind `configuration`.
    init(parsing text: String, name: String) throws(TransportError) {
        func refuse(_ reason: String) -> TransportError {
            TransportError(.configuration, detail: "\(name): \(reason)")
        }
        var rest = Substring(text)
        if let mark = text.firstRange(of: "://") {
            guard ASCII.lowercased(text[..<mark.lowerBound]) == "http" else {
                throw refuse("only http:// proxies are supported")
            }
            rest = text[mark.upperBound...]
        }
        if rest.last == "/" {
            rest = rest.dropLast()
        }
        if let at = rest.lastIndex(of: "@") {
            guard let decoded = Self.percentDecoded(rest[..<at]) else {
                throw refuse("user and password are not percent-encoded")
            }
            credential = Credential(parsing: decoded)
            rest = rest[rest.index(after: at)...]
        } else {
            credential = nil
        }
        do throws(TransportError) {
            let origin = try HTTPURL(scheme: .http, authority: String(rest)).origin
            host = origin.host
            port = origin.port
        } catch {
            throw refuse("not a proxy: \(error.detail)")
        }
    }

    /// A user name and a password.
    package struct Credential: Sendable, Hashable {
        /// The user name, without a colon.
        package let username: String
        /// The password; empty where none is given.
        package let password: String

        /// The first colon ends the user name.
        init(parsing text: String) {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            username = String(parts[0])
            password = parts.count > 1 ? String(parts[1]) : ""
        }
    }

    private static func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(ASCII.hexValue), let low = rest.popFirst().flatMap(ASCII.hexValue)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
