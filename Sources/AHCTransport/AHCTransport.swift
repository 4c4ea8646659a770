import AsyncHTTPClient
import NIOCore
public import TrustTransport

/// `HTTPTransport` on async-http-client: HTTP/1.1 over TLS 1.2 or later.
///
/// HTTP/2 is left out: what we send is few and small or large and single, so nothing is gained, and one stack less parses
/// what strangers send. A client is made at the first request through each proxy (or none), so that a run without requests
/// does not pay for one. Redirects are never followed here, bodies are never decompressed.
public final class AHCTransport: HTTPTransport {
    private let configuration: Configuration
    private let clients: ClientPool

    /// Makes a transport. Nothing is started before the first request.
    ///
    /// - Parameter configuration: How connections are made.
    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
        clients = ClientPool(configuration: configuration)
    }

    /// Closes all connections. Requests that are still under way fail, and so does every later one.
    public func shutdown() async {
        await clients.shutdown()
    }

    /// Runs a body with a transport and shuts it down afterwards.
    ///
    /// - Parameters:
    ///   - configuration: How connections are made.
    ///   - body: Uses the transport.
    /// - Returns: What `body` returned.
    /// - Throws: What `body` throws.
    public static func running<Value: Sendable, Failure: Error>(
        _ configuration: Configuration = Configuration(),
        _ body: (AHCTransport) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let transport = AHCTransport(configuration: configuration)
        do throws(Failure) {
            let value = try await body(transport)
            await transport.shutdown()
            return value
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    private enum Outcome<Answer: Sendable>: Sendable {
        case finished(Result<Answer, TransportError>)
        case expired(TransportError.Timeout?)
    }

    /// See `HTTPTransport`.
    public func exchange<Answer: Sendable>(
        _ request: HTTPRequestMessage,
        limits: ExchangeLimits,
        _ handle: @escaping @Sendable (HTTPResponseHead, HTTPBodyReader) async throws(TransportError) -> Answer
    ) async throws(TransportError) -> Answer {
        let origin = request.url.origin
        let proxy = try configuration.proxies.proxy(for: origin)
        let watch = ExchangeWatch(limits: limits)
        let (result, timeout) = await withTaskGroup(of: Outcome<Answer>.self) { group in
            group.addTask {
                do throws(TransportError) {
                    return .finished(.success(try await self.perform(request, through: proxy, limits, watch, handle)))
                } catch {
                    return .finished(.failure(error))
                }
            }
            group.addTask { .expired(await watch.expiry()) }
            var result: Result<Answer, TransportError>?
            var timeout: TransportError.Timeout?
            while let next = await group.next() {
                switch next {
                case .finished(let finished): result = finished
                case .expired(let expired): timeout = expired
                }
                // Whichever comes first ends the other; both are waited for.
                group.cancelAll()
            }
            return (result, timeout)
        }
        if case .success(let answer) = result {
            return answer
        }
        if let timeout {
            throw TransportError(.timeout(timeout)).at(origin, through: proxy)
        }
        if case .failure(let error) = result {
            throw error.at(origin, through: proxy)
        }
        throw TransportError(.cancelled, origin: origin)
    }

    private func perform<Answer: Sendable>(
        _ request: HTTPRequestMessage,
        through proxy: ProxyServer?,
        _ limits: ExchangeLimits,
        _ watch: ExchangeWatch,
        _ handle: @escaping @Sendable (HTTPResponseHead, HTTPBodyReader) async throws(TransportError) -> Answer
    ) async throws(TransportError) -> Answer {
        watch.beginWaiting()
        let response = try await head(of: request, through: proxy, limits, watch)
        watch.endWaiting()
        let head = try RequestConversion.head(response, url: request.url)
        var iterator = response.body.makeAsyncIterator()
        let reader = HTTPBodyReader(head: head, method: request.method, limits: limits) {
            () async throws(TransportError) in
            watch.beginWaiting()
            defer { watch.endWaiting() }
            do {
                guard let buffer = try await iterator.next() else {
                    // A cancelled sequence ends like a complete one.
                    try Task.checkCancellation()
                    return nil
                }
                return Array(buffer: buffer)
            } catch {
                throw ErrorMapping.transportError(error)
            }
        }
        return try await handle(head, reader)
    }

    /// The head of the answer. A server that no authority in the system's directory vouches for is asked once more, with all
    /// authorities at hand: nothing was sent to it before.
    private func head(
        of request: HTTPRequestMessage,
        through proxy: ProxyServer?,
        _ limits: ExchangeLimits,
        _ watch: ExchangeWatch
    ) async throws(TransportError) -> HTTPClientResponse {
        let (client, authorities) = try clients.client(for: proxy)
        do throws(TransportError) {
            return try await head(of: request, from: client, limits, watch)
        } catch {
            guard error.kind == .tls(.certificate), authorities == .lookedUp else { throw error }
        }
        clients.readAllAuthorities()
        return try await head(of: request, from: clients.client(for: proxy).client, limits, watch)
    }

    private func head(
        of request: HTTPRequestMessage,
        from client: HTTPClient,
        _ limits: ExchangeLimits,
        _ watch: ExchangeWatch
    ) async throws(TransportError) -> HTTPClientResponse {
        do {
            // The client's own deadline is a second net behind the watch, which also covers the body.
            let timeLeft = ContinuousClock.now.duration(to: limits.deadline) + .seconds(5)
            return try await client.execute(
                RequestConversion.request(request, watch: watch),
                timeout: TimeAmount(timeLeft),
                logger: configuration.logger
            )
        } catch {
            throw ErrorMapping.transportError(error)
        }
    }
}

extension TransportError {
    /// The error with the place where it happened, and the proxy where that may be the reason.
    fileprivate func at(_ place: HTTPOrigin, through proxy: ProxyServer?) -> TransportError {
        guard origin == nil else { return self }
        var detail = detail
        if let proxy {
            switch kind {
            case .unreachable, .timeout, .tls: detail += "\(detail.isEmpty ? "" : ", ")through proxy \(proxy)"
            default: break
            }
        }
        return TransportError(kind, origin: place, detail: detail)
    }
}
