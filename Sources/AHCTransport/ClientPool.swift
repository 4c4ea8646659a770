import AsyncHTTPClient
import NIOCore
import NIOSSL
import Synchronization
import TrustTransport

/// The clients of a transport: one for each way out, made when it is first used.
final class ClientPool: Sendable {
    private struct State {
        var clients: [ProxyServer?: HTTPClient] = [:]
        var isShutDown = false
    }

    private let configuration: AHCTransport.Configuration
    private let state = Mutex(State())

    init(configuration: AHCTransport.Configuration) {
        self.configuration = configuration
    }

    deinit {
        // The client insists on being shut down; whoever forgot it shall not be stopped by that.
        let forgotten = state.withLock { Array($0.clients.values) }
        guard !forgotten.isEmpty else { return }
        Task {
            for client in forgotten { await Self.close(client) }
        }
    }

    func client(for proxy: ProxyServer?) throws(TransportError) -> HTTPClient {
        let client: HTTPClient? = state.withLock { state in
            guard !state.isShutDown else { return nil }
            if let client = state.clients[proxy] {
                return client
            }
            let client = HTTPClient(
                eventLoopGroupProvider: .singleton,
                configuration: Self.clientConfiguration(configuration, proxy: proxy)
            )
            state.clients[proxy] = client
            return client
        }
        guard let client else { throw TransportError(.cancelled, detail: "the transport was shut down") }
        return client
    }

    func shutdown() async {
        let clients = state.withLock { state in
            state.isShutDown = true
            defer { state.clients = [:] }
            return Array(state.clients.values)
        }
        for client in clients { await Self.close(client) }
    }

    private static func close(_ client: HTTPClient) async {
        do {
            try await client.shutdown()
        } catch {
            // Says that connections had to be closed by force, or that it was shut down before: both are what is wanted.
            return
        }
    }

    private static func clientConfiguration(
        _ configuration: AHCTransport.Configuration,
        proxy: ProxyServer?
    ) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        tls.certificateVerification = .fullVerification
        if let authorities = configuration.certificateAuthorities {
            tls.additionalTrustRoots = [.certificates(authorities.certificates)]
        }
        var client = HTTPClient.Configuration(
            tlsConfiguration: tls,
            redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(configuration.connectTimeout)),
            proxy: proxy.map { proxy in
                .server(
                    host: proxy.host,
                    port: proxy.port,
                    authorization: proxy.credential.map { .basic(username: $0.username, password: $0.password) }
                )
            },
            ignoreUncleanSSLShutdown: false,
            decompression: .disabled
        )
        client.httpVersion = .http1Only
        // Retries are the sender's: it knows what may be repeated, and how long.
        client.connectionPool.retryConnectionEstablishment = false
        return client
    }
}
