public import HTTPTypes

/// The body of a response, pulled piece by piece by one task, never more than the limit of the exchange.
///
/// The limit is held here and not by each transport, so that none can forget it: a declared length above it fails before
/// the first piece, and the piece that crosses it is never handed out.
public final class HTTPBodyReader {
    private let limit: Int64
    private let origin: HTTPOrigin
    private let declared: Int64?
    private let pull: () async throws(TransportError) -> [UInt8]?
    private var received: Int64 = 0
    private var isAtEnd = false

    /// Makes a reader; for implementations of ``HTTPTransport``.
    ///
    /// - Parameters:
    ///   - head: The head of the response.
    ///   - method: The method of the request: the length in an answer to HEAD says nothing about its (empty) body.
    ///   - limits: Whose ``ExchangeLimits/maximumBodyBytes`` applies.
    ///   - pull: Gives the next piece, nil at the end.
    public init(
        head: HTTPResponseHead,
        method: HTTPRequest.Method,
        limits: ExchangeLimits,
        pull: @escaping () async throws(TransportError) -> [UInt8]?
    ) {
        limit = limits.maximumBodyBytes
        origin = head.url.origin
        declared = method == .head ? nil : head.contentLength
        self.pull = pull
    }

    /// The next piece, never empty; nil at the end.
    ///
    /// - Throws: ``TransportError``: too large, connection lost, timeout, cancelled.
    public func next() async throws(TransportError) -> [UInt8]? {
        if let declared, declared > limit {
            throw TransportError(.tooLarge(limit: limit), origin: origin)
        }
        while !isAtEnd {
            guard let piece = try await pull() else {
                isAtEnd = true
                break
            }
            guard Int64(piece.count) <= limit - received else {
                throw TransportError(.tooLarge(limit: limit), origin: origin)
            }
            received += Int64(piece.count)
            if !piece.isEmpty {
                return piece
            }
        }
        return nil
    }

    /// The rest of the body in memory. The limit of the exchange bounds it.
    ///
    /// - Throws: ``TransportError``: too large, connection lost, timeout, cancelled.
    public func collect() async throws(TransportError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await next() {
            if bytes.isEmpty {
                bytes = piece
            } else {
                bytes += piece
            }
        }
        return bytes
    }

    /// Reads and forgets a short rest, so that the connection can be used again.
    ///
    /// Gives up without an error: the answer is not wanted any more, and a transport closes what was not read.
    package func drain(upTo bytes: Int64 = 65_536) async {
        guard (declared ?? 0) <= bytes else { return }
        var rest = bytes
        do {
            while rest > 0, let piece = try await next() {
                rest -= Int64(piece.count)
            }
        } catch {
            // The decision about this response has been made from its head; whatever its body does changes nothing.
            isAtEnd = true
        }
    }
}
