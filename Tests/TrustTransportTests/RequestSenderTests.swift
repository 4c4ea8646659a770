import HTTPTypes
import Synchronization
import Testing
import TrustTestSupport

@testable import TrustTransport

@Suite struct RequestSenderTests {
    let time = FakeTime()

    func sender(
        _ transport: InMemoryTransport,
        plainHTTP: PlainHTTPRule = .loopbackOnly,
        retries: RetryPolicy = RetryPolicy()
    ) -> RequestSender {
        RequestSender(transport: transport, plainHTTP: plainHTTP, retries: retries, clock: time.clock())
    }

    func get(_ url: String = "https://r.example/v2/") throws -> HTTPRequestMessage {
        HTTPRequestMessage(.get, try HTTPURL(parsing: url))
    }

    let limits = RequestLimits(maximumBodyBytes: 100)

    @Test(arguments: [200, 206, 304, 400, 401, 403, 404, 405, 409, 501])
    func answersAsItIs(code: Int) async throws {
        let transport = InMemoryTransport(script: [.text(.init(code: code), "text")])
        let response = try await sender(transport).send(get(), limits: limits)
        #expect(response.status.code == code)
        #expect(response.body == Array("text".utf8))
        #expect(transport.requests.map(\.url) == ["https://r.example/v2/"])
        #expect(transport.requests.first?.headers[.userAgent] == "trustctl")
    }

    @Test func triesAgain() async throws {
        let transport = InMemoryTransport(script: [
            .failure(TransportError(.unreachable(.refused))),
            .text(.serviceUnavailable),
            .pieces(.ok, headers: [:], pieces: [[1]], then: TransportError(.unreachable(.connectionLost))),
            .response(.ok, headers: [:], body: [1, 2]),
        ])
        let response = try await sender(transport).send(get(), limits: limits)
        #expect(response.body == [1, 2])
        #expect(time.sleeps == [.milliseconds(125), .milliseconds(250), .milliseconds(500)])
    }

