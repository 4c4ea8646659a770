import Synchronization
public import TrustTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// An HTTP/1.1 server on 127.0.0.1 that is free to answer any bytes: plain sockets, one thread for each connection.
///
/// It is a tool for tests: it reads requests properly and leaves everything about the answer to a handler.
public final class RawServer: Sendable {
    /// A request, read to its end.
    public struct Request: Sendable {
        /// For example `GET`.
        public var method: String
        /// The request target, byte for byte.
        public var target: String
        /// Fields in order, names in lower case.
        public var headers: [(name: String, value: String)]
        /// The body; chunks are joined.
        public var body: [UInt8]

        /// The first field of that (lower-case) name.
        public func header(_ name: String) -> String? {
            headers.first { $0.name == name }?.value
        }

        /// Whether the answer has no body.
        public var isHead: Bool { method == "HEAD" }

        /// The target without its query.
        public var path: String { String(target.prefix { $0 != "?" }) }

        /// The percent-decoded values of a query parameter.
        public func query(_ name: String) -> [String] {
            FormDecoding.values(name, in: String(target.drop { $0 != "?" }.dropFirst()))
        }
    }

    /// Answers one request. Runs on the connection's thread and may block; afterwards the next request on the same
    /// connection is read, unless it was finished.
    public typealias Handler = @Sendable (Request, RawConnection) -> Void

    /// A system call failed.
    public struct SystemError: Error, Sendable {
        /// Which.
        public let call: String
        /// The number of the error, as in `errno.h`.
        public let number: Int32
    }

    private struct State {
        var requests: [Request] = []
        var connections: [ObjectIdentifier: RawConnection] = [:]
        var accepted = 0
        var isStopped = false
    }

    /// Where it listens.
    public let port: Int

    private let listener: Int32
    private let handler: Handler
    private let state = Mutex(State())

    /// Starts a server on a free port.
    ///
    /// - Parameters:
    ///   - readsBody: False to call the handler before the body is read (and not to read it at all).
    ///   - handler: Answers each request.
    /// - Throws: `SystemError`.
    public init(readsBody: Bool = true, _ handler: @escaping Handler) throws {
        #if canImport(Darwin)
            let stream = SOCK_STREAM
        #else
            let stream = Int32(SOCK_STREAM.rawValue)
        #endif
        let descriptor = socket(AF_INET, stream, 0)
        guard descriptor >= 0 else { throw SystemError(call: "socket", number: errno) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutableBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { bind(descriptor, $0.baseAddress, length) }
        }
        guard bound == 0, listen(descriptor, 128) == 0 else {
            let number = errno
            close(descriptor)
            throw SystemError(call: "bind", number: number)
        }
        let named = withUnsafeMutableBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { name in
                guard let start = name.baseAddress else { return Int32(-1) }
                return getsockname(descriptor, start, &length)
            }
        }
        guard named == 0 else {
            let number = errno
            close(descriptor)
            throw SystemError(call: "getsockname", number: number)
        }
        listener = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
        self.handler = handler
        // The thread holds on to the server until it is stopped.
        try DedicatedThread.start { self.acceptAll(readsBody: readsBody) }
    }

    /// `127.0.0.1:PORT`.
    public var authority: String { "127.0.0.1:\(port)" }

    /// A URL at this server.
    ///
    /// - Parameter target: Path and query.
    /// - Returns: The URL.
    /// - Throws: `TransportError` when the target is not one.
    public func url(_ target: String = "/") throws(TransportError) -> HTTPURL {
        try HTTPURL(scheme: .http, authority: authority, target: target)
    }

    /// The requests so far.
    public var requests: [Request] { state.withLock(\.requests) }

    /// How many connections have been accepted.
    public var connectionCount: Int { state.withLock(\.accepted) }

    /// Stops listening and ends all connections. To be called once by whoever made it.
    public func stop() {
        let open = state.withLock { state in
            state.isStopped = true
            return Array(state.connections.values)
        }
        shutdown(listener, Int32(SHUT_RDWR))
        open.forEach { $0.finish() }
    }

    /// Runs a body with a server and stops it afterwards.
    ///
    /// - Parameters:
    ///   - readsBody: See ``init(readsBody:_:)``.
    ///   - handler: Answers each request.
    ///   - body: Uses the server.
    /// - Returns: What `body` returned.
    /// - Throws: What `body` throws, `SystemError`.
    public static func serving<R: Sendable>(
        readsBody: Bool = true,
        _ handler: @escaping Handler,
        _ body: @Sendable (RawServer) async throws -> R
    ) async throws -> R {
        let server = try RawServer(readsBody: readsBody, handler)
        defer { server.stop() }
        return try await body(server)
    }

    private func acceptAll(readsBody: Bool) {
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else {
                if errno == EINTR || errno == ECONNABORTED { continue }
                break
            }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let connection = RawConnection(descriptor: descriptor)
            let isStopped = state.withLock { state in
                state.accepted += 1
                state.connections[ObjectIdentifier(connection)] = connection
                return state.isStopped
            }
            guard !isStopped else { break }
            do {
                try DedicatedThread.start { self.serve(connection, readsBody: readsBody) }
            } catch {
                forget(connection)
            }
        }
        close(listener)
    }

    private func serve(_ connection: RawConnection, readsBody: Bool) {
        var reader = RequestReader(connection: connection)
        while !connection.isFinished, let request = reader.next(readsBody: readsBody) {
            state.withLock { $0.requests.append(request) }
            handler(request, connection)
        }
        connection.finish()
        forget(connection)
        connection.release()
    }

    private func forget(_ connection: RawConnection) {
        state.withLock { _ = $0.connections.removeValue(forKey: ObjectIdentifier(connection)) }
    }
}
