import Synchronization
public import TUF
public import TUFClient

/// A wall clock that goes only when it is told to.
public final class SimulatedClock: WallClock {
    /// Where simulated clocks begin: 2026-01-01T00:00:00Z.
    public static let start = Instant(secondsSinceEpoch: 1_767_225_600)

    private let time: Mutex<Instant>
    private let count = Mutex(0)

    /// A clock.
    ///
    /// - Parameter time: The time it shows.
    public init(_ time: Instant = start) {
        self.time = Mutex(time)
    }

    /// How often it was read.
    public var readings: Int { count.withLock { $0 } }

    /// The time that it shows.
    public func now() -> Instant {
        count.withLock { $0 += 1 }
        return time.withLock { $0 }
    }

    /// Moves it.
    ///
    /// - Parameter seconds: How far; negative is back.
    public func advance(bySeconds seconds: Int64) {
        time.withLock { $0 = $0.advanced(bySeconds: seconds) }
    }

    /// Sets it.
    ///
    /// - Parameter instant: The time to show.
    public func set(_ instant: Instant) {
        time.withLock { $0 = instant }
    }
}
