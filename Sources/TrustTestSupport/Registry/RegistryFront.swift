import Synchronization

/// A server in front of a docker-registry that hands everything on, until a test gives it a fault.
///
/// Repositories are named by the front's address, so that publishing through it and breaking it later leave the names as
/// they were.
public final class RegistryFront: Sendable {
    /// An answer of the registry on its way back.
    public struct Answer: Sendable {
        /// Code and reason, such as `200 OK`.
        public var status: String
        /// The fields, without those that are about the connection.
        public var headers: [(String, String)]
        /// The body.
        public var body: [UInt8]

        /// The value of a field.
        public func header(_ name: String) -> String? {
            headers.first { $0.0.lowercased() == name.lowercased() }?.1
        }

        /// Sets a field.
        public mutating func set(_ name: String, to value: String) {
            headers.removeAll { $0.0.lowercased() == name.lowercased() }
            headers.append((name, value))
        }
    }

    /// Changes answers.
    public typealias Change = @Sendable (RawServer.Request, inout Answer) -> Void

    private struct State {
        var fault: RawServer.Handler?
        var change: Change?
    }

    private final class Behaviour: Sendable {
        let registry: DockerRegistry
        let state = Mutex(State())

        init(_ registry: DockerRegistry) { self.registry = registry }
    }

    private let behaviour: Behaviour
    private let server: RawServer

    /// Starts a front.
    ///
    /// - Parameter registry: What is behind it; it may have neither TLS nor authentication.
    /// - Throws: `RawServer.SystemError`.
    public init(_ registry: DockerRegistry) throws {
        let behaviour = Behaviour(registry)
        self.behaviour = behaviour
        server = try RawServer { request, connection in
            let (fault, change) = behaviour.state.withLock { ($0.fault, $0.change) }
            if let fault {
                fault(request, connection)
                return
            }
            guard var answer = Self.forward(request, to: behaviour.registry) else {
                connection.respond("502 Bad Gateway", text: "", isHead: request.isHead)
                return
            }
            change?(request, &answer)
            answer.headers.removeAll { $0.0.lowercased() == "content-length" }
            if request.isHead {
                // The body is empty, and its length is that of what GET would bring.
                let length = answer.body.count
                answer.body = []
                var head = "HTTP/1.1 \(answer.status)\r\n"
                for (name, value) in answer.headers { head += "\(name): \(value)\r\n" }
                connection.write(head + "Content-Length: \(length)\r\n\r\n")
                return
            }
            connection.respond(answer.status, headers: answer.headers, body: answer.body)
        }
    }

    /// `127.0.0.1:PORT`, as references write it.
    public var address: String { server.authority }

    /// The requests so far.
    public var requests: [RawServer.Request] { server.requests }

    /// Answers everything like this instead of asking the registry; nil asks it again.
    public func fail(_ fault: RawServer.Handler?) { behaviour.state.withLock { $0.fault = fault } }

    /// Changes what the registry answers; nil leaves it as it is.
    public func change(_ change: Change?) { behaviour.state.withLock { $0.change = change } }

    /// Ends it.
    public func stop() { server.stop() }

    /// Asks the registry with another program's HTTP.
    private static func forward(_ request: RawServer.Request, to registry: DockerRegistry) -> Answer? {
        var arguments = ["-sS", "--http1.1", "--raw", "-i", "-H", "Expect:", "-H", "User-Agent:"]
        // GET instead of HEAD: the body's length says what Content-Length is, and the body is left out again.
        arguments += ["-X", request.isHead ? "GET" : request.method]
        for (name, value) in request.headers {
            guard !["connection", "content-length", "transfer-encoding"].contains(name.lowercased()) else { continue }
            arguments += ["-H", "\(name): \(value)"]
        }
        let hasBody = ["POST", "PUT", "PATCH"].contains(request.method)
        if hasBody { arguments += ["--data-binary", "@-"] }
        // curl would name a type of its own.
        if hasBody, request.header("content-type") == nil { arguments += ["-H", "Content-Type:"] }
        arguments.append("\(registry.url)\(request.target)")
        let command = Command("curl", arguments, input: .bytes(request.body))
        let result = BlockingResult<[UInt8]?>()
        Task { result.set(try? await run(command).standardOutput) }
        guard let bytes = result.get() else { return nil }
        return parse(bytes[...])
    }

    private static func parse(_ bytes: ArraySlice<UInt8>) -> Answer? {
        let end = Array("\r\n\r\n".utf8)
        guard let split = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else { return nil }
        let lines = String(decoding: bytes[..<split], as: UTF8.self).split(separator: "\r\n").map(String.init)
        guard let first = lines.first, let space = first.firstIndex(of: " ") else { return nil }
        let status = String(first[first.index(after: space)...])
        let rest = bytes[(split + end.count)...]
        if status.hasPrefix("1") { return parse(rest) }
        var answer = Answer(status: status, headers: [], body: Array(rest))
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = String(line[..<colon])
            guard !["connection", "transfer-encoding"].contains(name.lowercased()) else { continue }
            answer.headers.append((name, line[line.index(after: colon)...].trimmingPrefix(" ").description))
        }
        return answer
    }
}
