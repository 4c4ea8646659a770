import TrustTestSupport
import TrustTransport

/// `openssl s_server` on 127.0.0.1, which answers every request with a page about the connection.
final class TLSServer: Sendable {
    let port: ReservedPort
    private let process: RunningProcess

    init(certificate: String, key: String, options: [String] = []) async throws {
        port = try ReservedPort()
        let arguments = ["s_server", "-accept", "127.0.0.1:\(port.number)", "-cert", certificate, "-key", key, "-www"]
        process = try await RunningProcess.start(Command("openssl", arguments + options, input: .pipe))
        try await process.waitForOutput("ACCEPT")
    }

    convenience init(_ authority: CertificateAuthority, options: [String] = []) async throws {
        try await self.init(certificate: authority.serverCertificate, key: authority.serverKey, options: options)
    }

    deinit {
        process.kill()
    }

    func url(host: String = "127.0.0.1") throws(TransportError) -> HTTPURL {
        try HTTPURL(scheme: .https, authority: "\(host):\(port.number)")
    }
}
