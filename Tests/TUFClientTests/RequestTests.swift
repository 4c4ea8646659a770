import TUF
import TUFClient
import Testing
import TrustTestSupport

@Test func refresh() async throws {
    let repository = RepositorySimulator()
    let client = SimulatedClient(pinning: repository)
    #expect(await client.refresh(from: repository) == .trusted(1, 1, 1, 1))
    #expect(
        repository.takeRequests() == [
            "1.root.json", "2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json",
        ]
    )
    repository.publish()
    #expect(await client.refresh(from: repository) == .trusted(1, 2, 2, 2))
    #expect(repository.takeRequests() == ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"])
}
