import HTTPTypes
public import Logging
import Synchronization

/// Sends requests through a transport by the rules that hold everywhere: plain HTTP, retries, redirects, deadlines.
///
/// Credentials are not its affair: it carries the `Authorization` that a request has to that request's origin and nowhere
/// else.
public struct RequestSender: Sendable {
    /// One hop of HTTP.
    public let transport: any HTTPTransport

    /// When a request is sent again.
    public var retries: RetryPolicy

    /// What is done with redirects, and where plain HTTP may go.
    public var redirects: RedirectPolicy

    /// Time and chance.
    public var clock: TransportClock

    /// The `User-Agent` of requests that have none.
    public var userAgent: String

    /// Where attempts are noted, at debug level; never a query, a field value or a body.
    public var logger: Logger?

    /// Makes a sender.
    ///
    /// - Parameters:
    ///   - transport: One hop of HTTP.
    ///   - plainHTTP: Where plain HTTP may go.
    ///   - retries: When a request is sent again.
    ///   - clock: Time and chance.
    ///   - userAgent: The `User-Agent` of requests that have none.
    ///   - logger: Where attempts are noted.
    public init(
        transport: any HTTPTransport,
        plainHTTP: PlainHTTPRule = .loopbackOnly,
        retries: RetryPolicy = RetryPolicy(),
        clock: TransportClock = .system,
        userAgent: String = "trustctl",
        logger: Logger? = nil
    ) {
        self.transport = transport
        self.retries = retries
        redirects = RedirectPolicy(plainHTTP: plainHTTP)
        self.clock = clock
        self.userAgent = userAgent
        self.logger = logger
    }

    /// Where plain HTTP may go.
    public var plainHTTP: PlainHTTPRule { redirects.plainHTTP }

    /// Sends a request and returns the whole of the final response, whatever its status.
    ///
    /// A body that breaks off is asked for again like a connection that cannot be made.
    ///
    /// - Parameters:
    ///   - request: What to send.
    ///   - limits: Bounds; the body is held in memory.
    /// - Returns: The response, whatever its status.
    /// - Throws: ``TransportError``.
    public func send(
        _ request: HTTPRequestMessage,
        limits: RequestLimits
    ) async throws(TransportError) -> HTTPResponseMessage {
        try await run(request, limits: limits, mayHandleTwice: true) { (head, body) async throws(TransportError) in
            HTTPResponseMessage(head: head, body: try await body.collect())
        }
    }

    /// Sends a request and hands the final response, whatever its status, over while its body still comes in.
    ///
    /// - Parameters:
    ///   - request: What to send.
    ///   - limits: Bounds, `handle` included. See ``RequestLimits/transfer(bytes:base:idleTimeout:)``.
    ///   - mayHandleTwice: Whether `handle` may be called anew for another attempt when the body breaks off; for one that
    ///     only collects. Otherwise nothing is retried once it has been called.
    ///   - handle: Gets the response. It returns its own failures as values.
    /// - Returns: What `handle` returned.
    /// - Throws: ``TransportError``.
    public func stream<Answer: Sendable>(
        _ request: HTTPRequestMessage,
        limits: RequestLimits,
        mayHandleTwice: Bool = false,
        _ handle: @escaping @Sendable (HTTPResponseHead, HTTPBodyReader) async throws(TransportError) -> Answer
    ) async throws(TransportError) -> Answer {
        try await run(request, limits: limits, mayHandleTwice: mayHandleTwice, handle)
    }

    private enum Step<Answer: Sendable>: Sendable {
        case answered(Answer)
        case redirected(HTTPRequestMessage)
        case refused(TransportError)
        case again(after: Duration, status: Int)
    }

