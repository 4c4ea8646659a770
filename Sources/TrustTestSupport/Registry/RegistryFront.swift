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
            // GET instead of HEAD: the body's length says what Content-Length is, and the body is left out again.
            let method = request.isHead ? "GET" : request.method
            guard var answer = Answer.forwarding(request, as: method, to: behaviour.registry.url) else {
                connection.respond("502 Bad Gateway", text: "", isHead: request.isHead)
                return
            }
            change?(request, &answer)
            answer.send(to: connection, isHead: request.isHead)
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
}
