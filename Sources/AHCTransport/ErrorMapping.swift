import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import TrustTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// From what the client and its layers throw to `TransportError`.
enum ErrorMapping {
    static func transportError(_ error: any Error) -> TransportError {
        switch error {
        case let error as TransportError: error
        case is CancellationError: TransportError(.cancelled)
        case let error as HTTPClientError: TransportError(kind(error), detail: detail(error))
        case let error as NIOConnectionError: connection(error)
        case let error as IOError: TransportError(kind(errno: error.errnoCode), detail: "errno \(error.errnoCode)")
        case let error as HTTPParserError: parser(error)
        case let error as NIOSSLError: tls(error)
        case let error as NIOSSLExtraError: tls(error)
        case let error as BoringSSLError: TransportError(.tls(failure(error)), detail: "\(error)")
        case let error as ChannelError: TransportError(kind(error), detail: "\(error)")
        case is SocketAddressError: TransportError(.unreachable(.nameNotResolved))
        default: TransportError(.unreachable(.system), detail: "\(type(of: error))")
        }
    }

    private static func kind(_ error: HTTPClientError) -> TransportError.Kind {
        switch error {
        case .cancelled, .alreadyShutdown, .requestStreamCancelled:
            .cancelled
        case .deadlineExceeded:
            .timeout(.total)
        case .readTimeout, .writeTimeout:
            .timeout(.idle)
        case .connectTimeout, .tlsHandshakeTimeout, .httpProxyHandshakeTimeout, .socksHandshakeTimeout,
            .getConnectionFromPoolTimeout:
            .timeout(.connect)
        case .remoteConnectionClosed:
            .unreachable(.connectionLost)
        case .invalidProxyResponse, .proxyAuthenticationRequired:
            .unreachable(.proxy)
        case .invalidURL, .emptyHost, .emptyScheme:
            .invalidURL
        case .bodyLengthMismatch, .writeAfterRequestSent:
            .requestBody
        default:
            .unreachable(.system)
        }
    }

    private static func detail(_ error: HTTPClientError) -> String {
        switch error {
        case .proxyAuthenticationRequired: "the proxy wants a user name and password"
        case .invalidProxyResponse: ""
        default: error.shortDescription
        }
    }

    /// Of several addresses that were tried, the one that got furthest tells most.
    private static func connection(_ error: NIOConnectionError) -> TransportError {
        let numbers = error.connectionErrors.compactMap { ($0.error as? IOError)?.errnoCode }
        if numbers.contains(ECONNREFUSED) {
            return TransportError(.unreachable(.refused))
        }
        if let number = numbers.first {
            return TransportError(kind(errno: number), detail: "errno \(number)")
        }
        if error.connectionErrors.contains(where: { $0.error is ChannelError }) {
            return TransportError(.timeout(.connect))
        }
        if error.dnsAError != nil || error.dnsAAAAError != nil {
            return TransportError(.unreachable(.nameNotResolved), detail: error.host)
        }
        return TransportError(.unreachable(.system))
    }

    private static func kind(errno number: CInt) -> TransportError.Kind {
        switch number {
        case ECONNREFUSED: .unreachable(.refused)
        case EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL, ENETDOWN, EHOSTDOWN: .unreachable(.noRoute)
        case ECONNRESET, EPIPE, ECONNABORTED, ENOTCONN: .unreachable(.connectionLost)
        case ETIMEDOUT: .timeout(.connect)
        default: .unreachable(.system)
        }
    }

    private static func kind(_ error: ChannelError) -> TransportError.Kind {
        switch error {
        case .connectTimeout: .timeout(.connect)
        case .eof, .inputClosed, .outputClosed, .ioOnClosedChannel, .alreadyClosed: .unreachable(.connectionLost)
        default: .unreachable(.system)
        }
    }

    private static func parser(_ error: HTTPParserError) -> TransportError {
        switch error {
        case .invalidEOFState, .closedConnection: TransportError(.unreachable(.connectionLost))
        default: TransportError(.badResponse(.malformed), detail: "\(error)")
        }
    }

    private static func tls(_ error: NIOSSLError) -> TransportError {
        switch error {
        case .handshakeFailed(let cause): TransportError(.tls(failure(cause)), detail: reason(cause))
        case .unableToValidateCertificate, .cannotMatchULabel: TransportError(.tls(.hostname))
        case .noCertificateToValidate: TransportError(.tls(.certificate))
        case .uncleanShutdown: TransportError(.unreachable(.connectionLost))
        default: TransportError(.tls(.handshake), detail: "\(error)")
        }
    }

    private static func tls(_ error: NIOSSLExtraError) -> TransportError {
        error == .failedToValidateHostname
            ? TransportError(.tls(.hostname)) : TransportError(.tls(.handshake), detail: error.description)
    }

    /// BoringSSL's reasons are text at this level.
    private static func failure(_ error: BoringSSLError) -> TransportError.TLSFailure {
        "\(error)".contains("CERTIFICATE_VERIFY_FAILED") ? .certificate : .handshake
    }

    private static func reason(_ error: BoringSSLError) -> String {
        // "Error: 268435581 error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at …"
        let text = "\(error)"
        guard let start = text.firstRange(of: "OPENSSL_internal:") else { return "" }
        return String(text[start.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    }
}
