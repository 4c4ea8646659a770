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
        try of(minimumRuns: minimumRuns, preparing: {}, { (_: consuming Void) in try work() })
    }

    /// The same for work that uses something up; making that is not measured.
    static func of<Material: ~Copyable>(
        minimumRuns: Int = 5,
        preparing prepare: () throws -> Material,
        _ work: (consuming Material) throws -> Void
    ) rethrows -> Measurement {
        var measurement = Measurement()
        let clock = ContinuousClock()
        let beginning = clock.now
        try work(try prepare())
        while measurement.wall.count < minimumRuns || beginning.duration(to: clock.now) < .seconds(1) {
            let material = try prepare()
            let processorBefore = processorMilliseconds()
            let before = clock.now
            try work(material)
            let elapsed = before.duration(to: clock.now)
            measurement.processor.append(processorMilliseconds() - processorBefore)
            measurement.wall.append(elapsed / .milliseconds(1))
        }
        return measurement
    }

    /// One line of a report.
    ///
    /// - Parameters:
    ///   - name: what was measured.
    ///   - bytes: what the work went through.
    func printLine(_ name: String, bytes: Int) {
        let rate = Double(bytes) / medianProcessor / 1e3
        let padded = name + String(repeating: " ", count: max(0, 28 - name.count))
        print(
            "  \(padded) median \(decimals(median, 3)) ms, least \(decimals(minimum, 3)) ms, "
                + "processor \(decimals(medianProcessor, 3)) ms, \(decimals(rate, 0)) MB/s, \(runs) runs"
        )
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
