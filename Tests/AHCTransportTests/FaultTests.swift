import HTTPTypes
import Testing
import TrustTestSupport
import TrustTransport

@testable import AHCTransport

/// What a server does wrong, over real sockets, and what becomes of it.
@Suite(.timeLimit(.minutes(1))) struct FaultTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let handler: RawServer.Handler
        let kind: TransportError.Kind
        /// Short only where it is what the case is about: the machine may be busy.
        var deadline = Duration.seconds(40)
        var idle = Duration.seconds(30)

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "endless body", handler: Faults.endlessBody, kind: .tooLarge(limit: 100_000)),
        Case(name: "endless headers", handler: Faults.endlessHeaders, kind: .badResponse(.malformed)),
        Case(
            name: "trickle",
            handler: Faults.trickle(every: .milliseconds(20)),
            kind: .timeout(.total),
            deadline: .milliseconds(800)
        ),
        Case(
            name: "stalling body",
            handler: Faults.trickle(every: .seconds(60)),
            kind: .timeout(.idle),
            idle: .milliseconds(300)
        ),
        Case(name: "silence", handler: Faults.silence, kind: .timeout(.idle), idle: .milliseconds(300)),
        Case(name: "close", handler: Faults.close, kind: .unreachable(.connectionLost)),
        Case(name: "reset", handler: Faults.reset, kind: .unreachable(.connectionLost)),
        Case(name: "cut body", handler: Faults.body(declaring: 500, sending: 100), kind: .unreachable(.connectionLost)),
        Case(name: "no body", handler: Faults.body(declaring: 500, sending: 0), kind: .unreachable(.connectionLost)),
        Case(
            name: "declared too large",
            handler: Faults.body(declaring: 100_001, sending: 1),
            kind: .tooLarge(limit: 100_000)
        ),
        Case(
            name: "cut head",
            handler: Faults.bytes("HTTP/1.1 200 OK\r\nContent-"),
            kind: .unreachable(.connectionLost)
        ),
        Case(name: "ssh", handler: Faults.bytes("SSH-2.0-OpenSSH_9.2\r\n"), kind: .badResponse(.malformed)),
        Case(name: "garbage", handler: Faults.bytes("\u{0}\u{1}\u{2}\u{3}\r\n\r\n"), kind: .badResponse(.malformed)),
        Case(name: "bad status", handler: Faults.bytes("HTTP/1.1 xyz OK\r\n\r\n"), kind: .badResponse(.malformed)),
        Case(
            name: "bad length",
            handler: Faults.bytes("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"),
            kind: .badResponse(.malformed)
        ),
        Case(
            name: "two lengths",
            handler: Faults.bytes("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef"),
            kind: .badResponse(.malformed)
        ),
        Case(
            name: "length and chunks",
            handler: Faults.bytes(
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"
            ),
            kind: .badResponse(.malformed)
        ),
        Case(
            name: "bad chunk",
            handler: Faults.bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"),
            kind: .badResponse(.malformed)
        ),
        Case(
            name: "cut chunks",
            handler: Faults.bytes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"),
            kind: .unreachable(.connectionLost)
        ),
        Case(
            name: "folded field with a bare carriage return",
            handler: Faults.bytes("HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n"),
            kind: .badResponse(.malformed)
        ),
    ]

    @Test(arguments: cases) func becomesTheRightError(_ example: Case) async throws {
        try await RawServer.serving(example.handler) { server in
            try await AHCTransport.running { transport in
                let limits = ExchangeLimits(
                    maximumBodyBytes: 100_000,
                    deadline: .now.advanced(by: example.deadline),
                    idleTimeout: example.idle
                )
                let request = HTTPRequestMessage(.get, try server.url("/v2/"))
                let began = ContinuousClock.now
                await #expect(throws: TransportError(example.kind)) {
                    try await transport.send(request, limits: limits)
                }
                #expect(began.duration(to: .now) < .seconds(25))
            }
        }
    }

    @Test func nobodyListens() async throws {
        let server = try RawServer(Faults.close)
        let url = try server.url()
        server.stop()
        try await AHCTransport.running { transport in
            // The listener is closed by its own thread, soon.
            try await Task.sleep(for: .milliseconds(100))
            await #expect(throws: TransportError(.unreachable(.refused))) {
                try await transport.send(HTTPRequestMessage(.get, url), limits: .test)
            }
            let ipv6 = try HTTPURL(scheme: .http, authority: "[::1]:\(url.origin.port)")
            await #expect(throws: TransportError.self) {
                try await transport.send(HTTPRequestMessage(.get, ipv6), limits: .test)
            }
        }
    }

    @Test func unknownName() async throws {
        try await AHCTransport.running { transport in
            let request = HTTPRequestMessage(.get, try HTTPURL(parsing: "http://no-such-host.invalid/"))
            await #expect(throws: TransportError(.unreachable(.nameNotResolved))) {
                try await transport.send(request, limits: .test)
            }
        }
    }

    @Test func connectionTimeout() async throws {
        // A full backlog would be needed on loopback; an address of TEST-NET-1 is a black hole or has no route at all.
        try await AHCTransport.running(.init(connectTimeout: .milliseconds(200))) { transport in
            let request = HTTPRequestMessage(.get, try HTTPURL(parsing: "http://192.0.2.1/"))
            do throws(TransportError) {
                _ = try await transport.send(request, limits: .test)
                Issue.record("an answer from TEST-NET-1")
            } catch {
                let accepted: [TransportError.Kind] = [
                    .timeout(.connect), .unreachable(.noRoute), .unreachable(.refused),
                ]
                #expect(accepted.contains(error.kind), "\(error)")
            }
        }
    }

    @Test func cancellation() async throws {
        try await RawServer.serving(Faults.silence) { server in
            try await AHCTransport.running { transport in
                let request = HTTPRequestMessage(.get, try server.url())
                let task = Task { try await transport.send(request, limits: .test) }
                while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
                task.cancel()
                await #expect(throws: TransportError(.cancelled)) { try await task.value }
            }
        }
    }

    @Test func cancellationInTheBody() async throws {
        try await RawServer.serving(Faults.trickle(every: .milliseconds(5))) { server in
            try await AHCTransport.running { transport in
                let request = HTTPRequestMessage(.get, try server.url())
                let task = Task {
                    try await transport.exchange(request, limits: .test) { (_, body) async throws(TransportError) in
                        _ = try await body.next()
                        withUnsafeCurrentTask { $0?.cancel() }
                        return try await body.collect()
                    }
                }
                await #expect(throws: TransportError(.cancelled)) { try await task.value }
            }
        }
    }

    @Test func afterShutdown() async throws {
        let transport = AHCTransport()
        await transport.shutdown()
        await transport.shutdown()
        let request = HTTPRequestMessage(.get, try HTTPURL(parsing: "http://127.0.0.1/"))
        await #expect(throws: TransportError(.cancelled)) { try await transport.send(request, limits: .test) }
    }

    @Test func aForgottenTransportStopsNobody() async throws {
        try await RawServer.serving(Faults.status("200 OK", text: "x")) { server in
            let response = try await AHCTransport().send(HTTPRequestMessage(.get, try server.url()), limits: .test)
            #expect(response.status == .ok)
        }
    }
}

extension ExchangeLimits {
    /// Enough for anything that works.
    static var test: ExchangeLimits {
        ExchangeLimits(maximumBodyBytes: 64 << 20, deadline: .now.advanced(by: .seconds(50)), idleTimeout: .seconds(40))
    }
}
