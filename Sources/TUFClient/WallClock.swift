public import TUF

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where the time comes from.
public protocol WallClock: Sendable {
    /// The time now. A verification reads it once.
    func now() -> Instant
}

/// The machine's clock.
public struct SystemClock: WallClock {
    /// The machine's clock.
    public init() {}

    /// The time now, in whole nanoseconds.
    public func now() -> Instant {
        var time = timespec()
        // CLOCK_REALTIME cannot fail with a valid pointer.
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(secondsSinceEpoch: Int64(time.tv_sec), nanoseconds: Int32(time.tv_nsec))
    }
}
