/// Bounds of one exchange of a transport.
public struct ExchangeLimits: Sendable {
    /// The longest response body, in bytes.
    public var maximumBodyBytes: Int64

    /// When the exchange must have ended, body included.
    public var deadline: ContinuousClock.Instant

    /// The longest time without a byte in either direction.
    public var idleTimeout: Duration

    /// Makes limits.
    ///
    /// - Parameters:
    ///   - maximumBodyBytes: The longest response body, in bytes.
    ///   - deadline: When the exchange must have ended.
    ///   - idleTimeout: The longest silence.
    public init(maximumBodyBytes: Int64, deadline: ContinuousClock.Instant, idleTimeout: Duration) {
        self.maximumBodyBytes = maximumBodyBytes
        self.deadline = deadline
        self.idleTimeout = idleTimeout
    }
}

/// Bounds of one request, its retries and redirects included.
public struct RequestLimits: Sendable {
    /// The longest response body, in bytes.
    public var maximumBodyBytes: Int64

    /// How long all of it may take. Default: 60 s.
    public var timeout: Duration

    /// The longest time without a byte in either direction. Default: 20 s.
    public var idleTimeout: Duration

    /// Makes limits for something small.
    ///
    /// - Parameters:
    ///   - maximumBodyBytes: The longest response body, in bytes.
    ///   - timeout: How long all of it may take.
    ///   - idleTimeout: The longest silence.
    public init(maximumBodyBytes: Int64, timeout: Duration = .seconds(60), idleTimeout: Duration = .seconds(20)) {
        self.maximumBodyBytes = maximumBodyBytes
        self.timeout = timeout
        self.idleTimeout = idleTimeout
    }

    /// Limits for moving a blob: one minute and as long as the bytes take at a slow 32 KiB/s.
    ///
    /// The time grows with the size, so that a trickle that never falls silent still ends.
    ///
    /// - Parameters:
    ///   - bytes: The size of the blob, which bounds the response body too.
    ///   - base: The time granted to any request.
    ///   - idleTimeout: The longest silence.
    /// - Returns: The limits.
    public static func transfer(
        bytes: Int64,
        base: Duration = .seconds(60),
        idleTimeout: Duration = .seconds(20)
    ) -> RequestLimits {
        let size = max(bytes, 0)
        return RequestLimits(maximumBodyBytes: size, timeout: base + .seconds(size / 32_768), idleTimeout: idleTimeout)
    }
}
