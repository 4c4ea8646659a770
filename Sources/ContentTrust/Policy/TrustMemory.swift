import TUF

/// Verified trust data in memory, and one look at a store for all who want to know the same at the same time.
actor TrustMemory {
    /// What is looked at.
    struct Key: Hashable, Sendable {
        let subject: Subject
        let location: StoreLocation?
        let maximumStaleness: Int64?
    }

    typealias Answer = Result<VerifiedTrustData, Refusal>

    private struct Flight {
        let task: Task<Void, Never>
        var waiting: [Int: CheckedContinuation<Answer, Never>]
    }

    private var kept: [Key: VerifiedTrustData] = [:]
    private var flights: [Key: Flight] = [:]
    private var lastTicket = 0
    /// How many repositories are kept.
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Trust data that was verified at most so many seconds ago, or is verified now; with 0 always now.
    ///
    /// - Parameters:
    ///   - key: Whose.
    ///   - now: The time.
    ///   - maximumAge: How many seconds ago the store may have been asked.
    ///   - look: Looks. It runs once for all who ask meanwhile, and is cancelled when none of them waits any more.
    /// - Returns: The trust data.
    /// - Throws: ``Refusal``: that of `look`; ``Reason/unreachable`` for whoever is cancelled.
    func data(
        _ key: Key,
        at now: Instant,
        maximumAge: Int64,
        _ look: @escaping @Sendable () async throws(Refusal) -> VerifiedTrustData
    ) async throws(Refusal) -> VerifiedTrustData {
        if let data = kept[key], data.isGood(at: now, maximumAge: maximumAge) { return data }
        lastTicket += 1
        let ticket = lastTicket
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Answer, Never>) in
                guard !Task.isCancelled else { return continuation.resume(returning: Self.cancelled(key)) }
                join(key, ticket, continuation, look)
            }
        } onCancel: {
            Task { await self.leave(key, ticket) }
        }
        return try answer.get()
    }

    private static func cancelled(_ key: Key) -> Answer {
        .failure(Refusal(.unreachable, checked: "trust data of \(key.subject)", found: "cancelled"))
    }

    private func join(
        _ key: Key,
        _ ticket: Int,
        _ continuation: CheckedContinuation<Answer, Never>,
        _ look: @escaping @Sendable () async throws(Refusal) -> VerifiedTrustData
    ) {
        if flights[key] != nil {
            flights[key]?.waiting[ticket] = continuation
            return
        }
        let task = Task {
            let answer: Answer
            do throws(Refusal) { answer = .success(try await look()) } catch { answer = .failure(error) }
            // A look that nobody waits for any more was replaced, or is gone.
            if !Task.isCancelled { self.land(key, answer) }
        }
        flights[key] = Flight(task: task, waiting: [ticket: continuation])
    }

    private func land(_ key: Key, _ answer: Answer) {
        let waiting = flights.removeValue(forKey: key)?.waiting ?? [:]
        if case .success(let data) = answer {
            if kept.count >= limit, kept[key] == nil { kept.removeAll() }
            kept[key] = data
        } else {
            kept[key] = nil
        }
        for continuation in waiting.values { continuation.resume(returning: answer) }
    }

    /// How many wait for a look.
    func waiting(_ key: Key) -> Int { flights[key]?.waiting.count ?? 0 }

    /// Forgets what is kept; looks that are under way go on.
    func forget() { kept.removeAll() }

    private func leave(_ key: Key, _ ticket: Int) {
        guard let continuation = flights[key]?.waiting.removeValue(forKey: ticket) else { return }
        continuation.resume(returning: Self.cancelled(key))
        if flights[key]?.waiting.isEmpty == true { flights.removeValue(forKey: key)?.task.cancel() }
    }
}

extension VerifiedTrustData {
    /// Whether the store was asked a short while ago and nothing has expired since. A clock that was set back is no while.
    func isGood(at now: Instant, maximumAge: Int64) -> Bool {
        let age = now.seconds(since: evidence.lastCheck)
        return maximumAge > 0 && age >= 0 && age <= maximumAge && now < evidence.firstExpiry.at
            && now >= evidence.verifiedAt
    }
}
