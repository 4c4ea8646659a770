import OCIRegistry
import Synchronization
import TUF
import TUFClient
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// A set that is replaced while it is read is read again from its tag, a few times.
@Suite struct ReadingTests {
    /// A store whose sets vanish a number of times.
    final class VanishingStore: TrustStore {
        let name = "a store"
        private let failures: Int
        private let count = Mutex(0)

        init(failures: Int) { self.failures = failures }

        var opened: Int { count.withLock { $0 } }

        func current() async throws(TrustStoreError) -> (any TrustData)? {
            let number = count.withLock { count in
                count += 1
                return count
            }
            return VanishingData(isThere: number > failures)
        }

        func publish(_ publication: Publication) async throws(PublishError) -> PublishedSet {
            throw .store(.vanished(name))
        }

        var waitingPlaces: [any WaitingPlace] { [] }
    }

    struct VanishingData: TrustData {
        let isThere: Bool
        let identity = Digest.compute(over: [UInt8]().span)

        func rootFileNames() async throws(TrustStoreError) -> [String] { ["1.root.json"] }

        func file(named fileName: String) async throws(TrustStoreError) -> StoredFile? { nil }

        func bytes(ofFile fileName: String, maximumLength: Int) async throws(TrustStoreError) -> [UInt8]? {
            guard isThere else { throw .vanished(fileName) }
            return [1]
        }
    }

    private func read(_ store: VanishingStore, first: (any TrustData)? = nil) async throws -> [UInt8]? {
        let session = TrustSession(home: TrustHome(path: "/nonexistent")) { (_) throws(RegistryError) in
            throw .cancelled
        }
        return try await session.reading(store, of: .layout(path: "x"), first: first) {
            (data) throws(UpdateError<TrustStoreError>) -> [UInt8]? in
            do throws(TrustStoreError) {
                return try await data.bytes(ofFile: "1.root.json", maximumLength: 1)
            } catch {
                throw .source(error)
            }
        } ?? nil
    }

    @Test(arguments: 0...3)
    func aVanishedSetIsReadAgain(failures: Int) async throws {
        let store = VanishingStore(failures: failures)
        #expect(try await read(store) == [1])
        #expect(store.opened == failures + 1)
    }

    @Test func whatWasOpenedIsNotOpenedAgain() async throws {
        let store = VanishingStore(failures: 0)
        #expect(try await read(store, first: VanishingData(isThere: true)) == [1])
        #expect(store.opened == 0)
        #expect(try await read(store, first: VanishingData(isThere: false)) == [1])
        #expect(store.opened == 1)
    }

    @Test func aSetThatAnotherProcessHasSeenTheNextOfIsOpenedAgain() async throws {
        let session = TrustSession(home: TrustHome(path: "/nonexistent")) { (_) throws(RegistryError) in
            throw .cancelled
        }
        let store = VanishingStore(failures: 0)
        let rollback = TUFError.rollback(role: .timestamp, known: 2, offered: 1)
        let count = Mutex(0)
        let second = try await session.reading(store, of: .layout(path: "x")) {
            (_) throws(UpdateError<TrustStoreError>) -> Int in
            let number = count.withLock { count in
                count += 1
                return count
            }
            guard number > 1 else { throw .metadata(rollback) }
            return number
        }
        #expect(second == 2)
        // A store that was really set back stays so.
        let refusal = await #expect(throws: Refusal.self) {
            _ = try await session.reading(store, of: .layout(path: "x")) {
                (_) throws(UpdateError<TrustStoreError>) -> Int in
                throw .metadata(rollback)
            }
        }
        #expect(refusal?.reason == .rollback)
        #expect(store.opened == 4)
    }

    @Test func onceThatIsEnough() async throws {
        let store = VanishingStore(failures: 100)
        let refusal = await #expect(throws: Refusal.self) { try await read(store) }
        #expect(refusal?.reason == .badResponse)
        #expect(refusal?.checked == "trust data in a store")
        #expect(store.opened == 4)
    }
}
