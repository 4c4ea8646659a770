/// Why a request got no usable answer.
///
/// "Could not look" is always an error of this type; an answer that says "not found" or "unauthorized" is a response and
/// never an error here. Equality compares ``kind`` alone.
public struct TransportError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What happened; closed, so that a new kind does not compile until every caller has a meaning for it.
    public enum Kind: Sendable, Hashable {
        /// A URL that is not one, or that we refuse to use; from the caller.
        case invalidURL
        /// Plain HTTP to a host that is not loopback and was not allowed.
        case insecure
        /// The server could not be reached, or the connection broke.
        case unreachable(Unreachable)
        /// Something took longer than allowed.
        case timeout(Timeout)
        /// TLS could not be set up: nothing was sent.
        case tls(TLSFailure)
        /// The body is longer than the limit in bytes.
        case tooLarge(limit: Int64)
        /// The server answered what it may not.
        case badResponse(BadResponse)
        /// The body to send could not be read from its source.
        case requestBody
        /// What the caller configured (CA file, proxy) cannot be used.
        case configuration
        /// The task was cancelled.
        case cancelled
    }

    /// Ways not to reach a server.
    public enum Unreachable: Sendable, Hashable {
        /// The name has no address, or none could be learnt.
        case nameNotResolved
        /// Nothing listens there.
        case refused
        /// No route to the host or network.
        case noRoute
        /// The connection was closed or reset before the answer was complete.
        case connectionLost
        /// The proxy would not connect us.
        case proxy
        /// Another error of the operating system.
        case system
    }

    /// The clock that ran out.
    public enum Timeout: Sendable, Hashable {
        /// Making the connection, TLS included.
        case connect
        /// No byte came or went for that long.
        case idle
        /// The whole of the request, retries included.
        case total
    }

    /// Ways for TLS to fail.
    public enum TLSFailure: Sendable, Hashable {
        /// The certificate is not signed by anything trusted, is expired or is unfit.
        case certificate
        /// The certificate is for another name.
        case hostname
        /// The other side does not speak TLS, or no common version or cipher.
        case handshake
    }

    /// What the server may not answer.
    public enum BadResponse: Sendable, Hashable {
        /// Not HTTP, or broken HTTP.
        case malformed
        /// A redirect without a usable `Location`.
        case invalidRedirect
        /// A redirect back to where we have been.
        case redirectLoop
        /// More redirects than allowed.
        case tooManyRedirects
        /// A redirect from https to plain HTTP, or from outside to loopback over plain HTTP.
        case redirectDowngrade
        /// A redirect that would send the body of a request to another origin.
        case redirectOfBody
    }

    /// What happened.
    public let kind: Kind

    /// Where it happened; nil where there is no origin.
    public let origin: HTTPOrigin?

    /// More about it for a human; no secrets, may hold text from the other side (escape it for terminals). May be empty.
    public let detail: String

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - kind: What happened.
    ///   - origin: Where.
    ///   - detail: More about it; no secrets.
    public init(_ kind: Kind, origin: HTTPOrigin? = nil, detail: String = "") {
        self.kind = kind
        self.origin = origin
        self.detail = detail
    }

    /// True when ``kind`` is the same.
    public static func == (left: TransportError, right: TransportError) -> Bool {
        left.kind == right.kind
    }

    /// One line for a human.
    public var description: String {
        [origin?.description, kind.summary, detail.isEmpty ? nil : detail].compactMap(\.self).joined(separator: ": ")
    }
}

extension TransportError.Kind {
    /// The fact in a few words.
    public var summary: String {
        switch self {
        case .invalidURL: "invalid URL"
        case .insecure: "plain HTTP is not allowed for this host"
        case .unreachable(.nameNotResolved): "host name not found"
        case .unreachable(.refused): "connection refused"
        case .unreachable(.noRoute): "no route to host"
        case .unreachable(.connectionLost): "connection lost"
        case .unreachable(.proxy): "the proxy refused the connection"
        case .unreachable(.system): "connection failed"
        case .timeout(.connect): "timed out while connecting"
        case .timeout(.idle): "timed out waiting for data"
        case .timeout(.total): "timed out"
        case .tls(.certificate): "TLS certificate not trusted"
        case .tls(.hostname): "TLS certificate is for another host"
        case .tls(.handshake): "TLS handshake failed"
        case .tooLarge(let limit): "response larger than \(limit) bytes"
        case .badResponse(.malformed): "malformed HTTP response"
        case .badResponse(.invalidRedirect): "redirect without a usable location"
        case .badResponse(.redirectLoop): "redirect loop"
        case .badResponse(.tooManyRedirects): "too many redirects"
        case .badResponse(.redirectDowngrade): "redirect to plain HTTP"
        case .badResponse(.redirectOfBody): "redirect of an upload to another host"
        case .requestBody: "the body to send could not be read"
        case .configuration: "invalid transport configuration"
        case .cancelled: "cancelled"
        }
    }
}
