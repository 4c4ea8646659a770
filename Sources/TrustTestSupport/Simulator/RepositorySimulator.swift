public import CanonicalJSON
import Synchronization
public import TUF
public import TUFClient
import TrustCrypto

/// A TUF repository in memory that signs when it is asked: set a field, and the next file has it.
///
/// It makes its metadata by itself, without the code that is tested, so that it can make what that code refuses to.
/// After changing a role call the `publish` function that links it: ``publish()``, ``publishSnapshot()``,
/// ``publishTimestamp()``, ``publishRoot(signedBy:)``. An attacker may leave that out.
public final class RepositorySimulator: MetadataSource {
    struct State: Sendable {
        var repository: String?
        var root: SimulatedRoot
        var timestamp: SimulatedTimestamp
        var snapshot: SimulatedSnapshot
        var targets: SimulatedTargets
        var delegated: [RoleName: SimulatedTargets] = [:]
        var signers: [RoleName: [SimulatedKey]] = [:]
        var roots: [Int64: [UInt8]] = [:]
        var previousRootKeys: [SimulatedKey] = []
        var listsHashes = true
        var issued: Instant?
        var faults: [String: SimulatorFault] = [:]
        var requests: [SimulatorRequest] = []
        var signatures: [[UInt8]: JSONValue] = [:]
    }

    private let state: Mutex<State>

    /// A repository with one key a role, version 1 of every role, and one tag, `1.0`.
    ///
    /// - Parameters:
    ///   - repository: The name in every role's ``TrustDataField/repository``; nil for general TUF metadata.
    ///   - now: The time at which it was made. The root lives for ten years, the timestamp for 14 days, the others for
    ///     three years.
    ///   - keys: The key of each role; nil takes ``SimulatedKey/of(_:)``.
    public init(
        repository: String? = "registry.example.com/team/app",
        now: Instant = SimulatedClock.start,
        keys: [RoleName: SimulatedKey] = [:]
    ) {
        var roles: [RoleName: SimulatedRoleKeys] = [:]
        for role in RoleName.topLevel { roles[role] = SimulatedRoleKeys([keys[role] ?? .of(role)]) }
        let year: Int64 = 365 * 86_400
        let root = SimulatedRoot(expires: now.advanced(bySeconds: 10 * year), roles: roles)
        state = Mutex(
            State(
                repository: repository,
                root: root,
                timestamp: SimulatedTimestamp(expires: now.advanced(bySeconds: 14 * 86_400)),
                snapshot: SimulatedSnapshot(expires: now.advanced(bySeconds: 3 * year)),
                targets: SimulatedTargets(expires: now.advanced(bySeconds: 3 * year))
            )
        )
        setTarget("1.0", to: "the first image")
        state.withLock { state in
            state.roots[1] = state.file(.root)
            state.previousRootKeys = state.root.roles[.root]?.keys ?? []
            state.linkSnapshot()
            state.linkTimestamp()
        }
    }

    private init(_ state: State) {
        self.state = Mutex(state)
    }

    /// A repository that is the same now, and goes its own way from here: what an attacker makes of it.
    ///
    /// - Returns: The copy, without the requests so far.
    public func copy() -> RepositorySimulator {
        var copied = state.withLock { $0 }
        copied.requests = []
        return RepositorySimulator(copied)
    }

    // MARK: What can be set

    /// The name of the repository in every role.
    public var repository: String? {
        get { state.withLock(\.repository) }
        set { state.withLock { $0.repository = newValue } }
    }
    /// What ``publishRoot(signedBy:)`` publishes next, but for its version.
    public var root: SimulatedRoot {
        get { state.withLock(\.root) }
        set { state.withLock { $0.root = newValue } }
    }
    /// The timestamp.
    public var timestamp: SimulatedTimestamp {
        get { state.withLock(\.timestamp) }
        set { state.withLock { $0.timestamp = newValue } }
    }
    /// The snapshot.
    public var snapshot: SimulatedSnapshot {
        get { state.withLock(\.snapshot) }
        set { state.withLock { $0.snapshot = newValue } }
    }
    /// The top-level targets.
    public var targets: SimulatedTargets {
        get { state.withLock(\.targets) }
        set { state.withLock { $0.targets = newValue } }
    }
    /// The delegated roles that have a file.
    public var delegated: [RoleName: SimulatedTargets] {
        get { state.withLock(\.delegated) }
        set { state.withLock { $0.delegated = newValue } }
    }
    /// Who signs a role; a top-level role that is not in it is signed by all keys that the root gives it, a delegated one by
    /// nobody.
    public var signers: [RoleName: [SimulatedKey]] {
        get { state.withLock(\.signers) }
        set { state.withLock { $0.signers = newValue } }
    }
    /// The published roots by version.
    public var roots: [Int64: [UInt8]] {
        get { state.withLock(\.roots) }
        set { state.withLock { $0.roots = newValue } }
    }
    /// Whether timestamp and snapshot list length and hashes besides versions.
    public var listsHashes: Bool {
        get { state.withLock(\.listsHashes) }
        set { state.withLock { $0.listsHashes = newValue } }
    }
    /// When all roles say they were signed; nil leaves the field out.
    public var issued: Instant? {
        get { state.withLock(\.issued) }
        set { state.withLock { $0.issued = newValue } }
    }
    /// What goes wrong, by file name.
    public var faults: [String: SimulatorFault] {
        get { state.withLock(\.faults) }
        set { state.withLock { $0.faults = newValue } }
    }
    /// What was asked for, in order.
    public var requests: [SimulatorRequest] { state.withLock(\.requests) }

