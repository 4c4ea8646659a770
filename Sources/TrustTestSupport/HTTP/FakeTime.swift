import Synchronization
public import TrustTransport

/// A clock that stands still until somebody sleeps, and then jumps ahead.
public final class FakeTime: Sendable {
    private struct State {
        var elapsed: Duration = .zero
        var sleeps: [Duration] = []
    }

    private let start = ContinuousClock.now
    private let startUnixSeconds: Int64
    private let state = Mutex(State())

    /// Starts at a time given in seconds since 1970.
    public init(unixSeconds: Int64 = 1_700_000_000) {
        startUnixSeconds = unixSeconds
    }

    /// All waits so far.
    public var sleeps: [Duration] { state.withLock(\.sleeps) }

    /// Lets time pass.
    public func advance(by duration: Duration) {
        state.withLock { $0.elapsed += duration }
    }

    /// The clock to hand in.
    ///
    /// - Parameter random: What every roll of the dice gives.
    /// - Returns: A clock over this time.
    public func clock(random: Double = 0) -> TransportClock {
        TransportClock(
            now: { [self] in start.advanced(by: state.withLock(\.elapsed)) },
            unixSeconds: { [self] in startUnixSeconds + state.withLock(\.elapsed).components.seconds },
            sleep: { [self] duration in
                try Task.checkCancellation()
                state.withLock {
                    $0.elapsed += duration
                    $0.sleeps.append(duration)
                }
            },
            random: { random }
        )
    }
}
