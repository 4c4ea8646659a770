import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Takes a value from a task to a thread that blocks for it; only for threads outside the cooperative pool.
final class BlockingResult<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)

    func set(_ value: Value) {
        self.value.withLock { $0 = value }
    }

    func get() -> Value {
        while true {
            if let value = value.withLock(\.self) { return value }
            usleep(500)
        }
    }
}
