import Synchronization

/// A server in front of a real Notary server: it demands tokens as registries' Notary servers do, notes down what is
/// asked and answered, and misbehaves where a test wants it. It speaks TLS, and plain HTTP on a second port.
public final class NotaryFront: Sendable {
    /// A request and its answer.
    public struct Exchange: Sendable, CustomStringConvertible {
        /// For example `GET`.
        public let method: String
        /// The path, without the query.
        public let path: String
        /// The code of the answer, also of a lost one; 0 when a handler of the test has answered.
        public let status: Int

        /// `GET /v2/app/_trust/tuf/root.json 200`.
        public var description: String { "\(method) \(path) \(status)" }
    }

    /// What comes instead of the server's answer.
    public enum Fault: Sendable {
        /// This status with this text.
        case status(String, text: String = "")
        /// 200 with a page for people, as portals that demand a login answer everything.
        case page
        /// 200 with these bytes.
        case bytes([UInt8])
        /// The file of this version, as it once was: the server keeps them all.
        case version(Int)
        /// The file of the same name in another collection.
        case collection(String)
        /// Nothing: the server does what it is asked, and the connection ends without its answer.
        case lost
        /// As ``lost``, and from then on every request is answered with 503.
        case lostForGood
        /// Whatever a handler does, for example one of ``Faults``.
        case handler(RawServer.Handler)
    }

    /// Scheme, host and port that clients get: `https://127.0.0.1:20511`.
    public var url: String { "https://\(tls.authority)" }
    /// The same over plain HTTP.
    public var plainURL: String { "http://\(server.authority)" }
    /// Whose certificate it shows.
    public let certificates: CertificateAuthority

    private let server: RawServer
    private let tls: TLSFront
    private let behaviour: Behaviour

    /// Runs a test with a front of its own.
    ///
    /// - Parameters:
    ///   - services: The server behind it.
    ///   - credentials: `user:password` that a token is given for; nil lets everybody do everything without one.
    ///   - readersNeedNone: Whether a token for reading is given to everybody.
    ///   - body: Gets the front, which answers already.
    /// - Returns: What the closure answers.
    /// - Throws: What the closure throws, and what keeps the front from starting.
    public static func with<Result>(
        _ services: NotaryServices,
        credentials: String? = nil,
        readersNeedNone: Bool = false,
        _ body: (NotaryFront) async throws -> Result
    ) async throws -> Result {
        let front = try await NotaryFront(services, credentials: credentials, readersNeedNone: readersNeedNone)
        do {
            let result = try await body(front)
            await front.stop()
            return result
        } catch {
            await front.stop()
            throw error
        }
    }

    private init(_ services: NotaryServices, credentials: String?, readersNeedNone: Bool) async throws {
        let behaviour = Behaviour(
            services,
            credentials.map { NotaryTokens(credentials: $0, readersNeedNone: readersNeedNone) }
        )
        self.behaviour = behaviour
        certificates = services.certificates
        server = try RawServer { request, connection in behaviour.serve(request, connection) }
        let plainPort = server.port
        behaviour.state.withLock { $0.plainPort = plainPort }
        tls = try await TLSFront(of: server, services.certificates)
    }

    /// What was asked and answered, tokens included, since the start or the last ``forgetExchanges()``.
    public var exchanges: [Exchange] { behaviour.state.withLock(\.exchanges) }

    /// How many requests were answered with 200.
    ///
    /// - Parameters:
    ///   - method: Their method.
    ///   - end: What their path ends with, for example `/timestamp.json`.
    /// - Returns: Their number.
    public func count(_ method: String, _ end: String) -> Int {
        exchanges.count { $0.method == method && $0.path.hasSuffix(end) && $0.status == 200 }
    }

    /// Forgets what was asked so far.
    public func forgetExchanges() { behaviour.state.withLock { $0.exchanges = [] } }

    /// Answers some requests wrongly from now on. A token is demanded all the same.
    ///
    /// - Parameters:
    ///   - end: What their path ends with, for example `app/_trust/tuf/timestamp.json`, or `/` for the upload.
    ///   - method: Their method; nil is any.
    ///   - fault: What comes instead; nil is the server's own answer again.
    public func answer(_ end: String, method: String? = nil, with fault: Fault?) {
        behaviour.state.withLock { state in
            state.faults.removeAll { $0.end == end && $0.method == method }
            if let fault { state.faults.append((end, method, fault)) }
        }
    }

