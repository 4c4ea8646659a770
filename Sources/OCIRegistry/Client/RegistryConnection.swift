import HTTPTypes
import Synchronization
package import TrustTransport

/// Sends requests to the API of one registry, finding out with the first of them which of its possible origins it is.
package final class RegistryConnection: Sendable {
    private let authorizers: [RegistryAuthorizer]
    /// Which authorizer it is; nil until one has answered.
    private let chosen: Mutex<Int?>

    /// - Parameter authorizers: One for each possible origin, in the order in which they are tried; at least one.
    package init(_ authorizers: [RegistryAuthorizer]) {
        self.authorizers = authorizers
        chosen = Mutex(authorizers.count == 1 ? 0 : nil)
    }

    /// What to do with the body of a success.
    package enum Body: Sendable {
        /// Into memory.
        case collect
        /// Not read.
        case ignore
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
    package func send(
        scope: RepositoryScope?,
        limits: RequestLimits,
        body: Body = .collect,
        _ request: (HTTPOrigin) throws(TransportError) -> HTTPRequestMessage
    ) async throws(RegistryError) -> HTTPResponseMessage {
        if let index = chosen.withLock(\.self) {
            return try await send(at: authorizers[index], scope: scope, limits: limits, body: body, request).message
        }
        // What the first origin said, should the second not be spoken at all.
        var first: Result<HTTPResponseMessage, RegistryError>?
        for (index, authorizer) in authorizers.enumerated() {
            do throws(RegistryError) {
                let response = try await send(at: authorizer, scope: scope, limits: limits, body: body, request)
                if index < authorizers.count - 1, Self.mayAskForTLS(response.message, response.method) {
                    first = .success(response.message)
                    continue
                }
                chosen.withLock { $0 = index }
                return response.message
            } catch {
                if let first {
                    guard Self.isUnspoken(error) else { throw error }
                    return try first.get()
                }
                guard Self.mayBeOtherScheme(error) else { throw error }
                first = .failure(error)
            }
        }
        guard let first else { preconditionFailure("a registry without an origin") }
        return try first.get()
    }

    private func send(
        at authorizer: RegistryAuthorizer,
        scope: RepositoryScope?,
        limits: RequestLimits,
        body: Body,
        _ request: (HTTPOrigin) throws(TransportError) -> HTTPRequestMessage
    ) async throws(RegistryError) -> (message: HTTPResponseMessage, method: HTTPRequest.Method) {
        let message: HTTPRequestMessage
        do throws(TransportError) {
            message = try request(authorizer.registry)
        } catch {
            throw RegistryError(error)
        }
        do throws(RegistryAuthError) {
            // Only collects, so a body that breaks off may be asked for again.
            let response = try await authorizer.stream(message, scope: scope, limits: limits, mayHandleTwice: true) {
                (head, reader) async throws(TransportError) in
                guard head.status.kind == .successful else {
                    return HTTPResponseMessage(head: head, body: try await Self.start(of: reader))
                }
                return HTTPResponseMessage(head: head, body: body == .collect ? try await reader.collect() : [])
            }
            return (response, message.method)
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

    /// Whether this is what Go, nginx and Apache servers answer to plain HTTP on a port for https. The answer to HEAD does
    /// not say why.
    private static func mayAskForTLS(_ response: HTTPResponseMessage, _ method: HTTPRequest.Method) -> Bool {
        guard response.status.code == 400 else { return false }
        return method == .head || ["HTTPS", "SSL"].contains { response.body.firstRange(of: Array($0.utf8)) != nil }
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
