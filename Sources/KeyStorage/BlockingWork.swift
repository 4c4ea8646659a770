import Dispatch
import Synchronization

/// Runs what blocks or computes for long away from the threads that all tasks share.
enum BlockingWork {
    /// Key derivation takes 16 MiB and all of a core: one at a time is as fast as several, and smaller.
    static let derivation = DispatchQueue(label: "trustctl.key-derivation")

    /// Waiting for people and programs.
    static let waiting = DispatchQueue(label: "trustctl.passphrases", attributes: .concurrent)

    static func run<Value: Sendable, Failure: Error>(
        on queue: DispatchQueue,
        _ work: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result(catching: work)) }
        }
        return try result.get()
    }

    /// Runs work that looks now and then whether its task was cancelled.
    static func cancellable<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable (Cancellation) throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let cancellation = Cancellation()
        let result: Result<Value, Failure> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiting.async {
                    continuation.resume(
                        returning: Result { () throws(Failure) in try work(cancellation) }
                    )
                }
            }
        } onCancel: {
            cancellation.cancel()
        }
        return try result.get()
    }
}

/// Whether a task was cancelled, for work outside of tasks.
final class Cancellation: Sendable {
    /// How long to wait at most between two looks.
    static let pollMilliseconds: CInt = 100

    private let flag = Atomic<Bool>(false)

    var isCancelled: Bool { flag.load(ordering: .relaxed) }

    func cancel() { flag.store(true, ordering: .relaxed) }
}