    private func run<Answer: Sendable>(
        _ original: HTTPRequestMessage,
        limits: RequestLimits,
        mayHandleTwice: Bool,
        _ handle: @escaping @Sendable (HTTPResponseHead, HTTPBodyReader) async throws(TransportError) -> Answer
    ) async throws(TransportError) -> Answer {
        let deadline = clock.now().advanced(by: limits.timeout)
        let exchangeLimits = ExchangeLimits(
            maximumBodyBytes: limits.maximumBodyBytes,
            deadline: deadline,
            idleTimeout: limits.idleTimeout
        )
        var request = original
        if request.headers[.userAgent] == nil {
            request.headers[.userAgent] = userAgent
        }
        var visited = [request.url]
        var attempt = 0
        while true {
            guard redirects.plainHTTP.permits(request.url.origin) else {
                throw TransportError(.insecure, origin: request.url.origin)
            }
            guard clock.now() < deadline else {
                throw TransportError(.timeout(.total), origin: request.url.origin)
            }
            attempt += 1
            let wasHandled = Flag()
            let step: Step<Answer>
            do throws(TransportError) {
                let (current, chain, count) = (request, visited, attempt)
                step = try await transport.exchange(current, limits: exchangeLimits) {
                    (head, body) async throws(TransportError) -> Step<Answer> in
                    let decided: Step<Answer>? =
                        decide(current, head: head, visited: chain, attempt: count, deadline: deadline)
                    if let decided {
                        await body.drain()
                        return decided
                    }
                    wasHandled.raise()
                    return .answered(try await handle(head, body))
                }
            } catch {
                guard !wasHandled.isRaised || mayHandleTwice,
                    retries.isRetryable(error.kind, isIdempotent: request.isIdempotent),
                    let delay = delay(afterAttempt: attempt, retryAfter: nil, deadline: deadline)
                else { throw error }
                logger?.debug(
                    "request failed, trying again",
                    metadata: ["url": "\(request.url)", "error": "\(error.kind.summary)", "delay": "\(delay)"]
                )
                try await wait(delay, origin: request.url.origin)
                continue
            }
            switch step {
            case .answered(let answer):
                return answer
            case .refused(let error):
                throw error
            case .redirected(let next):
                logger?.debug("redirected", metadata: ["from": "\(request.url)", "to": "\(next.url)"])
                request = next
                visited.append(next.url)
                // Following a redirect is progress, not another try.
                attempt -= 1
            case .again(let delay, let status):
                logger?.debug(
                    "asked to try again",
                    metadata: ["url": "\(request.url)", "status": "\(status)", "delay": "\(delay)"]
                )
                try await wait(delay, origin: request.url.origin)
            }
        }
    }

    /// What the head alone decides; nil hands the response to the caller.
    private func decide<Answer>(
        _ request: HTTPRequestMessage,
        head: HTTPResponseHead,
        visited: [HTTPURL],
        attempt: Int,
        deadline: ContinuousClock.Instant
    ) -> Step<Answer>? {
        if retries.isRetryable(head.status, isIdempotent: request.isIdempotent) {
            let wish = head.headers[.retryAfter].flatMap { RetryAfter.delay($0, now: clock.unixSeconds()) }
            return delay(afterAttempt: attempt, retryAfter: wish, deadline: deadline)
                .map { .again(after: $0, status: head.status.code) }
        }
        switch redirects.decide(request, head: head, visited: visited) {
        case .deliver: return nil
        case .follow(let next): return .redirected(next)
        case .refuse(let error): return .refused(error)
        }
    }

    private func delay(afterAttempt attempt: Int, retryAfter: Duration?, deadline: ContinuousClock.Instant) -> Duration?
    {
        retries.delay(
            afterAttempt: attempt,
            retryAfter: retryAfter,
            timeLeft: clock.now().duration(to: deadline),
            random: clock.random()
        )
    }

    private func wait(_ delay: Duration, origin: HTTPOrigin) async throws(TransportError) {
        do {
            try await clock.sleep(delay)
        } catch {
            throw TransportError(.cancelled, origin: origin)
        }
    }
}

/// Remembers across tasks that something has happened.
private final class Flag: Sendable {
    private let value = Mutex(false)

    var isRaised: Bool { value.withLock(\.self) }

    func raise() {
        value.withLock { $0 = true }
    }
}
