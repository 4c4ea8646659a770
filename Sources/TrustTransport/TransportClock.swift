#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Time and chance as the sender sees them; replaced in tests so that none of them waits.
public struct TransportClock: Sendable {
    /// The time that timeouts are measured by.
    public var now: @Sendable () -> ContinuousClock.Instant

    /// Seconds since 1970, for `Retry-After` dates alone.
    public var unixSeconds: @Sendable () -> Int64

    /// Waits; ends early, with an error, when the task is cancelled.
    public var sleep: @Sendable (Duration) async throws -> Void

    /// A number in 0..<1 that spreads retries; not for secrets.
    public var random: @Sendable () -> Double

    /// Makes a clock.
    ///
    /// - Parameters:
    ///   - now: The time that timeouts are measured by.
    ///   - unixSeconds: Seconds since 1970.
    ///   - sleep: Waits.
    ///   - random: A number in 0..<1.
    public init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        unixSeconds: @escaping @Sendable () -> Int64,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.unixSeconds = unixSeconds
        self.sleep = sleep
        self.random = random
    }

    /// The machine's clocks.
    public static let system = TransportClock(
        now: { ContinuousClock.now },
        unixSeconds: { Int64(time(nil)) },
        sleep: { try await Task.sleep(for: $0) },
        random: { Double.random(in: 0..<1) }
    )
}
