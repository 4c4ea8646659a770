import HTTPTypes
import OCI
import Synchronization
import TrustCrypto
import TrustTestSupport
import TrustTransport

@testable import OCIRegistry

/// A registry in memory that does what the specification says, so that one answer of it can be replaced by a wrong one.
final class FakeRegistry: Sendable {
    struct State {
        var blobs: [String: [UInt8]] = [:]
        var manifests: [String: (type: String, bytes: [UInt8])] = [:]
        var tags: [String: String] = [:]
        var uploads = 0
    }

    let state = Mutex(State())
    let repository: String

    init(repository: String = "team/app") { self.repository = repository }

    func reply(to request: InMemoryTransport.Received) -> InMemoryTransport.Reply {
        let path = String(request.target.prefix { $0 != "?" })
        if path == "/v2/" { return .text(.ok, "{}") }
        guard path.hasPrefix("/v2/\(repository)/") else { return Self.error(.notFound, "NAME_UNKNOWN") }
        let rest = path.dropFirst("/v2/\(repository)/".count).split(separator: "/").map(String.init)
        return state.withLock { state in
            switch (request.method, rest.first, rest.count) {
            case (.get, "manifests", 2), (.head, "manifests", 2): return Self.manifest(rest[1], state)
            case (.put, "manifests", 2):
                let digest = Digest.compute(over: request.body.span).description
                state.manifests[digest] = (request.headers[.contentType] ?? "", request.body)
                if !rest[1].contains(":") { state.tags[rest[1]] = digest }
                return .response(.created, headers: [.dockerContentDigest: digest], body: [])
            case (.delete, "manifests", 2):
                guard state.manifests.removeValue(forKey: state.tags[rest[1]] ?? rest[1]) != nil else {
                    return Self.error(.notFound, "MANIFEST_UNKNOWN")
                }
                return .text(.accepted)
            case (.get, "blobs", 2), (.head, "blobs", 2):
                guard let bytes = state.blobs[rest[1]] else { return Self.error(.notFound, "BLOB_UNKNOWN") }
                return .response(.ok, headers: [.contentLength: "\(bytes.count)"], body: bytes)
            case (.post, "blobs", 2):
                state.uploads += 1
                return .text(
                    .accepted,
                    headers: [.location: "/v2/\(repository)/blobs/uploads/\(state.uploads)?_state=a%3D"]
                )
            case (.put, "blobs", 3):
                let digest = Digest.compute(over: request.body.span).description
                guard request.target.hasSuffix("?_state=a%3D&digest=\(HTTPURL.percentEncoded(digest))") else {
                    return Self.error(.badRequest, "DIGEST_INVALID")
                }
                state.blobs[digest] = request.body
                return .text(.created)
            case (.get, "tags", 2):
                let list = state.tags.keys.sorted().map { #""\#($0)""# }.joined(separator: ",")
                return .text(.ok, #"{"name":"\#(repository)","tags":[\#(list)]}"#)
            default: return Self.error(.methodNotAllowed, "UNSUPPORTED")
            }
        }
    }

    private static func manifest(_ name: String, _ state: State) -> InMemoryTransport.Reply {
        guard let found = state.manifests[state.tags[name] ?? name] else {
            return error(.notFound, "MANIFEST_UNKNOWN")
        }
        let headers: HTTPFields = [
            .contentType: found.type, .contentLength: "\(found.bytes.count)",
            .dockerContentDigest: Digest.compute(over: found.bytes.span).description,
        ]
        return .response(.ok, headers: headers, body: found.bytes)
    }

    static func error(_ status: HTTPResponse.Status, _ codes: String...) -> InMemoryTransport.Reply {
        let list = codes.map { #"{"code":"\#($0)","message":"no"}"# }.joined(separator: ",")
        return .text(status, #"{"errors":[\#(list)]}"#)
    }
}

/// A client over an in-memory transport, with time that does not pass by itself.
struct ClientFixture {
    let registry = FakeRegistry()
    let transport: InMemoryTransport
    let client: RegistryClient

    static let origin: HTTPOrigin = {
        do {
            return try HTTPURL(parsing: "https://registry.example.com").origin
        } catch {
            preconditionFailure("\(error)")
        }
    }()

    /// `replace` gives the answer to a request (with its number from 0), or nil to let the registry answer.
    init(
        _ name: String = "registry.example.com/team/app",
        limits: RegistryLimits = RegistryLimits(),
        plainHTTP: PlainHTTPRule = .loopbackOnly,
        credential: RegistryCredential = .anonymous,
        replace: @escaping @Sendable (InMemoryTransport.Received, Int) -> InMemoryTransport.Reply? = { _, _ in nil }
    ) throws {
        let registry = registry
        let counter = Counter()
        transport = InMemoryTransport { request in
            replace(request, counter.next()) ?? registry.reply(to: request)
        }
        client = try RegistryClient(
            repository: RepositoryName(parsing: name),
            sender: RequestSender(transport: transport, plainHTTP: plainHTTP, clock: FakeTime().clock()),
            limits: limits,
            credential: { () async throws(RegistryAuthError) in credential }
        )
    }

    /// What was asked, for example `HEAD /v2/team/app/manifests/1`.
    var log: [String] { transport.requests.map { "\($0.method.rawValue) \($0.target)" } }
}

private final class Counter: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
        value.withLock { current in
            current += 1
            return current - 1
        }
    }
}
