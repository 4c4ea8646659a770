/// One hop of HTTP: connects, sends, receives. No retries, no redirects, no credentials of its own, no cookies.
///
/// ``RequestSender`` is what callers use; it holds the rules that have to be the same everywhere.
public protocol HTTPTransport: Sendable {
    /// Sends a request and hands over the response while its body still comes in.
    ///
    /// - Parameters:
    ///   - request: What to send. Redirects are not followed and every status is handed over.
    ///   - limits: Bounds on the body, on silence and on the whole of the exchange, `handle` included.
    ///   - handle: Called at most once, with the final (not 1xx) head. What it leaves of the body unread is dropped with the
    ///     connection. Its errors are passed on.
    /// - Returns: What `handle` returned.
    /// - Throws: ``TransportError``; also when `handle` was called already and the deadline passed meanwhile.
    func exchange<Answer: Sendable>(
        _ request: HTTPRequestMessage,
        limits: ExchangeLimits,
        _ handle: @escaping @Sendable (HTTPResponseHead, HTTPBodyReader) async throws(TransportError) -> Answer
    ) async throws(TransportError) -> Answer
}
