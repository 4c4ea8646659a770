public import HTTPTypes

/// When a request is sent again, and after how long. Pure: time and chance come in as arguments.
public struct RetryPolicy: Sendable {
    /// How often a request is sent at most, the first time included. At least 1. Default: 4.
    public var maximumAttempts: Int

    /// The wait before the second attempt; doubled for each further one. Default: 250 ms.
    public var baseDelay: Duration

    /// The longest wait that is chosen here; a `Retry-After` may ask for more. Default: 8 s.
    public var maximumDelay: Duration

    /// Makes a policy.
    ///
    /// - Parameters:
    ///   - maximumAttempts: How often a request is sent at most.
    ///   - baseDelay: The wait before the second attempt.
    ///   - maximumDelay: The longest wait that is chosen here.
    public init(
        maximumAttempts: Int = 4,
        baseDelay: Duration = .milliseconds(250),
        maximumDelay: Duration = .seconds(8)
    ) {
        self.maximumAttempts = maximumAttempts
        self.baseDelay = baseDelay
        self.maximumDelay = maximumDelay
    }

    /// Whether the status says that the same request may succeed later.
    ///
    /// 429 promises that nothing was done, so it holds for every request. The 5xx do not, so they hold for idempotent
    /// requests only. 501 and 505 are answers for good.
    ///
    /// - Parameters:
    ///   - status: The status of the response.
    ///   - isIdempotent: Whether the request may be repeated blindly.
    /// - Returns: True when it is worth another attempt.
    public func isRetryable(_ status: HTTPResponse.Status, isIdempotent: Bool) -> Bool {
        switch status.code {
        case 429: true
        case 408, 500, 502, 503, 504: isIdempotent
        default: false
        }
    }

    /// Whether the failure may be one of the moment.
    ///
    /// What failed before anything was sent holds for every request. A name that does not resolve is not asked for again:
    /// the resolver has its own retries, and a misspelt host should fail at once. TLS failures do not go away.
    ///
    /// - Parameters:
    ///   - kind: The kind of the error.
    ///   - isIdempotent: Whether the request may be repeated blindly.
    /// - Returns: True when it is worth another attempt.
    public func isRetryable(_ kind: TransportError.Kind, isIdempotent: Bool) -> Bool {
        switch kind {
        case .unreachable(.refused), .unreachable(.noRoute), .timeout(.connect): true
        case .unreachable(.connectionLost), .unreachable(.system), .timeout(.idle): isIdempotent
        case .unreachable(.nameNotResolved), .unreachable(.proxy), .timeout(.total), .invalidURL, .insecure, .tls,
            .tooLarge, .badResponse, .requestBody, .configuration, .cancelled:
            false
        }
    }

    /// How long to wait before the next attempt; nil when there is none, because attempts or time are used up.
    ///
    /// Exponential with the upper half random, so that many clients do not come back together; a `Retry-After` is honoured
    /// in full (and spread upwards by up to a tenth), and when it does not fit into the time that is left, waiting makes no
    /// sense and the answer at hand is the answer.
    ///
    /// - Parameters:
    ///   - attempt: The number of attempts made so far, from 1.
    ///   - retryAfter: What the server asked for.
    ///   - timeLeft: Until the deadline of the request.
    ///   - random: In 0..<1.
    /// - Returns: The wait, or nil.
    public func delay(afterAttempt attempt: Int, retryAfter: Duration?, timeLeft: Duration, random: Double) -> Duration?
    {
        guard attempt >= 1, attempt < maximumAttempts else { return nil }
        var ceiling = baseDelay
        for _ in stride(from: 1, to: attempt, by: 1) where ceiling < maximumDelay {
            ceiling = ceiling * 2
        }
        ceiling = min(ceiling, maximumDelay)
        var delay = ceiling * (0.5 + random / 2)
        if let retryAfter, retryAfter > delay {
            delay = retryAfter * (1 + random / 10)
            // The spread may not be what makes it miss the deadline.
            if delay >= timeLeft {
                delay = retryAfter
            }
        }
        return delay < timeLeft ? delay : nil
    }
}
