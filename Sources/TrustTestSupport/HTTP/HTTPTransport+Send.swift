public import TrustTransport

extension HTTPTransport {
    /// Sends a request and returns the whole response; for metadata, not for blobs.
    ///
    /// - Parameters:
    ///   - request: What to send.
    ///   - limits: Bounds; the body is held in memory.
    /// - Returns: The response, whatever its status.
    /// - Throws: ``TransportError``.
    public func send(
        _ request: HTTPRequestMessage,
        limits: ExchangeLimits
    ) async throws(TransportError) -> HTTPResponseMessage {
        try await exchange(request, limits: limits) { (head, body) async throws(TransportError) in
            HTTPResponseMessage(head: head, body: try await body.collect())
        }
    }
}
