import ContentTrust
import Synchronization

/// The time that a command may take, and whether it is up.
final class TimeLimit: Sendable {
    /// The longest that the command may take; nil for no limit.
    let duration: Duration?
    private let passed = Atomic(false)

    /// A limit.
    init(_ duration: Duration? = nil) { self.duration = duration }

    /// Whether the time is up and the work was cancelled for it.
    var isPassed: Bool { passed.load(ordering: .acquiring) }

    /// What is said in place of an error that only says "cancelled".
    func refusal(checked: String) -> Refusal {
        Refusal(
            .unreachable,
            checked: checked,
            found: "no answer within \(duration.map(DurationText.words) ?? "the time allowed")",
            next: "run the same command with a longer --timeout"
        )
    }

    /// Runs work, and cancels it when the time is up.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable () async throws(Refusal) -> Value
    ) async -> Result<Value, Refusal> {
        let task = Task { () -> Result<Value, Refusal> in
            do throws(Refusal) { return .success(try await work()) } catch { return .failure(error) }
        }
        let timer = duration.map { duration in
            Task { [self] in
                // Cancelled when the work was faster.
                guard (try? await Task.sleep(for: duration)) != nil else { return }
                passed.store(true, ordering: .releasing)
                task.cancel()
            }
        }
        defer { timer?.cancel() }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
