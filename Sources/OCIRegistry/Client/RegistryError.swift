public import TrustCrypto
public import TrustTransport

/// Why a registry gave no usable answer.
///
/// "Looked, nothing there" is never an error: the operations return nil for it. Texts come from the other side, bounded but
/// not escaped.
public enum RegistryError: Error, Sendable, Equatable {
    /// The registry (or its token server) wants to know who asks, or does not accept who asks.
    case unauthorized(RegistryAuthError)
    /// It knows who asks and says no (403), with what it said.
    case denied(HTTPOrigin, [RegistryFault])
    /// The credentials on this machine could not be had, or may not be sent.
    case credentials(RegistryAuthError)
    /// Too many requests (429); with the wait that was asked for.
    case rateLimited(HTTPOrigin, retryAfter: Duration?)
    /// A failure of the registry's own (5xx).
    case serverError(HTTPOrigin, status: Int)
    /// It answered what it may not.
    case badResponse(HTTPOrigin, RegistryResponseProblem)
    /// It could not be asked.
    case unreachable(TransportError)
    /// An answer is larger than allowed, in bytes.
    case tooLarge(limit: Int64)
    /// Content has another length than its descriptor says, in bytes.
    case sizeMismatch(Digest, expected: Int64, found: Int64)
    /// Content, or what the registry says about it, has another digest than the one asked for or sent.
    case digestMismatch(expected: Digest, found: Digest)
    /// The task was cancelled.
    case cancelled
}

/// One entry of the `errors` in a registry's answer (distribution-spec, "Error Codes").
public struct RegistryFault: Sendable, Hashable {
    /// The code, for example `MANIFEST_UNKNOWN`; at most 64 bytes.
    public let code: String
    /// What it says to humans; at most 500 bytes, may be empty.
    public let message: String

    /// An entry from its parts.
    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

/// What is wrong with an answer.
public enum RegistryResponseProblem: Sendable, Equatable {
    /// A status that is no answer to this request, with the codes of its body; a 404 without a code that says what is
    /// missing among them: proxies and wrong paths answer so too.
    case status(Int, [RegistryFault])
    /// A header is missing, malformed, given twice or leads where it may not.
    case header(String)
    /// The body is not what the specification says.
    case body
    /// A list has more entries or pages than allowed.
    case tooManyEntries(limit: Int)
    /// Broken HTTP, or redirects that are not followed.
    case http(TransportError)
    /// A challenge or a token that cannot be used.
    case authentication(RegistryAuthError)
}

extension RegistryError {
    init(_ error: TransportError) {
        switch error.kind {
        case .tooLarge(let limit): self = .tooLarge(limit: limit)
        case .cancelled: self = .cancelled
        case .badResponse:
            if let origin = error.origin {
                self = .badResponse(origin, .http(error))
            } else {
                self = .unreachable(error)
            }
        case .invalidURL, .insecure, .unreachable, .timeout, .tls, .requestBody, .configuration:
            self = .unreachable(error)
        }
    }

    init(_ error: RegistryAuthError) {
        switch error {
        case .transport(let error): self.init(error)
        case .configUnreadable, .configMalformed, .helperNotFound, .helperFailed, .helperTimedOut, .helperMalformed,
            .insecureCredentials:
            self = .credentials(error)
        case .unauthorized, .credentialsRefused: self = .unauthorized(error)
        case .insufficientScope(let origin, let scope):
            self = .denied(origin, [RegistryFault(code: "insufficient_scope", message: scope)])
        case .malformedChallenge(let origin), .unsupportedChallenge(let origin, _), .insecureRealm(let origin),
            .malformedToken(let origin):
            self = .badResponse(origin, .authentication(error))
        case .tokenServerFailed(let origin, let status):
            switch status {
            case 429: self = .rateLimited(origin, retryAfter: nil)
            case 500...599: self = .serverError(origin, status: status)
            default: self = .badResponse(origin, .authentication(error))
            }
        }
    }
}
