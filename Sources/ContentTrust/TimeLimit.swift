import Synchronization

/// The time that work may take, and whether it is up.
package final class TimeLimit: Sendable {
    /// The longest that the work may take; nil for no limit.
    let duration: Duration?
    private let passed = Atomic(false)

    /// A limit.
    ///
    /// - Parameter duration: The longest that the work may take; nil for no limit.
    package init(_ duration: Duration? = nil) { self.duration = duration }

    /// Whether the time is up and the work was cancelled for it.
    package var isPassed: Bool { passed.load(ordering: .acquiring) }

    /// What is said in place of an error that only says "cancelled".
    ///
    /// - Parameters:
    ///   - checked: What the work was about.
    ///   - next: What to do about it.
    /// - Returns: The refusal.
    package func refusal(checked: String, next: String?) -> Refusal {
        let time = duration.map { $0 < .seconds(1) ? "\($0)" : SpanWords.words($0.components.seconds) }
        return Refusal(
            .unreachable,
            checked: checked,
            found: "no answer within \(time ?? "the time allowed")",
            next: next
        )
    }

    /// Runs work, and cancels it when the time is up.
    ///
    /// - Parameter work: Ends soon after it was cancelled.
    /// - Returns: What it returned or threw.
    package func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () async throws(Failure) -> Value
    ) async -> Result<Value, Failure> {
        let task = Task { () -> Result<Value, Failure> in
            do throws(Failure) { return .success(try await work()) } catch { return .failure(error) }
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