    /// Ends it: connections are refused from then on.
    public func stop() async {
        let wasStopped = behaviour.state.withLock { state in
            defer { state.isStopped = true }
            return state.isStopped
        }
        if wasStopped { return }
        server.stop()
        await tls.stop()
    }
}

/// What the threads of a front share.
private final class Behaviour: Sendable {
    struct State {
        var exchanges: [NotaryFront.Exchange] = []
        var faults: [(end: String, method: String?, fault: NotaryFront.Fault)] = []
        var isStopped = false
        var plainPort = 0
    }

    let state = Mutex(State())
    private let services: NotaryServices
    private let tokens: NotaryTokens?

    init(_ services: NotaryServices, _ tokens: NotaryTokens?) {
        self.services = services
        self.tokens = tokens
    }

    func serve(_ request: RawServer.Request, _ connection: RawConnection) {
        let (fault, plainPort) = state.withLock { state in
            let rule = state.faults.last {
                request.path.hasSuffix($0.end) && ($0.method == nil || $0.method == request.method)
            }
            return (rule?.fault, state.plainPort)
        }
        let answer: RegistryFront.Answer
        if let tokens, request.path == "/token", fault == nil {
            answer = tokens.issue(request)
        } else if let refusal = tokens?.refusal(of: request, realm: Self.realm(for: request, plainPort)) {
            answer = refusal
        } else if case .handler(let handler) = fault {
            note(request, 0)
            handler(request, connection)
            return
        } else if case .lost = fault {
            note(request, Int(forward(request).status.prefix(3)) ?? 0)
            connection.finish()
            return
        } else if case .lostForGood = fault {
            note(request, Int(forward(request).status.prefix(3)) ?? 0)
            state.withLock { $0.faults.append(("", nil, .status("503 Service Unavailable"))) }
            connection.finish()
            return
        } else {
            answer = self.answer(request, fault)
        }
        note(request, Int(answer.status.prefix(3)) ?? 0)
        answer.send(to: connection, isHead: request.isHead)
    }

    private func note(_ request: RawServer.Request, _ status: Int) {
        let exchange = NotaryFront.Exchange(method: request.method, path: request.path, status: status)
        state.withLock { $0.exchanges.append(exchange) }
    }

    /// Tokens come over TLS for those who have come over TLS, by the name that they know the front by.
    private static func realm(for request: RawServer.Request, _ plainPort: Int) -> String {
        let host = request.header("host") ?? ""
        return "\(host.hasSuffix(":\(plainPort)") ? "http" : "https")://\(host)/token"
    }

    private func answer(_ request: RawServer.Request, _ fault: NotaryFront.Fault?) -> RegistryFront.Answer {
        let marker = "/_trust/tuf/"
        switch fault {
        case .status(let status, let text):
            return RegistryFront.Answer(status: status, headers: [], body: Array(text.utf8))
        case .page:
            let page = Array("<!DOCTYPE html><html><body>Sign in</body></html>".utf8)
            return RegistryFront.Answer(status: "200 OK", headers: [("Content-Type", "text/html")], body: page)
        case .bytes(let bytes): return RegistryFront.Answer(status: "200 OK", headers: [], body: bytes)
        case .version(let number):
            return forward(request, request.target.replacing(marker, with: "\(marker)\(number)."))
        case .collection(let name):
            guard let end = request.target.firstRange(of: marker) else { return forward(request) }
            return forward(request, "/v2/\(name)\(request.target[end.lowerBound...])")
        case .lost, .lostForGood, .handler, nil: return forward(request)
        }
    }

    private func forward(_ request: RawServer.Request, _ target: String? = nil) -> RegistryFront.Answer {
        RegistryFront.Answer.forwarding(
            request,
            as: request.method,
            target: target,
            to: services.url,
            certificate: services.certificates.certificate
        ) ?? RegistryFront.Answer(status: "502 Bad Gateway", headers: [], body: [])
    }
}
