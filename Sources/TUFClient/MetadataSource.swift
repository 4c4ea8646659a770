public import TUF

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where metadata comes from. Nothing that it hands out is believed.
public protocol MetadataSource: Sendable {
    /// What goes wrong when it cannot look.
    associatedtype Failure: Error

    /// The bytes of a file.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - maximumLength: The most bytes to read. A longer file must not be read to its end.
    /// - Returns: The bytes, or nil only when the source looked and there is no such file.
    /// - Throws: `Failure` whenever it could not look, and when the file is longer than `maximumLength`.
    func bytes(of file: MetadataFile, maximumLength: Int) async throws(Failure) -> [UInt8]?
}

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
