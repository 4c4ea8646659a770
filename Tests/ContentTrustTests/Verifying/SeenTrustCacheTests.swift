import TUF
import TUFClient
import Testing
import TrustCrypto
import TrustTestSupport

@testable import ContentTrust

/// What was seen counts under every pin of the same root.
@Suite struct SeenTrustCacheTests {
    static let name = "registry.example.com/team/app"

    static func pin(_ anchor: RootAnchor) -> Pin { Pin(scope: .repository(name), anchor: anchor) }

    static func keys(_ repository: RepositorySimulator) -> RootAnchor {
        .keys(Set(repository.currentSigners(.root).map(\.computedID)), threshold: 1)
    }

    @Test func anotherFormOfThePinIsNoWayBack() async throws {
        let directory = try TemporaryDirectory()
        let repository = RepositorySimulator(repository: Self.name)
        repository.publishRoot()
        let old = repository.files()
        repository.publish()
        func client(_ anchor: RootAnchor) -> SimulatedClient<SeenTrustCache> {
            let cache = SeenTrustCache(
                directory: directory.path,
                pin: Self.pin(anchor),
                binding: .repository(Self.name)
            )
            var client = SimulatedClient(pinning: repository, cache: cache)
            client.anchor = anchor
            return client
        }
        let byKeys = client(Self.keys(repository))
        _ = try await byKeys.trustedSet(from: repository)
        repository.serveOnly(old)
        for version: Int64 in [1, 2] {
            let byFile = client(.root(try #require(repository.roots[version])))
            let refused = UpdateOutcome.refused(.rollback(role: .timestamp, known: 2, offered: 1))
            #expect(await byFile.refresh(from: repository) == refused)
        }
        // Nor is it for what signers said.
        let role = try RoleName("alice")
        try await byKeys.cache.keep(Array("file".utf8), ofDelegated: role)
        let byFile = client(.root(try #require(repository.roots[1])))
        #expect(try await byFile.cache.delegated(role) == Array("file".utf8))
        // Another root is another matter.
        let stranger = RepositorySimulator(repository: Self.name, keys: [.root: .p256(3)])
        let cache = SeenTrustCache(
            directory: directory.path,
            pin: Self.pin(Self.keys(stranger)),
            binding: .repository(Self.name)
        )
        #expect(try await cache.load() == CachedMetadata())
        #expect(try await cache.delegated(role) == nil)
    }
}
