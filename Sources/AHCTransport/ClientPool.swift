import AsyncHTTPClient
import NIOCore
import NIOSSL
import Synchronization
import TrustTransport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The clients of a transport: one for each way out, made when it is first used.
///
/// Reading all of the system's authorities takes longer than a whole request. Where they lie in a directory by the names that
/// OpenSSL looks them up by, only the one that is needed is read; whoever is not found there is looked for among all of them,
/// for they may have been added to the bundle alone.
final class ClientPool: Sendable {
    /// Which of the system's authorities a client knows.
    enum Authorities: Hashable, Sendable {
        /// Those of the directory, read when they are needed.
        case lookedUp
        /// The bundle and the directory.
        case all
    }

    private struct Key: Hashable {
        let proxy: ProxyServer?
        let authorities: Authorities
    }

    private struct State {
        var clients: [Key: HTTPClient] = [:]
        var authorities = Authorities.lookedUp
        var isShutDown = false
    }

    /// The one directory that is part of what the TLS library trusts by itself on Linux.
    private static let directory = "/etc/ssl/certs"

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

    /// The client for a way out, and which authorities it knows.
    func client(for proxy: ProxyServer?) throws(TransportError) -> (client: HTTPClient, authorities: Authorities) {
        let found: (HTTPClient, Authorities)? = state.withLock { state in
            guard !state.isShutDown else { return nil }
            let key = Key(proxy: proxy, authorities: state.authorities)
            if let client = state.clients[key] { return (client, key.authorities) }
            let client = HTTPClient(
                eventLoopGroupProvider: .singleton,
                configuration: Self.clientConfiguration(configuration, proxy: proxy, key.authorities)
            )
            state.clients[key] = client
            return (client, key.authorities)
        }
        guard let found else { throw TransportError(.cancelled, detail: "the transport was shut down") }
        return found
    }

    /// Lets clients that are asked for from now on know all authorities.
    func readAllAuthorities() { state.withLock { $0.authorities = .all } }

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

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func clientConfiguration(
        _ configuration: AHCTransport.Configuration,
        proxy: ProxyServer?,
        _ authorities: Authorities
    ) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if authorities == .lookedUp, isDirectory(directory) { tls.trustRoots = .file(directory) }
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
