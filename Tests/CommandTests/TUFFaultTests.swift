import CanonicalJSON
import ContentTrust
import Testing
import TrustTestSupport

/// A server that answers one file of a TUF repository as it should not, and all others well: which reason, whichever file it
/// is, and that only "no such file" for the next root means that there is none.
@Suite(.timeLimit(.minutes(8))) struct TUFFaultTests {
    /// The file that is answered badly.
    enum File: String, CaseIterable {
        case root = "metadata/2.root.json"
        case timestamp = "metadata/timestamp.json"
        case snapshot = "metadata/2.snapshot.json"
        case targets = "metadata/2.targets.json"
        case target = "targets/"
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// The reason, and that of files that have another.
        let reason: Reason
        var others: [File: Reason] = [:]
        var timeout = "60s"
        /// Answers a request, given the file as it is.
        let answer: @Sendable (RawServer.Request, RawConnection, [UInt8]) -> Void

        func reason(_ file: File) -> Reason { others[file] ?? reason }

        static func status(_ status: String, _ reason: Reason, root: Reason? = nil) -> Fault {
            Fault(testDescription: status, reason: reason, others: root.map { [.root: $0] } ?? [:]) {
                request,
                connection,
                _ in
                connection.respond(status, text: "no", isHead: request.isHead)
            }
        }

        static func of(
            _ name: String,
            _ reason: Reason,
            timeout: String = "60s",
            _ handler: @escaping RawServer.Handler
        )
            -> Fault
        {
            Fault(testDescription: name, reason: reason, timeout: timeout) { request, connection, _ in
                handler(request, connection)
            }
        }

        /// An answer of status 200 with these fields, after which the connection ends.
        static func body(
            _ name: String,
            _ reason: Reason,
            others: [File: Reason] = [:],
            fields: @escaping @Sendable ([UInt8]) -> String,
            content: @escaping @Sendable ([UInt8]) -> [UInt8] = { $0 }
        ) -> Fault {
            Fault(testDescription: name, reason: reason, others: others) { _, connection, file in
                connection.write(Array("HTTP/1.1 200 OK\r\n\(fields(file))\r\n\r\n".utf8) + content(file))
                connection.finish()
            }
        }
    }

    static let faults: [Fault] = [
        .status("204 No Content", .badResponse),
        .status("206 Partial Content", .badResponse),
        .status("304 Not Modified", .badResponse),
        .status("400 Bad Request", .badResponse),
        .status("401 Unauthorized", .unauthorized),
        .status("403 Forbidden", .unauthorized, root: .trusted),
        .status("404 Not Found", .badSignature, root: .trusted),
        .status("410 Gone", .badResponse),
        .status("429 Too Many Requests", .unreachable),
        .status("500 Internal Server Error", .unreachable),
        .status("503 Service Unavailable", .unreachable),
        .of("redirect without a place", .badResponse, Faults.status("301 Moved Permanently")),
        .of("redirect loop", .badResponse, Faults.redirectLoop),
        .of("endless redirects", .badResponse, Faults.endlessRedirects),
        .of("redirect to plain HTTP elsewhere", .badResponse) { _, connection in
            // Nobody is asked there: the address is one for documents.
            connection.respond("301 Moved Permanently", headers: [("Location", "http://192.0.2.1/x")], text: "")
        },
        .of("endless body", .badResponse, Faults.endlessBody),
        Fault(testDescription: "a byte each second", reason: .unreachable, timeout: "6s") { _, connection, file in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(file.count)\r\n\r\n")
            // More seconds than the command has.
            for byte in file.prefix(60) where connection.write([byte]) { connection.pause(.seconds(1)) }
            connection.finish()
        },
        .of("silence", .unreachable, timeout: "6s", Faults.silence),
        .of("cut connection", .unreachable, Faults.close),
        .of("not HTTP", .badResponse, Faults.bytes("SSH-2.0-OpenSSH_9.2\r\n")),
        .body("longer than it says", .badSignature) { "Content-Length: \($0.count - 1)" },
        .body("cut before the end", .unreachable) {
            "Content-Length: \($0.count)"
        } content: {
            $0.dropLast()
        },
        // Where the metadata says how long a file is, one that says more is not read.
        .body("shorter than it says", .badResponse, others: [.root: .unreachable, .timestamp: .unreachable]) {
            "Content-Length: \($0.count + 1)"
        },
        .body("without an end", .unreachable) { _ in
            "Transfer-Encoding: chunked"
        } content: {
            Array("\(String($0.count, radix: 16))\r\n".utf8) + $0
        },
        .body("two lengths", .badResponse) { "Content-Length: \($0.count)\r\nContent-Length: \($0.count - 1)" },
        .body("cut in the middle, with the length of that", .badSignature) {
            "Content-Length: \($0.count / 2)"
        } content: {
            Array($0.prefix($0.count / 2))
        },
        .body("empty", .badSignature) { _ in
            "Content-Length: 0"
        } content: { _ in
            []
        },
    ]

    /// A repository whose second root is published and whose client has the first one.
    private static func world() async throws -> TUFTests.TUFWorld {
        let world = try TUFTests.TUFWorld()
        world.repository.publishRoot()
        try world.write()
        try await world.initialize()
        return world
    }

    private static func serve(
        _ world: TUFTests.TUFWorld,
        _ answer: @escaping @Sendable (RawServer.Request, RawConnection, [UInt8]) -> Void,
        to file: File
    ) throws -> RawServer {
        try RawServer { request, connection in
            let path = String(request.path.dropFirst())
            guard path != "metadata/3.root.json" else { return connection.respond("404 Not Found", text: "") }
            // A redirect may have led to where nothing is.
            guard let bytes = try? Files.read(world.directory.file(path)) else {
                return answer(request, connection, [])
            }
            guard path.hasPrefix(file.rawValue) else {
                return connection.respond("200 OK", body: bytes, isHead: request.isHead)
            }
            answer(request, connection, bytes)
        }
    }

    private static func download(_ world: TUFTests.TUFWorld, _ server: RawServer, timeout: String = "60s") -> [String] {
        let url = "http://\(server.authority)"
        return world.download("1.0", metadata: "\(url)/metadata", targets: "\(url)/targets")
            + ["--json", "--timeout", timeout]
    }

    private static func expect(_ output: ProcessOutput, _ reason: Reason, _ comment: Comment) throws {
        let object = try output.object
        try Schema.check(object, "tuf")
        #expect(output.exitCode == reason.exitCode && object["reason"]?.string == reason.code, comment)
    }

    @Test(arguments: faults, File.allCases) func isRefusedForItsReason(fault: Fault, file: File) async throws {
        let world = try await Self.world()
        let server = try Self.serve(world, fault.answer, to: file)
        let output = try await world.client.runAll(Self.download(world, server, timeout: fault.timeout))
        server.stop()
        let reason = fault.reason(file)
        try Self.expect(output, reason, "\(output)")
        #expect(Files.exists("\(world.downloads)/1.0") == (reason == .trusted))
        // It was asked for, and nothing that was known is lost.
        #expect(server.requests.contains { $0.path.hasPrefix("/\(file.rawValue)") })
        let good = try Self.serve(world, { $1.respond("200 OK", body: $2) }, to: file)
        defer { good.stop() }
        try Self.expect(try await world.client.runAll(Self.download(world, good)), .trusted, "afterwards")
        #expect(try Files.names(in: world.downloads) == ["1.0"])
    }

    /// What lies elsewhere is as good as its signatures.
    @Test(arguments: File.allCases, [true, false]) func redirectToAnotherHost(file: File, isGood: Bool) async throws {
        let world = try await Self.world()
        let other = try RawServer { request, connection in
            let bytes = (try? Files.read(world.directory.file(String(request.path.dropFirst())))) ?? []
            connection.respond("200 OK", body: isGood ? bytes : Array("{}".utf8), isHead: request.isHead)
        }
        defer { other.stop() }
        let place = "http://\(other.authority)"
        let server = try Self.serve(
            world,
            { request, connection, _ in
                connection.respond(
                    "301 Moved Permanently",
                    headers: [("Location", place + request.target)],
                    text: ""
                )
            },
            to: file
        )
        defer { server.stop() }
        let output = try await world.client.runAll(Self.download(world, server))
        try Self.expect(output, isGood ? .trusted : .badSignature, "\(output)")
        #expect(!other.requests.isEmpty)
        #expect(Files.exists("\(world.downloads)/1.0") == isGood)
    }

    /// Nobody asked for a compressed file, so the bytes are taken as they come, which are another file.
    @Test(arguments: File.allCases) func compressed(file: File) async throws {
        let world = try await Self.world()
        let path = file == .target ? "targets/\(world.digest("the first image")).1.0" : file.rawValue
        let plain = try Files.read(world.directory.file(path))
        let gzip = Command("gzip", ["-c"], input: .bytes(plain))
        let packed = try await runSuccessfully(gzip).standardOutput
        let server = try Self.serve(
            world,
            { _, connection, _ in
                connection.respond("200 OK", headers: [("Content-Encoding", "gzip")], body: packed)
            },
            to: file
        )
        defer { server.stop() }
        let output = try await world.client.runAll(Self.download(world, server))
        // The target is shorter than its compressed form, and its length is known.
        try Self.expect(output, file == .target ? .badResponse : .badSignature, "\(output)")
        #expect(server.requests.allSatisfy { $0.header("accept-encoding")?.contains("gzip") != true })
        #expect(!Files.exists("\(world.downloads)/1.0"))
    }
}
