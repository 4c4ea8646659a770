import Synchronization
import TrustTransport

/// Watches one exchange for silence and for its deadline.
///
/// Only waiting for the other side counts as silence: a consumer that takes its time with a piece of the body does not.
final class ExchangeWatch: Sendable {
    private let limits: ExchangeLimits
    private let waitingSince = Mutex<ContinuousClock.Instant?>(nil)

    init(limits: ExchangeLimits) {
        self.limits = limits
    }

    func beginWaiting() {
        waitingSince.withLock { $0 = .now }
    }

    /// Something went out while an answer is waited for.
    func noteProgress() {
        waitingSince.withLock { if $0 != nil { $0 = .now } }
    }

    func endWaiting() {
        waitingSince.withLock { $0 = nil }
    }

    /// Waits until time is up; nil when the task is cancelled before that.
    func expiry() async -> TransportError.Timeout? {
        while true {
            let now = ContinuousClock.now
            guard now < limits.deadline else { return .total }
            let silentUntil = waitingSince.withLock(\.self)?.advanced(by: limits.idleTimeout)
            if let silentUntil, now >= silentUntil {
                return .idle
            }
            do {
                let next = silentUntil ?? now.advanced(by: limits.idleTimeout)
                try await Task.sleep(until: min(limits.deadline, next), clock: .continuous)
            } catch {
                return nil
            }
        }
    }
}
