#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Times of the repeated runs of one piece of work.
///
/// Processor time beside wall time, because other work on the machine lengthens only the latter.
struct Measurement {
    private var wall: [Double] = []
    private var processor: [Double] = []

    /// Runs the work until both `minimumRuns` and a second are over.
    static func of(minimumRuns: Int = 5, _ work: () throws -> Void) rethrows -> Measurement {
        var measurement = Measurement()
        let clock = ContinuousClock()
        let beginning = clock.now
        try work()
        while measurement.wall.count < minimumRuns || beginning.duration(to: clock.now) < .seconds(1) {
            let processorBefore = processorMilliseconds()
            let elapsed = try clock.measure(work)
            measurement.processor.append(processorMilliseconds() - processorBefore)
            measurement.wall.append(elapsed / .milliseconds(1))
        }
        return measurement
    }

    var minimum: Double { wall.min() ?? 0 }
    var median: Double { wall.sorted()[wall.count / 2] }
    var medianProcessor: Double { processor.sorted()[processor.count / 2] }
    var runs: Int { wall.count }

    private static func processorMilliseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
    }
}

/// The most memory that this process ever had, in bytes.
func peakMemory() -> Int {
    var usage = rusage()
    // 0 is RUSAGE_SELF, which the C libraries declare with different types.
    getrusage(0, &usage)
    #if os(Linux)
        return usage.ru_maxrss * 1024
    #else
        return usage.ru_maxrss
    #endif
}

/// Makes sure that the compiler does not leave out what a benchmark computes.
@inline(never)
@_optimize(none)
func keep<T>(_ value: T) {}

/// A number with `places` decimals.
func decimals(_ value: Double, _ places: Int) -> String {
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = (value * scale).rounded() / scale
    let parts = "\(scaled)".split(separator: ".")
    guard places > 0, parts.count == 2 else { return "\(parts[0])" }
    return parts[0] + "." + (parts[1] + String(repeating: "0", count: places)).prefix(places)
}
