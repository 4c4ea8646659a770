import HTTPTypes
import Testing
import TrustTestSupport

@testable import TrustTransport

@Suite struct RequestSenderTests {
    @Test func answersAsItIs() async throws {
        let transport = InMemoryTransport(script: [.text(.notFound, "nothing")])
        let sender = RequestSender(transport: transport, clock: FakeTime().clock())
        let response = try await sender.send(
            HTTPRequestMessage(.get, HTTPURL(parsing: "https://r.example/v2/")),
            limits: RequestLimits(maximumBodyBytes: 100)
        )
        #expect(response.status == .notFound)
        #expect(response.body == Array("nothing".utf8))
        #expect(transport.requests.map(\.url) == ["https://r.example/v2/"])
    }
}
