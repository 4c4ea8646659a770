import CanonicalJSON
import HTTPTypes
public import OCIRegistry
public import TUF
import TrustCrypto
public import TrustTransport

/// One collection on one Notary server (Notary v1, server HTTP API).
///
/// An operation returns nil only when the server said by its code that what was asked for does not exist. Nothing that it
/// answers is believed.
public struct NotaryClient: Sendable {
    /// The server.
    public let server: NotaryServer
    /// The collection.
    public let gun: GUN
    private let connection: RegistryConnection
    private let sender: RequestSender
    private let timeout: Duration

    /// Makes a client; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - gun: The collection.
    ///   - server: The server.
    ///   - sender: What requests are sent with; it says where plain HTTP may go.
    ///   - timeout: How long one request may take, its retries included.
    ///   - credential: Looks up who asks; called when the server wants to know.
    public init(
        gun: GUN,
        on server: NotaryServer,
        sender: RequestSender,
        timeout: Duration = .seconds(60),
        credential: @escaping RegistryAuthorizer.CredentialSource
    ) {
        self.gun = gun
        self.server = server
        self.sender = sender
        self.timeout = timeout
        connection = RegistryConnection([
            // The credentials are the registry's, whose tokens are not the server's to choose.
            RegistryAuthorizer(
                registry: server.origin,
                sender: sender,
                tokenTimeout: timeout,
                takesForeignNames: false,
                credential: credential
            )
        ])
    }

    // MARK: Reading

    /// A metadata file: the current one, the one with a digest, or the one of a version.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - maximumLength: The most bytes to read.
    /// - Returns: Its bytes; nil when the server says that there is none.
    /// - Throws: ``NotaryError``.
    public func bytes(of file: MetadataFile, maximumLength: Int) async throws(NotaryError) -> [UInt8]? {
        let response = try await send(.get, Self.name(of: file), actions: [.pull], limit: maximumLength)
        if response.says(Self.absent) { return nil }
        guard response.isSuccess else { throw failure(response) }
        guard response.body.count <= maximumLength else { throw .server(.tooLarge(limit: Int64(maximumLength))) }
        // A page for people, or nothing at all, comes from somebody on the way.
        guard response.body.first(where: { !" \t\r\n".utf8.contains($0) }) == UInt8(ascii: "{") else {
            throw .server(.badResponse(response.head.url.origin, .body))
        }
        return response.body
    }

    /// The key with which the server signs a role: the present one, or one that it makes now, if the role has none.
    ///
    /// - Parameter role: The timestamp or the snapshot.
    /// - Returns: The public key.
    /// - Throws: ``NotaryError``.
    public func serverKey(of role: RoleName) async throws(NotaryError) -> TUFKey {
        try key(try await send(.get, "\(role).key", actions: [.pull, .push], limit: Self.keyLimit))
    }

    /// A new key for a role that the server signs. Nothing changes until a root with it is published.
    ///
    /// - Parameter role: The timestamp or the snapshot.
    /// - Returns: The public key.
    /// - Throws: ``NotaryError``.
    public func newServerKey(of role: RoleName) async throws(NotaryError) -> TUFKey {
        try key(try await send(.post, "\(role).key", actions: nil, limit: Self.keyLimit, body: .bytes([])))
    }

    // MARK: Writing

    /// Sends files in one update. The server checks them, signs the roles that it has keys for, and stores all or nothing.
    ///
    /// - Parameter files: The files by role.
    /// - Throws: ``NotaryError/versionTaken``, ``NotaryError/invalidUpdate(check:message:)``, ``NotaryError/server(_:)``.
    public func publish(_ files: [RoleName: [UInt8]]) async throws(NotaryError) {
        let form = MultipartForm(files: files.sorted { $0.key < $1.key }.map { ($0.key.string, $0.value) })
        let response = try await send(
            .post,
            "",
            actions: [.pull, .push],
            limit: 0,
            headers: [.contentType: form.contentType],
            body: .bytes(form.body)
        )
        guard response.isSuccess else { throw failure(response) }
    }

    /// Deletes everything that the server has of the collection.
    ///
    /// - Throws: ``NotaryError``.
    public func deleteAll() async throws(NotaryError) {
        let response = try await send(.delete, "", actions: nil, limit: 0)
        guard response.isSuccess else { throw failure(response) }
    }

    // MARK: Requests

    private static let absent: Set<String> = ["METADATA_NOT_FOUND", "GENERIC_NOT_FOUND"]
    private static let keyLimit = 256 << 10

    /// The name that a file has in the API. Roles keep their slashes there.
    private static func name(of file: MetadataFile) -> String {
        if let digest = file.digest { return "\(file.role).\(digest.hex).json" }
        if let version = file.version { return "\(version).\(file.role).json" }
        return "\(file.role).json"
    }

    private func send(
        _ method: HTTPRequest.Method,
        _ name: String,
        actions: Set<RepositoryScope.Action>?,
        limit: Int,
        headers: HTTPFields = [:],
        body: HTTPRequestBody = .none
    ) async throws(NotaryError) -> HTTPResponseMessage {
        let target = "\(server.path)/v2/\(gun)/_trust/tuf/\(name)"
        let limits = RequestLimits(maximumBodyBytes: Int64(max(limit, 65_536)), timeout: timeout)
        let scope = actions.map { RepositoryScope(repository: gun.string, actions: $0) } ?? .all(gun.string)
        do {
            return try await connection.send(scope: scope, limits: limits) { (origin) throws(TransportError) in
                let url = try HTTPURL(scheme: origin.scheme, authority: origin.authority, target: target)
                return HTTPRequestMessage(method, url, headers: headers, body: body)
            }
        } catch {
            throw .server(error)
        }
    }

    private func key(_ response: HTTPResponseMessage) throws(NotaryError) -> TUFKey {
        guard response.isSuccess else { throw failure(response) }
        guard let key = TUFKey(parsingNotary: response.body), key.publicKey != nil else {
            throw .server(.badResponse(response.head.url.origin, .body))
        }
        return key
    }

    private func failure(_ response: HTTPResponseMessage) -> NotaryError {
        let faults = RegistryFault.parse(response.body)
        if response.status.code == 400, faults.contains(where: { $0.code == "VERSION" }) { return .versionTaken }
        if response.status.code == 400, faults.contains(where: { $0.code == "INVALID_UPDATE" }) {
            let (check, message) = UpdateFault.parse(response.body)
            return .invalidUpdate(check: check, message: message)
        }
        return .server(response.failure(now: sender.clock.unixSeconds()))
    }
}

/// The typed detail of an `INVALID_UPDATE`.
enum UpdateFault {
    static func parse(_ body: [UInt8]) -> (check: String, message: String) {
        let limits = JSONLimits(maximumBytes: 65_536, maximumDepth: 16, maximumValues: 10_000)
        let document = try? JSONDocument(parsing: body, limits: limits)
        let detail = document?.root["errors"]?.elements.first { _ in true }?["detail"]
        let error = detail?["Error"]
        let message = error?["Msg"]?.string ?? ""
        let missing = error?["Missing"]?.string.map { " (missing: \($0))" } ?? ""
        return (detail?["Name"]?.string ?? "", String(decoding: (message + missing).utf8.prefix(500), as: UTF8.self))
    }
}
