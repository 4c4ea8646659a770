import Synchronization
import TUF

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Trusted answers that hold for a while, for callers who must not wait.
///
/// Every answer lies in several copies, each behind a lock that is only tried: whoever finds one taken goes to the next, and
/// at last does without. Nobody waits, nobody changes threads. Threads begin at different copies, so that they seldom touch
/// the same memory.
final class WarmVerdicts: Sendable {
    /// An answer, and when it was found and holds.
    struct Entry: Sendable {
        var decision: Decision
        let since: Instant
        let until: Instant
    }

    private final class Copy: Sendable {
        let entries = Mutex<[ImageQuestion: Entry]>([:])
    }

    private static let copies = 4
    private let copies: [Copy] = (0..<copies).map { _ in Copy() }
    /// How many answers are kept.
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// The answer to a question, if it holds at `now`. A clock that was set back makes it not hold.
    func entry(_ question: ImageQuestion, at now: Instant) -> Entry? {
        let first = Self.place
        for offset in 0..<Self.copies {
            let copy = copies[(first + offset) % Self.copies]
            // Twice optional: whether the lock was had, and whether the answer is there.
            guard let found = copy.entries.withLockIfAvailable({ $0[question] }) else { continue }
            guard let entry = found, entry.since <= now, now < entry.until else { return nil }
            return entry
        }
        return nil
    }

    /// Keeps an answer.
    func keep(_ entry: Entry, for question: ImageQuestion) {
        for copy in copies {
            var entry = entry
            entry.decision = entry.decision.separated()
            copy.entries.withLock { [entry] entries in
                if entries.count >= limit, entries[question] == nil {
                    entries = entries.filter { $0.value.until > entry.since }
                    if entries.count >= limit { entries.removeAll(keepingCapacity: true) }
                }
                entries[question] = entry
            }
        }
    }

    /// Where this thread begins to look.
    private static var place: Int {
        #if canImport(Darwin)
            let thread = UInt(bitPattern: pthread_self())
        #else
            let thread = UInt(pthread_self())
        #endif
        // Stacks of threads are apart by powers of two.
        return Int((thread ^ thread >> 12 ^ thread >> 23) % UInt(copies))
    }

    /// Forgets everything.
    func forget() {
        for copy in copies { copy.entries.withLock { $0.removeAll() } }
    }
}
