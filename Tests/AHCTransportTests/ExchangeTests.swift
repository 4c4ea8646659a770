import HTTPTypes
import Synchronization
import Testing
import TrustTestSupport
import TrustTransport

@testable import AHCTransport

@Suite(.timeLimit(.minutes(1))) struct ExchangeTests {
    @Test(arguments: [
        "/", "/v2/", "/v2/a/manifests/sha256:abc", "/v2/a%2Fb%2f%41/", "/a/../b/./c//d", "//x", "/a?",
        "/a?b=c%20d+e&f=%2f",
        "/a?b=?c/d", "/a;p=1,2/$&'()*+!@=:~_-.", "/a?x=%C3%BC;y=!$'()*,:@/?", "/a%00b",
        "/a?n=repository%3Aa%2Fb%3Apull",
    ])
    func theTargetArrivesByteForByte(target: String) async throws {
        try await RawServer.serving(Faults.status("200 OK")) { server in
            try await AHCTransport.running { transport in
                _ = try await transport.send(HTTPRequestMessage(.get, try server.url(target)), limits: .test)
                #expect(server.requests.map(\.target) == [target])
            }
        }
    }

    @Test func fieldsAndBodiesArrive() async throws {
        try await RawServer.serving(Faults.status("201 Created", headers: [("X-A", "1"), ("x-a", "2")], text: "done")) {
            server in
            try await AHCTransport.running { transport in
                var request = HTTPRequestMessage(.put, try server.url("/b"), body: .bytes([1, 2, 3]))
                request.headers[.accept] = "application/json"
                request.headers[.contentLength] = "77"
                request.headers[.transferEncoding] = "chunked"
                request.headers[.connection] = "close"
                let response = try await transport.send(request, limits: .test)
                #expect(response.status == .created)
                #expect(response.body == Array("done".utf8))
                let name = try #require(HTTPField.Name("X-A"))
                #expect(response.headers[values: name] == ["1", "2"])
                let received = try #require(server.requests.first)
                #expect(received.method == "PUT")
                #expect(received.body == [1, 2, 3])
                #expect(received.headers.filter { $0.name == "content-length" }.map(\.value) == ["3"])
                #expect(received.header("transfer-encoding") == nil)
                #expect(received.header("host") == server.authority)
                #expect(received.header("accept") == "application/json")
                #expect(received.header("accept-encoding") == nil)
            }
        }
    }

    @Test(arguments: [301, 302, 303, 307, 308, 401, 404, 429, 500, 503, 204, 304])
    func everyStatusIsHandedOver(code: Int) async throws {
        let handler: RawServer.Handler = { request, connection in
            let body = code == 204 || code == 304 ? "" : "Content-Length: 2\r\n\r\nno"
            connection.write("HTTP/1.1 \(code) X\r\nLocation: /elsewhere\r\n" + (body.isEmpty ? "\r\n" : body))
        }
        try await RawServer.serving(handler) { server in
            try await AHCTransport.running { transport in
                let response = try await transport.send(HTTPRequestMessage(.get, try server.url()), limits: .test)
                #expect(response.status.code == code)
                #expect(response.headers[.location] == "/elsewhere")
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func headHasNoBody() async throws {
        try await RawServer.serving(Faults.status("200 OK", text: "twelve bytes")) { server in
            try await AHCTransport.running { transport in
                let request = HTTPRequestMessage(.head, try server.url())
                let limits = ExchangeLimits(
                    maximumBodyBytes: 0,
                    deadline: .now.advanced(by: .seconds(50)),
                    idleTimeout: .seconds(40)
                )
                for _ in 0..<3 {
                    let response = try await transport.send(request, limits: limits)
                    #expect(response.head.contentLength == 12)
                    #expect(response.body.isEmpty)
                }
                #expect(server.connectionCount == 1)
            }
        }
    }

    @Test func connectionsAreUsedAgain() async throws {
        try await RawServer.serving(Faults.status("200 OK", text: "x")) { server in
            try await AHCTransport.running { transport in
                for _ in 0..<5 {
                    _ = try await transport.send(HTTPRequestMessage(.get, try server.url()), limits: .test)
                }
                #expect(server.connectionCount == 1)
            }
        }
    }

    @Test func interimResponsesAreSkipped() async throws {
        let answer = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
        try await RawServer.serving(Faults.bytes(answer)) { server in
            try await AHCTransport.running { transport in
                let response = try await transport.send(HTTPRequestMessage(.get, try server.url()), limits: .test)
                #expect(response.status == .ok)
                #expect(response.body == Array("x".utf8))
            }
        }
    }

    @Test func aBodyWithoutLengthEndsWithTheConnection() async throws {
        try await RawServer.serving(Faults.bytes("HTTP/1.1 200 OK\r\n\r\nabc")) { server in
            try await AHCTransport.running { transport in
                let response = try await transport.send(HTTPRequestMessage(.get, try server.url()), limits: .test)
                #expect(response.body == Array("abc".utf8))
            }
        }
    }

    /// Streams 256 MiB each way; the pieces in flight stay few because nobody runs ahead.
    @Test func bigBodiesAreStreamed() async throws {
        let size: Int64 = 256 << 20
        let piece = [UInt8](repeating: 7, count: 1 << 20)
        let handler: RawServer.Handler = { request, connection in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            for _ in 0..<(size >> 20) where !connection.write(piece) { return }
        }
        try await RawServer.serving(handler) { server in
            try await AHCTransport.running { transport in
                let limits = ExchangeLimits(
                    maximumBodyBytes: size,
                    deadline: .now.advanced(by: .seconds(50)),
                    idleTimeout: .seconds(40)
                )
                let request = HTTPRequestMessage(.get, try server.url())
                let (total, largest) = try await transport.exchange(request, limits: limits) {
                    (_, body) async throws(TransportError) in
                    var total: Int64 = 0
                    var largest = 0
                    while let piece = try await body.next() {
                        total += Int64(piece.count)
                        largest = max(largest, piece.count)
                    }
                    return (total, largest)
                }
                #expect(total == size)
                #expect(largest <= 4 << 20)
            }
        }
    }

    @Test func uploadsAreStreamed() async throws {
        try await RawServer.serving(Faults.status("201 Created")) { server in
            try await AHCTransport.running { transport in
                let request = HTTPRequestMessage(.put, try server.url(), body: .pieces(declared: 5 << 20, count: 5))
                let response = try await transport.send(request, limits: .test)
                #expect(response.status == .created)
                #expect(server.requests.first?.body.count == 5 << 20)
                #expect(server.requests.first?.header("content-length") == "\(5 << 20)")
            }
        }
    }

    @Test(arguments: [(4 << 20, 5), (6 << 20, 5), (1, 0)])
    func uploadsOfTheWrongLengthFail(declared: Int, count: Int) async throws {
        try await RawServer.serving(Faults.status("201 Created")) { server in
            try await AHCTransport.running { transport in
                let body = HTTPRequestBody.pieces(declared: Int64(declared), count: count)
                let request = HTTPRequestMessage(.put, try server.url(), body: body)
                await #expect(throws: TransportError(.requestBody)) { try await transport.send(request, limits: .test) }
            }
        }
    }

    @Test func uploadsThatCannotBeReadFail() async throws {
        try await RawServer.serving(Faults.status("201 Created")) { server in
            try await AHCTransport.running { transport in
                let body = HTTPRequestBody.stream(length: 5) { () async throws(TransportError) -> HTTPBodyProducer in
                    throw TransportError(.requestBody, detail: "gone")
                }
                let request = HTTPRequestMessage(.put, try server.url(), body: body)
                await #expect(throws: TransportError(.requestBody)) { try await transport.send(request, limits: .test) }
            }
        }
    }

    @Test func anEarlyAnswerEndsAnUpload() async throws {
        let handler: RawServer.Handler = { _, connection in
            connection.respond("401 Unauthorized", headers: [("Connection", "close")], text: "no")
            connection.pause(.milliseconds(300))
            connection.finish()
        }
        try await RawServer.serving(readsBody: false, handler) { server in
            try await AHCTransport.running { transport in
                let request = HTTPRequestMessage(.put, try server.url(), body: .pieces(declared: 64 << 20, count: 64))
                let response = try await transport.send(request, limits: .test)
                #expect(response.status == .unauthorized)
            }
        }
    }

    /// A consumer that is slow is not a server that is silent.
    @Test func aSlowConsumerIsNoSilence() async throws {
        let handler: RawServer.Handler = { _, connection in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
            connection.pause(.milliseconds(100))
            connection.write("b")
        }
        try await RawServer.serving(handler) { server in
            try await AHCTransport.running { transport in
                let limits = ExchangeLimits(
                    maximumBodyBytes: 2,
                    deadline: .now.advanced(by: .seconds(50)),
                    idleTimeout: .seconds(2)
                )
                let request = HTTPRequestMessage(.get, try server.url())
                let body = try await transport.exchange(request, limits: limits) {
                    (_, body) async throws(TransportError) in
                    var bytes = try await body.next() ?? []
                    do {
                        try await Task.sleep(for: .milliseconds(2_500))
                    } catch {
                        throw TransportError(.cancelled)
                    }
                    bytes += try await body.collect()
                    return bytes
                }
                #expect(body == Array("ab".utf8))
            }
        }
    }

    @Test func theSenderWorksOnIt() async throws {
        let count = Mutex(0)
        let handler: RawServer.Handler = { request, connection in
            let number = count.withLock { count in
                count += 1
                return count
            }
            switch number {
            case 1: connection.reset()
            case 2: connection.respond("503 Busy", headers: [("Retry-After", "0")], text: "busy")
            case 3: connection.respond("307 Go", headers: [("Location", "/there")], text: "go")
            default: connection.respond("200 OK", text: request.target)
            }
        }
        try await RawServer.serving(handler) { server in
            try await AHCTransport.running { transport in
                let sender = RequestSender(
                    transport: transport,
                    retries: RetryPolicy(baseDelay: .milliseconds(1))
                )
                let response = try await sender.send(
                    HTTPRequestMessage(.get, try server.url("/here")),
                    limits: RequestLimits(maximumBodyBytes: 100)
                )
                #expect(response.body == Array("/there".utf8))
                #expect(server.requests.map(\.target) == ["/here", "/here", "/here", "/there"])
            }
        }
    }
}

extension HTTPRequestBody {
    /// Mebibytes of zeros, as many as are said and perhaps not as many as declared.
    static func pieces(declared: Int64, count: Int) -> HTTPRequestBody {
        .stream(length: declared) { () async throws(TransportError) in
            let countdown = Countdown(left: count)
            return { () async throws(TransportError) in
                countdown.next() ? [UInt8](repeating: 0, count: 1 << 20) : nil
            }
        }
    }
}

private final class Countdown: Sendable {
    private let left: Mutex<Int>

    init(left: Int) {
        self.left = Mutex(left)
    }

    func next() -> Bool {
        left.withLock { left in
            left -= 1
            return left >= 0
        }
    }
}
