import OCI
import Synchronization
import TUF
import Testing
import TrustTestSupport

@testable import ContentTrust

/// One look for all who want to know the same.
@Suite struct TrustMemoryTests {
    private let memory = TrustMemory(limit: 8)
    private let refusal = Refusal(.unreachable, checked: "x", found: "y")

    private func key(_ name: String = "app") throws -> TrustMemory.Key {
        let subject = Subject.registry(try RepositoryName(parsing: "r.io/\(name)"))
        return TrustMemory.Key(subject: subject, location: nil, maximumStaleness: nil)
    }

    /// A look that ends when it is told to.
    private final class Look: Sendable {
        let count = Mutex(0)
        let cancelled = Mutex(0)
        let gate = Mutex(false)

        func look(_ refusal: Refusal) async throws(Refusal) -> VerifiedTrustData {
            count.withLock { $0 += 1 }
            while !gate.withLock({ $0 }) {
                if Task.isCancelled {
                    cancelled.withLock { $0 += 1 }
                    break
                }
                await Task.yield()
            }
            throw refusal
        }
    }

    private func ask(_ look: Look, _ key: TrustMemory.Key) async -> Refusal? {
        do {
            _ = try await memory.data(key, at: SimulatedClock.start, maximumAge: 60) { () async throws(Refusal) in
                try await look.look(refusal)
            }
            return nil
        } catch {
            return error
        }
    }

    @Test func manyAskOnce() async throws {
        let look = Look()
        let key = try key()
        let answers = await withTaskGroup(of: Refusal?.self) { group in
            for _ in 1...100 { group.addTask { await ask(look, key) } }
            while await memory.waiting(key) < 100 { await Task.yield() }
            look.gate.withLock { $0 = true }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(look.count.withLock { $0 } == 1)
        #expect(answers.count == 100 && answers.allSatisfy { $0 == refusal })
        // The next one looks again: a refusal is not remembered.
        #expect(await ask(look, key) == refusal)
        #expect(look.count.withLock { $0 } == 2)
    }

    @Test func whoeverIsCancelledDoesNotWait() async throws {
        let look = Look()
        let key = try key()
        let patient = Task { await ask(look, key) }
        while await memory.waiting(key) < 1 { await Task.yield() }
        let hasty = Task { await ask(look, key) }
        while await memory.waiting(key) < 2 { await Task.yield() }
        hasty.cancel()
        #expect(await hasty.value?.found == "cancelled")
        #expect(look.cancelled.withLock { $0 } == 0)
        look.gate.withLock { $0 = true }
        #expect(await patient.value == refusal)
    }

    @Test func aLookThatNobodyWaitsForIsCancelled() async throws {
        let look = Look()
        let key = try key()
        let only = Task { await ask(look, key) }
        while look.count.withLock({ $0 }) < 1 { await Task.yield() }
        only.cancel()
        #expect(await only.value?.found == "cancelled")
        while look.cancelled.withLock({ $0 }) < 1 { await Task.yield() }
        #expect(await memory.waiting(key) == 0)
    }

    @Test func anotherRepositoryIsAnotherLook() async throws {
        let look = Look()
        look.gate.withLock { $0 = true }
        for key in [try key("a"), try key("b")] { #expect(await ask(look, key) == refusal) }
        #expect(look.count.withLock { $0 } == 2)
    }
}