    /// The names of the files that were asked for since the last call, in order.
    ///
    /// - Returns: The names.
    public func takeRequests() -> [String] {
        state.withLock { state in
            defer { state.requests = [] }
            return state.requests.map(\.file)
        }
    }

    /// Lists a target.
    ///
    /// - Parameters:
    ///   - path: Its path.
    ///   - content: What it is the digest of.
    public func setTarget(_ path: String, to content: String) {
        targets.setTarget(path, to: content)
    }

    // MARK: Publishing

    /// Raises the version of the targets, the snapshot and the timestamp, and links them.
    public func publish() {
        targets.version += 1
        publishSnapshot()
    }

    /// Raises the version of the snapshot and the timestamp, and links them to the targets as they are.
    public func publishSnapshot() {
        state.withLock { state in
            state.snapshot.version += 1
            state.linkSnapshot()
        }
        publishTimestamp()
    }

    /// Raises the version of the timestamp and links it to the snapshot as it is.
    public func publishTimestamp() {
        state.withLock { state in
            state.timestamp.version += 1
            state.linkTimestamp()
        }
    }

    /// Links snapshot and timestamp without raising any version.
    public func link() {
        state.withLock { state in
            state.linkSnapshot()
            state.linkTimestamp()
        }
    }

    /// Publishes ``root`` with the next version.
    ///
    /// - Parameter keys: Who signs; nil takes the root keys of the root before and of this one.
    public func publishRoot(signedBy keys: [SimulatedKey]? = nil) {
        state.withLock { state in
            let before = state.previousRootKeys
            state.root.version += 1
            let own = state.root.roles[.root]?.keys ?? []
            let all = keys ?? own + before.filter { key in !own.contains { $0.id == key.id } }
            state.roots[state.root.version] = state.envelope(of: .root, signedBy: all)
            state.previousRootKeys = own
        }
    }

    // MARK: Files

    /// The file of a role as it would be served now.
    ///
    /// - Parameter role: The role; root gives the newest one.
    /// - Returns: Its bytes.
    public func file(_ role: RoleName) -> [UInt8] {
        state.withLock { $0.file(role) }
    }

    /// All files that are served now, by name.
    ///
    /// - Returns: The files.
    public func files() -> [String: [UInt8]] {
        state.withLock { state in
            var files: [String: [UInt8]] = [:]
            for (version, bytes) in state.roots { files["\(version).root.json"] = bytes }
            for role in RoleName.topLevel.dropFirst() + Array(state.delegated.keys) {
                files[state.name(of: role)] = state.file(role)
            }
            return files
        }
    }

    /// Serves files that were kept earlier, and nothing else: a mirror that went back, or never goes on.
    ///
    /// - Parameter files: What ``files()`` gave.
    public func serveOnly(_ files: [String: [UInt8]]) {
        state.withLock { state in
            state.faults = files.mapValues { .bytes($0) }
            state.faults["*"] = .missing
        }
    }

    /// Signs any object as the file of a role.
    ///
    /// - Parameters:
    ///   - signed: What lies under `signed`.
    ///   - keys: Who signs.
    /// - Returns: The file.
    public static func envelope(_ signed: JSONValue, signedBy keys: [SimulatedKey]) -> [UInt8] {
        let message = canonical(signed)
        return JSONValue.object([
            "signatures": .array(keys.map { $0.signatureEntry(over: message) }), "signed": signed,
        ]).jsonBytes(pretty: false)
    }

    /// What lies under `signed` in the file of a role as it would be served now.
    ///
    /// - Parameter role: One of the top-level roles.
    /// - Returns: The object.
    public func signed(_ role: RoleName) -> JSONObject {
        state.withLock { $0.signed(role) }
    }

