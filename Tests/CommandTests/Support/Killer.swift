import Synchronization
import TrustTestSupport

/// Kills a program once so many requests were answered.
final class Killer: Sendable {
    private let limit: Int
    private let state = Mutex<(count: Int, process: RunningProcess?)>((0, nil))

    /// Kills when this many requests were answered.
    init(at limit: Int) { self.limit = limit }

    /// Whom to kill.
    func victim(_ process: RunningProcess) { act { $0.process = process } }

    /// To be called at every answer.
    func requestWasAnswered() { act { $0.count += 1 } }

    private func act(_ change: (inout (count: Int, process: RunningProcess?)) -> Void) {
        let process: RunningProcess? = state.withLock { state in
            change(&state)
            return state.count >= limit ? state.process : nil
        }
        process?.kill(.kill)
    }
}
