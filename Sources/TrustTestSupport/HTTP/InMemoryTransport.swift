public import HTTPTypes
import Synchronization
public import TrustTransport

/// An `HTTPTransport` without sockets: a function answers each request, and every request is noted down.
public final class InMemoryTransport: HTTPTransport {
    /// A request as it arrived, its body read to the end.
    public struct Received: Sendable {
        /// The request.
        public let request: HTTPRequestMessage
        /// Its body.
        public let body: [UInt8]

        /// The method.
        public var method: HTTPRequest.Method { request.method }
        /// The whole URL.
        public var url: String { request.url.string }
        /// Path and query.
        public var target: String { request.url.target }
        /// Header fields.
        public var headers: HTTPFields { request.headers }
    }

    /// What comes back.
    public enum Reply: Sendable {
        /// A response in one piece.
        case response(HTTPResponse.Status, headers: HTTPFields, body: [UInt8])
        /// A response whose body comes in pieces and then, perhaps, breaks off.
        case pieces(HTTPResponse.Status, headers: HTTPFields, pieces: [[UInt8]], then: TransportError?)
        /// A response whose body is the same piece for ever.
        case endless(HTTPResponse.Status, headers: HTTPFields, piece: [UInt8])
        /// No response.
        case failure(TransportError)

        /// A response with a text body.
        public static func text(
            _ status: HTTPResponse.Status,
            _ body: String = "",
            headers: HTTPFields = [:]
        ) -> Reply {
            .response(status, headers: headers, body: Array(body.utf8))
        }
    }

    private let answer: @Sendable (Received) async -> Reply
    private let log = Mutex<[Received]>([])

    /// Answers by a function.
    public init(_ answer: @escaping @Sendable (Received) async -> Reply) {
        self.answer = answer
    }

    /// Answers with a script, one reply a request; a request beyond its end fails as unreachable.
    public convenience init(script: [Reply]) {
        let rest = Script(script)
        self.init { _ in rest.next() }
    }

    /// The requests so far, in the order in which they came.
    public var requests: [Received] { log.withLock(\.self) }

    /// See `HTTPTransport`.
    public func exchange<Answer: Sendable>(
        _ request: HTTPRequestMessage,
        limits: ExchangeLimits,
        _ handle: @escaping @Sendable (HTTPResponseHead, HTTPBodyReader) async throws(TransportError) -> Answer
    ) async throws(TransportError) -> Answer {
        if Task.isCancelled {
            throw TransportError(.cancelled, origin: request.url.origin)
        }
        let received = Received(request: request, body: try await Self.read(request.body))
        log.withLock { $0.append(received) }
        let status: HTTPResponse.Status
        let headers: HTTPFields
        let pull: () async throws(TransportError) -> [UInt8]?
        switch await answer(received) {
        case .response(let code, let fields, let body):
            (status, headers) = (code, fields)
            var rest = request.method == .head ? [] : [body]
            pull = { () async throws(TransportError) in rest.isEmpty ? nil : rest.removeFirst() }
        case .pieces(let code, let fields, let pieces, let end):
            (status, headers) = (code, fields)
            var rest = pieces[...]
            pull = { () async throws(TransportError) in
                if let piece = rest.popFirst() {
                    return piece
                }
                if let end {
                    throw end
                }
                return nil
            }
        case .endless(let code, let fields, let piece):
            (status, headers) = (code, fields)
            pull = { () async throws(TransportError) in
                if Task.isCancelled {
                    throw TransportError(.cancelled)
                }
                return piece
            }
        case .failure(let error):
            throw error
        }
        let head = HTTPResponseHead(status: status, headers: headers, url: request.url)
        return try await handle(
            head,
            HTTPBodyReader(head: head, method: request.method, limits: limits, pull: pull)
        )
    }

    private static func read(_ body: HTTPRequestBody) async throws(TransportError) -> [UInt8] {
        switch body {
        case .none: return []
        case .bytes(let bytes): return bytes
        case .stream(let length, let open):
            let next = try await open()
            var bytes: [UInt8] = []
            while let piece = try await next() {
                bytes += piece
            }
            guard bytes.count == length else {
                throw TransportError(.requestBody, detail: "\(bytes.count) bytes instead of \(length)")
            }
            return bytes
        }
    }
}

/// Replies in order.
private final class Script: Sendable {
    private let rest: Mutex<ArraySlice<InMemoryTransport.Reply>>

    init(_ replies: [InMemoryTransport.Reply]) {
        rest = Mutex(replies[...])
    }

    func next() -> InMemoryTransport.Reply {
        rest.withLock { $0.popFirst() }
            ?? .failure(TransportError(.unreachable(.system), detail: "the script of the test has ended"))
    }
}
