import HTTPTypes
import NotaryAPI
import OCI
import OCIRegistry
import TUF
import TUFClient
import TrustCrypto
import TrustTestSupport
import TrustTransport

@testable import ContentTrust

/// A collection that was published several times, and a server that still has all of it.
struct NotaryHistory {
    static let repository = "registry.example.com/team/app"
    static let now = SimulatedClock.start
    static let alice = role("targets/alice")

    static func role(_ name: String) -> RoleName {
        do { return try RoleName(name) } catch { preconditionFailure("\(error)") }
    }

    private(set) var simulator: NotarySimulator
    /// The server's files, by their names in its API.
    private(set) var served: [String: [UInt8]] = [:]

    init() throws {
        simulator = try NotarySimulator(gun: Self.repository, now: Self.now)
    }

    /// The usual one: three roots, the releases delegated from the second publication on, and alice from the second to the
    /// third.
    static func usual() async throws -> NotaryHistory {
        var history = try NotaryHistory()
        history.simulator.tags[.targets] = ["1.0": digest("1.0")]
        try await history.publish()
        try history.simulator.delegate(to: alice)
        try history.simulator.delegate(to: NotarySimulator.releases)
        history.simulator.tags[NotarySimulator.releases] = ["2.0": digest("2.0")]
        try await history.publish([.targets])
        history.simulator.tags[NotarySimulator.releases] = ["2.0": digest("2.0"), "2.1": digest("2.1")]
        try await history.publish([NotarySimulator.releases, alice])
        history.simulator.delegations.removeAll { $0.role == alice }
        history.simulator.tags[alice] = nil
        history.simulator.replace(alice, with: nil)
        try await history.publish([.targets])
        try await history.rotateRoot()
        try await history.rotateRoot()
        return history
    }

    static func digest(_ text: String) -> Digest { Digest.compute(over: Array(text.utf8).span) }

    /// Publishes new versions of roles, and of the snapshot and timestamp.
    mutating func publish(_ roles: [RoleName] = []) async throws {
        if !served.isEmpty { raise(roles + [.snapshot, .timestamp]) }
        try await simulator.publish()
        serve()
    }

    /// Publishes these tags of the targets.
    mutating func publishTargets(_ tags: [String: Digest]) async throws {
        simulator.tags[.targets] = tags
        try await publish(served.isEmpty ? [] : [.targets])
    }

    mutating func rotateRoot() async throws {
        let former = simulator.keys[.root]
        simulator.keys[.root] = try PrivateKey.generate(.ecdsaP256)
        raise([.root, .snapshot, .timestamp])
        try await simulator.publish(formerRootKey: former)
        serve()
    }

    mutating func forget(_ name: String) { served[name] = nil }

    private mutating func raise(_ roles: [RoleName]) {
        for role in roles { simulator.versions[role, default: 0] += 1 }
    }

    private mutating func serve() {
        for (role, bytes) in simulator.files {
            served["\(role).json"] = bytes
            served["\(simulator.versions[role] ?? 1).\(role).json"] = bytes
            served["\(role).\(Digest.compute(over: bytes.span).hex).json"] = bytes
        }
    }

    // MARK: Sessions

    var subject: Subject {
        get throws { .registry(try RepositoryName(parsing: Self.repository)) }
    }

    /// A session on a machine of its own, for which the server is there.
    func session(_ directory: TemporaryDirectory, at now: Instant = now) -> TrustSession {
        let served = served
        let prefix = "/v2/\(Self.repository)/_trust/tuf/"
        let transport = InMemoryTransport { request in
            guard request.target.hasPrefix(prefix), let bytes = served[String(request.target.dropFirst(prefix.count))]
            else { return .text(.notFound, #"{"errors":[{"code":"METADATA_NOT_FOUND","message":"none"}]}"#) }
            return .response(.ok, headers: [:], body: bytes)
        }
        let sender = RequestSender(transport: transport, clock: FakeTime().clock())
        return TrustSession(
            home: TrustHome(path: directory.file("home")),
            clock: SimulatedClock(now),
            notary: { _, gun, server in
                NotaryClient(gun: gun, on: server, sender: sender) { () async throws(RegistryAuthError) in .anonymous }
            },
            client: { (_) throws(RegistryError) in throw .cancelled }
        )
    }

    /// Pins a root of the collection.
    func pin(_ root: Int64, in session: TrustSession, replacing: Bool = false) async throws {
        let bytes = simulator.roots[root] ?? []
        let pin = Pin(scope: .repository(Self.repository), dialect: .notary, anchor: .root(bytes))
        _ = try await session.home.pins.add(pin, replacing: replacing)
    }

    static let server = StoreLocation.notaryOfRegistry
}
