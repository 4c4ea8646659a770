import HTTPTypes
import Synchronization
import TrustTransport

/// Sends requests to the API of one registry, finding out with the first of them which of its possible origins it is.
final class RegistryConnection: Sendable {
    private let authorizers: [RegistryAuthorizer]
    /// Which authorizer it is; nil until one has answered.
    private let chosen: Mutex<Int?>

    /// - Parameter authorizers: One for each possible origin, in the order in which they are tried; at least one.
    init(_ authorizers: [RegistryAuthorizer]) {
        self.authorizers = authorizers
        chosen = Mutex(authorizers.count == 1 ? 0 : nil)
    }

    /// What to do with the body of a success.
    enum Body: Sendable {
        case collect
        case ignore
    }

    /// The outcome of one attempt at one origin.
    private enum Attempt: Sendable {
        case answered(HTTPResponseMessage)
        /// It speaks https only.
        case wrongScheme
    }

    /// Sends a request. The body of an answer without success is cut to what an error may take.
    ///
    /// - Parameters:
    ///   - scope: What it needs; nil outside any repository.
    ///   - limits: Bounds.
    ///   - body: What to do with the body of a success.
    ///   - request: Makes the request for an origin.
    /// - Returns: The response, whatever its status.
    /// - Throws: ``RegistryError``.
    func send(
        scope: RepositoryScope?,
        limits: RequestLimits,
        body: Body = .collect,
        _ request: (HTTPOrigin) throws(TransportError) -> HTTPRequestMessage
    ) async throws(RegistryError) -> HTTPResponseMessage {
        if let index = chosen.withLock(\.self) {
            return try await send(at: authorizers[index], scope: scope, limits: limits, body: body, request)
        }
        var firstError: RegistryError?
        for (index, authorizer) in authorizers.enumerated() {
            do throws(RegistryError) {
                let isLast = index == authorizers.count - 1
                let attempt = try await attempt(authorizer, scope, limits, body, mayBeWrong: !isLast, request)
                guard case .answered(let response) = attempt else { continue }
                chosen.withLock { $0 = index }
                return response
            } catch {
                if let firstError {
                    // Where the second origin is not even spoken, what the first one did is the better explanation.
                    throw Self.isUnspoken(error) ? firstError : error
                }
                guard Self.mayBeOtherScheme(error) else { throw error }
                firstError = error
            }
        }
        throw firstError ?? .cancelled
    }

    private func send(
        at authorizer: RegistryAuthorizer,
        scope: RepositoryScope?,
        limits: RequestLimits,
        body: Body,
        _ request: (HTTPOrigin) throws(TransportError) -> HTTPRequestMessage
    ) async throws(RegistryError) -> HTTPResponseMessage {
        let attempt = try await attempt(authorizer, scope, limits, body, mayBeWrong: false, request)
        guard case .answered(let response) = attempt else {
            // Only said where there is another origin to try.
            throw .badResponse(authorizer.registry, .status(400, []))
        }
        return response
    }

    private func attempt(
        _ authorizer: RegistryAuthorizer,
        _ scope: RepositoryScope?,
        _ limits: RequestLimits,
        _ body: Body,
        mayBeWrong: Bool,
        _ request: (HTTPOrigin) throws(TransportError) -> HTTPRequestMessage
    ) async throws(RegistryError) -> Attempt {
        let message: HTTPRequestMessage
        do throws(TransportError) {
            message = try request(authorizer.registry)
        } catch {
            throw RegistryError(error)
        }
        do throws(RegistryAuthError) {
            return try await authorizer.stream(message, scope: scope, limits: limits) {
                (head, reader) async throws(TransportError) in
                guard head.status.kind == .successful else {
                    let start = try await Self.start(of: reader)
                    if mayBeWrong, head.status.code == 400, Self.asksForTLS(start) { return .wrongScheme }
                    return .answered(HTTPResponseMessage(head: head, body: start))
                }
                let bytes = body == .collect ? try await reader.collect() : []
                return .answered(HTTPResponseMessage(head: head, body: bytes))
            }
        } catch {
            throw RegistryError(error)
        }
    }

    /// The body of an error; empty for one that is longer than any registry's, since its status still is the answer.
    private static func start(of reader: HTTPBodyReader) async throws(TransportError) -> [UInt8] {
        var bytes: [UInt8] = []
        do throws(TransportError) {
            while let piece = try await reader.next() {
                guard piece.count <= RegistryFault.maximumBody - bytes.count else { return [] }
                bytes += piece
            }
        } catch {
            if case .tooLarge = error.kind { return [] }
            throw error
        }
        return bytes
    }

    /// What Go, nginx and Apache servers say to plain HTTP on a port for https.
    private static func asksForTLS(_ body: [UInt8]) -> Bool {
        body.firstRange(of: Array("HTTPS".utf8)) != nil || body.firstRange(of: Array("SSL".utf8)) != nil
    }

    /// Whether plain HTTP may have failed because the server expects TLS.
    private static func mayBeOtherScheme(_ error: RegistryError) -> Bool {
        switch error {
        case .unreachable(let error):
            switch error.kind {
            case .unreachable(.connectionLost), .timeout(.idle): true
            default: false
            }
        case .badResponse(_, .http(let error)): error.kind == .badResponse(.malformed)
        default: false
        }
    }

    private static func isUnspoken(_ error: RegistryError) -> Bool {
        guard case .unreachable(let error) = error else { return false }
        switch error.kind {
        case .unreachable, .timeout, .tls(.handshake): return true
        default: return false
        }
    }
}
