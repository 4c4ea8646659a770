import Dispatch
import Synchronization

/// Waits for what is asynchronous, since the fuzzer calls from a thread that is not.
///
/// - Parameter body: the work.
/// - Returns: its value.
public func blocking<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Value {
    let result = Result<Value>()
    let isDone = DispatchSemaphore(value: 0)
    Task {
        let value = await body()
        result.value.withLock { $0 = value }
        isDone.signal()
    }
    isDone.wait()
    guard let value = result.value.withLock(\.self) else { fatalError("done without a value") }
    return value
}

private final class Result<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
}