    /// Who signs a role now.
    ///
    /// - Parameter role: One of the top-level roles.
    /// - Returns: The keys.
    public func currentSigners(_ role: RoleName) -> [SimulatedKey] {
        state.withLock { $0.currentSigners(role) }
    }

    /// The canonical form of what a test signs.
    ///
    /// - Parameter value: A value that has one.
    /// - Returns: The bytes.
    public static func canonical(_ value: JSONValue) -> [UInt8] {
        do {
            return try value.canonicalBytes()
        } catch {
            preconditionFailure("what a test signs has a canonical form: \(error)")
        }
    }

    // MARK: MetadataSource

    /// The file, or what goes wrong with it.
    public func bytes(of file: MetadataFile, maximumLength: Int) async throws(SimulatorFailure) -> [UInt8]? {
        let name = file.name
        let (fault, bytes) = state.withLock { state in
            state.requests.append(SimulatorRequest(file: name, maximumLength: maximumLength))
            return (state.faults[name] ?? state.faults["*"], state.content(of: file))
        }
        switch fault {
        case .missing: return nil
        case .cutConnection: throw .cutConnection
        case .endless: throw .tooLong(limit: maximumLength)
        case .bytes(let bytes): return try limited(bytes, maximumLength)
        case .unlimitedBytes(let bytes): return bytes
        case nil:
            guard let bytes else { return nil }
            return try limited(bytes, maximumLength)
        }
    }

    private func limited(_ bytes: [UInt8], _ limit: Int) throws(SimulatorFailure) -> [UInt8] {
        guard bytes.count <= limit else { throw .tooLong(limit: limit) }
        return bytes
    }
}

extension RepositorySimulator.State {
    func signed(_ role: RoleName) -> JSONObject {
        switch role {
        case .root: root.signed(repository: repository, issued: issued)
        case .timestamp: timestamp.signed(repository: repository, issued: issued)
        case .snapshot: snapshot.signed(repository: repository, issued: issued)
        default: (delegated[role] ?? targets).signed(repository: repository, issued: issued)
        }
    }

    func currentSigners(_ role: RoleName) -> [SimulatedKey] {
        signers[role] ?? root.roles[role]?.keys ?? []
    }

    mutating func file(_ role: RoleName) -> [UInt8] {
        if role == .root, let published = roots[root.version] { return published }
        return envelope(of: role, signedBy: currentSigners(role))
    }

    /// ECDSA signatures differ each time, and what lists a file's hash needs the same bytes: so they are kept.
    mutating func envelope(of role: RoleName, signedBy keys: [SimulatedKey]) -> [UInt8] {
        let signed = JSONValue.object(signed(role))
        let message = RepositorySimulator.canonical(signed)
        var entries: [JSONValue] = []
        for key in keys {
            // By the key itself as well: another one may go by its id.
            let name = "\(key.id) \(key.scheme.rawValue)"
            let memory = Array(name.utf8) + key.spki + message
            let entry = signatures[memory] ?? key.signatureEntry(over: message)
            signatures[memory] = entry
            entries.append(entry)
        }
        return JSONValue.object(["signatures": .array(entries), "signed": signed]).jsonBytes(pretty: false)
    }

    mutating func linkSnapshot() {
        for role in [RoleName.targets] + delegated.keys.sorted() {
            snapshot.meta["\(role.string).json"] = .object(record(version: version(of: role), of: file(role)))
        }
    }

    mutating func linkTimestamp() {
        timestamp.snapshot = record(version: snapshot.version, of: file(.snapshot))
    }

    private func record(version: Int64, of bytes: [UInt8]) -> JSONObject {
        var record: JSONObject = ["version": .integer(version)]
        if listsHashes {
            record["length"] = .integer(Int64(bytes.count))
            record["hashes"] = ["sha256": .string(Digest.compute(.sha256, over: bytes.span).hex)]
        }
        return record
    }

    func version(of role: RoleName) -> Int64 {
        switch role {
        case .root: root.version
        case .timestamp: timestamp.version
        case .snapshot: snapshot.version
        default: (delegated[role] ?? targets).version
        }
    }

    func name(of role: RoleName) -> String {
        let isVersioned = role != .timestamp && root.consistentSnapshot == true
        return MetadataFile(role: role, version: isVersioned ? version(of: role) : nil).name
    }

    mutating func content(of file: MetadataFile) -> [UInt8]? {
        if file.role == .root { return file.version.flatMap { roots[$0] } }
        guard RoleName.topLevel.contains(file.role) || delegated[file.role] != nil, file.name == name(of: file.role)
        else { return nil }
        return self.file(file.role)
    }
}
