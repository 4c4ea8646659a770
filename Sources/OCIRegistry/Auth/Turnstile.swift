/// Lets one task through at a time for each key; the others wait without blocking, and leave when they are cancelled.
actor Turnstile<Key: Hashable & Sendable> {
    private var inside: Set<Key> = []
    private var waiting: [Key: [(ticket: Int, continuation: CheckedContinuation<Bool, Never>)]] = [:]
    private var lastTicket = 0

    /// Waits for the key's turn.
    ///
    /// - Parameter key: What to wait for.
    /// - Returns: False when the task was cancelled meanwhile; else ``leave(_:)`` must follow.
    func enter(_ key: Key) async -> Bool {
        guard !Task.isCancelled else { return false }
        guard inside.contains(key) else {
            inside.insert(key)
            return true
        }
        lastTicket += 1
        let ticket = lastTicket
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(returning: false)
                } else {
                    waiting[key, default: []].append((ticket, continuation))
                }
            }
        } onCancel: {
            Task { await self.giveUp(key, ticket) }
        }
    }

    /// Lets the next one in.
    func leave(_ key: Key) {
        guard var queue = waiting[key], !queue.isEmpty else {
            inside.remove(key)
            return
        }
        let next = queue.removeFirst()
        waiting[key] = queue.isEmpty ? nil : queue
        next.continuation.resume(returning: true)
    }

    private func giveUp(_ key: Key, _ ticket: Int) {
        guard let place = waiting[key]?.firstIndex(where: { $0.ticket == ticket }) else { return }
        waiting[key]?.remove(at: place).continuation.resume(returning: false)
    }
}
