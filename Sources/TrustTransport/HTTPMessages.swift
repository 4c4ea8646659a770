public import HTTPTypes

/// A request as one hop sees it.
public struct HTTPRequestMessage: Sendable {
    /// The method.
    public var method: HTTPRequest.Method

    /// Where to.
    public var url: HTTPURL

    /// Header fields. `Host`, `Content-Length`, `Transfer-Encoding` and `Connection` are the transport's own and ignored.
    public var headers: HTTPFields

    /// What is sent.
    public var body: HTTPRequestBody

    /// Whether the request may be sent again when it is not known if it had an effect.
    ///
    /// True for GET, HEAD, PUT, DELETE and OPTIONS by RFC 9110 §9.2.2; set it to false for a PUT that uses something up
    /// (the one that ends an upload session).
    public var isIdempotent: Bool

    /// Makes a request.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - url: Where to.
    ///   - headers: Header fields.
    ///   - body: What is sent.
    public init(
        _ method: HTTPRequest.Method = .get,
        _ url: HTTPURL,
        headers: HTTPFields = [:],
        body: HTTPRequestBody = .none
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        isIdempotent = [.get, .head, .put, .delete, .options].contains(method)
    }
}

/// The body of a request.
public enum HTTPRequestBody: Sendable {
    /// No body.
    case none
    /// Bytes in memory.
    case bytes([UInt8])
    /// A body of known length that is produced while it is sent.
    ///
    /// `open` is called once for every attempt and starts from the beginning each time. A producer that ends early or
    /// gives more fails the request with ``TransportError/Kind/requestBody``.
    case stream(length: Int64, open: @Sendable () async throws(TransportError) -> HTTPBodyProducer)
}

/// Produces the next piece of a request body; nil at the end. Called by one task at a time.
public typealias HTTPBodyProducer = @Sendable () async throws(TransportError) -> [UInt8]?

/// Status and fields of a response.
public struct HTTPResponseHead: Sendable {
    /// The status.
    public var status: HTTPResponse.Status

    /// Header fields.
    public var headers: HTTPFields

    /// The URL that answered: after redirects another one than was asked. Whoever answers a challenge looks at its origin.
    public var url: HTTPURL

    /// Makes a head.
    ///
    /// - Parameters:
    ///   - status: The status.
    ///   - headers: Header fields.
    ///   - url: The URL that answered.
    public init(status: HTTPResponse.Status, headers: HTTPFields, url: HTTPURL) {
        self.status = status
        self.headers = headers
        self.url = url
    }

    /// The declared length in bytes; nil when there is none, when it is not a number, or when several differ.
    public var contentLength: Int64? {
        let values = Set(headers[values: .contentLength])
        guard values.count == 1, let value = values.first else { return nil }
        return ASCII.decimal(value.utf8)
    }
}

/// A response whose body is in memory.
public struct HTTPResponseMessage: Sendable {
    /// Status and fields.
    public var head: HTTPResponseHead

    /// The whole body.
    public var body: [UInt8]

    /// Makes a response.
    ///
    /// - Parameters:
    ///   - head: Status and fields.
    ///   - body: The whole body.
    public init(head: HTTPResponseHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }

    /// The status.
    public var status: HTTPResponse.Status { head.status }

    /// Header fields.
    public var headers: HTTPFields { head.headers }
}