    @Test func attemptsAreBounded() async throws {
        let transport = InMemoryTransport { _ in .failure(TransportError(.unreachable(.refused))) }
        await #expect(throws: TransportError(.unreachable(.refused))) {
            try await sender(transport).send(get(), limits: limits)
        }
        #expect(transport.requests.count == 4)
        let busy = InMemoryTransport { _ in .text(.tooManyRequests, headers: [.retryAfter: "1"]) }
        #expect(try await sender(busy).send(get(), limits: limits).status == .tooManyRequests)
        #expect(busy.requests.count == 4)
        #expect(time.sleeps.suffix(3) == [.seconds(1), .seconds(1), .seconds(1)])
    }

    @Test func honoursRetryAfterWithinTheDeadline() async throws {
        let date = "Tue, 14 Nov 2023 22:13:50 GMT"  // 30 s after the fake time begins
        let transport = InMemoryTransport(script: [
            .text(.serviceUnavailable, headers: [.retryAfter: date]), .text(.ok),
        ])
        #expect(try await sender(transport).send(get(), limits: limits).status == .ok)
        #expect(time.sleeps == [.seconds(30)])
        // Another 31 s do not fit into a minute that began 30 s ago: no waiting at all.
        let busy = InMemoryTransport { [time] _ in
            time.advance(by: .seconds(30))
            return .text(.tooManyRequests, headers: [.retryAfter: "31"])
        }
        #expect(try await sender(busy).send(get(), limits: limits).status == .tooManyRequests)
        #expect(busy.requests.count == 1)
        #expect(time.sleeps.count == 1)
    }

    @Test func theDeadlineHoldsForAllAttempts() async throws {
        let transport = InMemoryTransport { [time] _ in
            time.advance(by: .seconds(25))
            return .failure(TransportError(.timeout(.connect)))
        }
        await #expect(throws: TransportError(.timeout(.connect))) {
            try await sender(transport).send(get(), limits: limits)
        }
        #expect(transport.requests.count == 3)
        let redirects = InMemoryTransport { [time] request in
            time.advance(by: .seconds(25))
            return .text(.temporaryRedirect, headers: [.location: request.target + "x"])
        }
        await #expect(throws: TransportError(.timeout(.total))) {
            try await sender(redirects).send(get(), limits: limits)
        }
        #expect(redirects.requests.count == 3)
    }

    @Test(arguments: [HTTPRequest.Method.post, .patch])
    func doesNotRepeatWhatIsNotIdempotent(method: HTTPRequest.Method) async throws {
        let request = HTTPRequestMessage(method, try HTTPURL(parsing: "https://r.example/v2/"))
        let lost = InMemoryTransport { _ in .failure(TransportError(.unreachable(.connectionLost))) }
        await #expect(throws: TransportError(.unreachable(.connectionLost))) {
            try await sender(lost).send(request, limits: limits)
        }
        let failing = InMemoryTransport { _ in .text(.badGateway) }
        #expect(try await sender(failing).send(request, limits: limits).status == .badGateway)
        #expect(lost.requests.count == 1)
        #expect(failing.requests.count == 1)
        // Nothing has happened yet in these cases.
        let early = InMemoryTransport(script: [
            .failure(TransportError(.unreachable(.refused))), .text(.tooManyRequests), .text(.created),
        ])
        #expect(try await sender(early).send(request, limits: limits).status == .created)
    }

    @Test func aPutMayDeclareItselfUnrepeatable() async throws {
        var request = HTTPRequestMessage(.put, try HTTPURL(parsing: "https://r.example/upload?digest=x"))
        request.isIdempotent = false
        let transport = InMemoryTransport { _ in .failure(TransportError(.unreachable(.connectionLost))) }
        await #expect(throws: TransportError(.unreachable(.connectionLost))) {
            try await sender(transport).send(request, limits: limits)
        }
        #expect(transport.requests.count == 1)
    }

    @Test func streamsAreNotRepeatedOnceTheyAreHandedOver() async throws {
        let transport = InMemoryTransport(script: [
            .text(.badGateway),
            .pieces(.ok, headers: [:], pieces: [[1], [2]], then: TransportError(.unreachable(.connectionLost))),
            .response(.ok, headers: [:], body: [1, 2]),
        ])
        await #expect(throws: TransportError(.unreachable(.connectionLost))) {
            try await sender(transport).stream(get(), limits: limits) { (head, body) async throws(TransportError) in
                try await body.collect()
            }
        }
        #expect(transport.requests.count == 2)
    }

    @Test func streamedBodiesStartAfreshForEachAttempt() async throws {
        let body = HTTPRequestBody.stream(length: 3) { () async throws(TransportError) in
            let pieces = Pieces([[1], [2, 3]])
            return { () async throws(TransportError) in pieces.next() }
        }
        let request = HTTPRequestMessage(.put, try HTTPURL(parsing: "https://r.example/b"), body: body)
        let transport = InMemoryTransport(script: [.text(.badGateway), .text(.created)])
        #expect(try await sender(transport).send(request, limits: limits).status == .created)
        #expect(transport.requests.map(\.body) == [[1, 2, 3], [1, 2, 3]])
    }

    @Test func bodiesAreLimited() async throws {
        let endless = InMemoryTransport { _ in .endless(.ok, headers: [:], piece: [0, 0, 0]) }
        await #expect(throws: TransportError(.tooLarge(limit: 100))) {
            try await sender(endless).send(get(), limits: limits)
        }
        #expect(endless.requests.count == 1)
        let declared = InMemoryTransport { _ in .pieces(.ok, headers: [.contentLength: "101"], pieces: [], then: nil) }
        await #expect(throws: TransportError(.tooLarge(limit: 100))) {
            try await sender(declared).send(get(), limits: limits)
        }
        let full = InMemoryTransport(script: [.response(.ok, headers: [:], body: Array(repeating: 1, count: 100))])
        #expect(try await sender(full).send(get(), limits: limits).body.count == 100)
        // HEAD declares what GET would send.
        let head = InMemoryTransport(script: [.response(.ok, headers: [.contentLength: "5000"], body: [])])
        let request = HTTPRequestMessage(.head, try HTTPURL(parsing: "https://r.example/"))
        #expect(try await sender(head).send(request, limits: limits).head.contentLength == 5000)
    }

    @Test func redirectsAreFollowedAndCounted() async throws {
        let transport = InMemoryTransport(script: [
            .text(.temporaryRedirect, "elsewhere", headers: [.location: "https://s.example/blob?sig=x"]),
            .text(.ok, "blob"),
        ])
        var request = try get()
        request.headers[.authorization] = "Bearer secret"
        let response = try await sender(transport).send(request, limits: limits)
        #expect(response.body == Array("blob".utf8))
        #expect(response.head.url.string == "https://s.example/blob?sig=x")
        #expect(transport.requests.map { $0.headers[.authorization] } == ["Bearer secret", nil])

        let endless = InMemoryTransport { .text(.found, headers: [.location: $0.target + "x"]) }
        await #expect(throws: TransportError(.badResponse(.tooManyRedirects))) {
            try await sender(endless).send(get(), limits: limits)
        }
        #expect(endless.requests.count == 6)
        let ring = InMemoryTransport { .text(.found, headers: [.location: $0.target == "/a" ? "/b" : "/a"]) }
        await #expect(throws: TransportError(.badResponse(.redirectLoop))) {
            try await sender(ring).send(get("https://r.example/a"), limits: limits)
        }
        #expect(ring.requests.count == 2)
    }

    @Test func credentialsDoNotComeBackAfterADetour() async throws {
        let transport = InMemoryTransport(script: [
            .text(.found, headers: [.location: "https://s.example/"]),
            .text(.found, headers: [.location: "https://r.example/other"]),
            .text(.ok),
        ])
        var request = try get()
        request.headers[.authorization] = "Bearer secret"
        _ = try await sender(transport).send(request, limits: limits)
        #expect(transport.requests.map { $0.headers[.authorization] } == ["Bearer secret", nil, nil])
    }

    @Test func plainHTTPNeedsPermission() async throws {
        let transport = InMemoryTransport { _ in .text(.ok) }
        await #expect(throws: TransportError(.insecure)) {
            try await sender(transport).send(get("http://r.example/"), limits: limits)
        }
        #expect(transport.requests.isEmpty)
        #expect(try await sender(transport).send(get("http://localhost:5000/"), limits: limits).status == .ok)
        let allowed = sender(transport, plainHTTP: .allowPlainHTTP)
        #expect(try await allowed.send(get("http://r.example/"), limits: limits).status == .ok)
    }

    @Test func cancellationEndsTheWait() async throws {
        let transport = InMemoryTransport { _ in .text(.serviceUnavailable, headers: [.retryAfter: "30"]) }
        let sender = RequestSender(transport: transport)
        let request = try get()
        let task = Task { [limits] in try await sender.send(request, limits: limits) }
        while transport.requests.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        task.cancel()
        await #expect(throws: TransportError(.cancelled)) { try await task.value }
    }
}

/// Hands out pieces in order.
private final class Pieces: Sendable {
    private let rest: Mutex<ArraySlice<[UInt8]>>

    init(_ pieces: [[UInt8]]) {
        rest = Mutex(pieces[...])
    }

    func next() -> [UInt8]? {
        rest.withLock { $0.popFirst() }
    }
}
