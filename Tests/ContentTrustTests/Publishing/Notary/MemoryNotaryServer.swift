import CanonicalJSON
import HTTPTypes
import NotaryAPI
import OCIRegistry
import TUF
import TUFClient
import TrustCrypto
import TrustTestSupport
import TrustTransport

@testable import ContentTrust

/// A Notary server in memory, for one collection: it keeps every file, looks at nothing but versions, and signs the
/// timestamp and, where it has the key, the snapshot.
actor MemoryNotaryServer {
    /// What it has.
    struct Store: Sendable {
        /// The current files.
        var files: [RoleName: [UInt8]] = [:]
        /// All files, by their names in its API.
        var named: [String: [UInt8]] = [:]
    }

    /// What it has; a test may put back what was there before.
    var store = Store()
    /// Whether the next update is stored, its answer lost, and the server out of reach from then on.
    private var losesAnswer = false
    private var isAway = false
    private var keys: [RoleName: [PrivateKey]] = [:]
    private let clock: SimulatedClock

    init(clock: SimulatedClock) { self.clock = clock }

    func restore(_ store: Store) { self.store = store }

    func goAwayAfterTheNextUpdate() { losesAnswer = true }

    func comeBack() { isAway = false }

    /// A current file.
    func file(_ role: RoleName) -> [UInt8] { store.files[role] ?? [] }

    /// Puts a file in the place of a delegated role's, as a server does whose own keys sign what it likes.
    func replace(_ role: RoleName, with bytes: [UInt8]) async throws {
        keep(role, bytes)
        try await signSnapshot([role: bytes])
        try await signTimestamp()
    }

    /// Signs a timestamp of the current snapshot anew.
    func signTimestamp() async throws {
        let snapshot = file(.snapshot)
        let version = try version(.timestamp, Timestamp.self) + 1
        let expires = clock.now().advanced(bySeconds: DefaultLifetime.seconds(of: .timestamp))
        let draft = NotaryDraft(timestampOf: snapshot, version: version, expires: expires)
        guard let key = signingKey(.timestamp, try root()) else { throw FixtureError.missing("a timestamp key") }
        keep(.timestamp, try await draft.signed(by: [key]).bytes)
    }

    // MARK: Requests

    func answer(_ request: InMemoryTransport.Received) async -> InMemoryTransport.Reply {
        guard !isAway else { return .failure(TransportError(.unreachable(.system))) }
        guard let range = request.target.firstRange(of: "/_trust/tuf/") else { return .text(.notFound) }
        let name = String(request.target[range.upperBound...])
        do {
            switch (request.method, name) {
            case (.post, ""):
                guard try await update(Self.parts(request)) else {
                    return .text(.badRequest, #"{"errors":[{"code":"VERSION","message":"old","detail":{}}]}"#)
                }
                isAway = losesAnswer
                losesAnswer = false
                return isAway ? .failure(TransportError(.unreachable(.system))) : .text(.ok)
            case (_, "snapshot.key"), (_, "timestamp.key"):
                let role = try RoleName(String(name.dropLast(4)))
                let key = try request.method == .get ? keys[role]?.last ?? makeKey(role) : makeKey(role)
                let listed = TUFKey(notary: key.publicKey)
                return .response(.ok, headers: [:], body: listed.json.jsonBytes(pretty: false))
            default:
                guard let bytes = store.named[name] else {
                    return .text(.notFound, #"{"errors":[{"code":"METADATA_NOT_FOUND","message":"none"}]}"#)
                }
                return .response(.ok, headers: [:], body: bytes)
            }
        } catch {
            return .text(.internalServerError, "\(error)")
        }
    }

    private func update(_ files: [RoleName: [UInt8]]) async throws -> Bool {
        for (role, bytes) in files {
            guard let present = store.files[role] else { continue }
            guard try Self.version(bytes, role) > Self.version(present, role) else { return false }
        }
        for (role, bytes) in files { keep(role, bytes) }
        if files[.snapshot] == nil { try await signSnapshot(files) }
        try await signTimestamp()
        return true
    }

    private func signSnapshot(_ files: [RoleName: [UInt8]]) async throws {
        guard let key = signingKey(.snapshot, try root()) else { throw FixtureError.missing("a snapshot key") }
        var records: [RoleName: MetaRecord] = [:]
        if let present = store.files[.snapshot] { records = try Snapshot(unverifiedNotary: present, .snapshot).roles }
        for (role, bytes) in files { records[role] = MetaRecord(of: bytes) }
        let expires = clock.now().advanced(bySeconds: DefaultLifetime.seconds(of: .snapshot))
        let version = try version(.snapshot, Snapshot.self) + 1
        let draft = NotaryDraft(snapshotListing: records, version: version, expires: expires)
        keep(.snapshot, try await draft.signed(by: [key]).bytes)
    }

    // MARK: Files and keys

    private func keep(_ role: RoleName, _ bytes: [UInt8]) {
        store.files[role] = bytes
        store.named["\(role).json"] = bytes
        store.named["\(role).\(Digest.compute(over: bytes.span).hex).json"] = bytes
        if let version = try? Self.version(bytes, role) { store.named["\(version).\(role).json"] = bytes }
    }

    private func makeKey(_ role: RoleName) throws -> PrivateKey {
        let key = try PrivateKey.generate(.ed25519)
        keys[role, default: []].append(key)
        return key
    }

    private func root() throws -> Root { try Root(unverifiedNotary: file(.root), .root) }

    private func signingKey(_ role: RoleName, _ root: Root) -> SigningKey? {
        for key in keys[role] ?? [] {
            let id = TUFKey(notary: key.publicKey).computedID
            if root.roleKeys(role)?.keyIDs.contains(id) == true { return SigningKey(keyID: id, signer: key) }
        }
        return nil
    }

    private func version<Payload: RolePayload>(_ role: RoleName, _: Payload.Type) throws -> Int64 {
        try store.files[role].map { try Payload(unverifiedNotary: $0, role).common.version } ?? 0
    }

    private static func version(_ bytes: [UInt8], _ role: RoleName) throws -> Int64 {
        switch role {
        case .root: try Root(unverifiedNotary: bytes, role).common.version
        case .snapshot: try Snapshot(unverifiedNotary: bytes, role).common.version
        case .timestamp: try Timestamp(unverifiedNotary: bytes, role).common.version
        default: try Targets(unverifiedNotary: bytes, role).common.version
        }
    }

    /// The parts of a form as the client writes it. Metadata has no line ends.
    private static func parts(_ request: InMemoryTransport.Received) throws -> [RoleName: [UInt8]] {
        var files: [RoleName: [UInt8]] = [:]
        var role: RoleName?
        for line in String(decoding: request.body, as: UTF8.self).split(separator: "\r\n") {
            if let found = line.firstRange(of: "filename=\"") {
                role = try RoleName(String(line[found.upperBound...].dropLast()))
            } else if let present = role, line.first == "{" {
                files[present] = Array(line.utf8)
                role = nil
            }
        }
        return files
    }
}
