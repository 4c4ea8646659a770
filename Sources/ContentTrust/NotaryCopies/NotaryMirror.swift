import NotaryAPI
public import TUF
import TUFClient
public import TrustCrypto

/// Copies a collection with its history from a Notary server into one file that can be verified without the server.
public struct NotaryMirror: Sendable {
    /// Upper bounds for what one archive holds. What goes beyond them is left out of the history, never of the current set.
    public struct Limits: Sendable, Hashable {
        /// How many earlier versions are asked for. Default 50,000.
        public var lookups = 50_000
        /// Bytes of all files. Default 512 MiB.
        public var bytes = 512 << 20
        /// Delegated roles. Default 4,096.
        public var roles = 4096

        /// The defaults.
        public init() {}
    }

    private let session: TrustSession
    private let limits: Limits

    /// A mirror.
    ///
    /// - Parameters:
    ///   - session: Home, clock and servers.
    ///   - limits: How much is copied.
    public init(session: TrustSession, limits: Limits = Limits()) {
        self.session = session
        self.limits = limits
    }

    /// Copies a collection: the current set, all roots, and every earlier version of each role that the server still has,
    /// also of roles that nobody delegates to any more.
    ///
    /// Where the repository is pinned, the current set is verified as for every verdict, but for expiry, and nothing is
    /// handed out that is refused.
    ///
    /// - Parameters:
    ///   - subject: Whose collection.
    ///   - location: The Notary server.
    ///   - progress: Is told how many files were copied.
    /// - Returns: The archive, and what is in it.
    /// - Throws: ``Refusal``: ``Reason/usage`` for a location that is no Notary server, ``Reason/unsignedRepository`` when
    ///   there is no such collection, ``Reason/trustDataMissing`` when it was pinned or seen before, ``Reason/badResponse`` when the server lacks files of its current set,
    ///   ``Reason/unreachable`` and ``Reason/unauthorized``, and what verification finds.
    public func archive(
        of subject: Subject,
        at location: StoreLocation,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws(Refusal) -> NotaryArchiveReport {
        guard let store = try session.store(for: subject, at: location) as? NotaryTrustStore else {
            throw Refusal(
                .usage,
                checked: "the store to copy \(subject) from",
                found: "one that is no Notary server",
                expected: "notary+https://HOST or notary"
            )
        }
        let now = session.clock.now()
        var copying = Copying(client: store.client, limits: limits, checked: "copying of \(subject) from \(store.name)")
        copying.progress = progress
        guard try await copying.currentSet() else {
            let repository = subject.description
            let pin = try session.pin(for: repository, dialect: .notary)
            throw try session.missing(subject, in: store, repository: repository, pin: pin)
        }
        // Before the history is asked for, which takes a while.
        let verification = try await verify(copying.files, of: subject, in: store, now: now)
        try await copying.history()
        return NotaryArchiveReport(
            repository: subject.description,
            server: store.client.server.description,
            taken: now,
            roots: copying.files.keys.count { $0.role == .root && $0.version != nil },
            missingRoots: copying.missingRoots,
            roles: Set(copying.files.keys.map(\.role)).sorted(),
            currentFiles: copying.current.count,
            historyFiles: copying.files.keys.count { $0.role != .root && $0.version != nil },
            isComplete: copying.isComplete,
            verification: verification,
            bytes: NotaryArchive.bytes(
                copying.files,
                gun: store.client.gun,
                server: store.client.server,
                taken: now
            )
        )
    }

    private func verify(
        _ files: [MetadataFile: [UInt8]],
        of subject: Subject,
        in store: NotaryTrustStore,
        now: Instant
    ) async throws(Refusal) -> NotaryArchiveReport.Verification {
        let repository = subject.description
        let pin = try session.pin(for: repository, dialect: .notary)
        do throws(UpdateError<TrustStoreError>) {
            let data: NotaryFilesTrustData?
            do { data = try NotaryFilesTrustData(files: .memory(files), path: store.name) } catch {
                throw .source(error)
            }
            guard let data else { throw .missing(.timestamp) }
            guard let pin else {
                return .unpinned(try await UnverifiedTrustData(reading: data, dialect: .notary))
            }
            let reader = NotaryReader(
                session: session,
                subject: subject,
                store: store,
                repository: repository,
                pin: pin,
                now: now
            )
            let (state, expired) = try await reader.read(data)
            return .verified(
                pin,
                expired: expired.map {
                    Refusal.metadata($0, checked: "expiry of \(subject)", pin: pin, subject: subject).found
                },
                unreadableRoles: state.unreadable.keys.sorted()
            )
        } catch {
            throw Refusal.update(error, subject: subject, store: store.name, pin: pin)
        }
    }
}

/// What an archive of a Notary collection holds.
public struct NotaryArchiveReport: Sendable {
    /// What the current set was checked by.
    public enum Verification: Sendable {
        /// It verifies from a pin, but for the role that has expired, if any, and for the files of some delegated roles.
        case verified(Pin, expired: String?, unreadableRoles: [RoleName])
        /// Nothing is pinned. ``UnverifiedTrustData/pin(for:)`` would pin what it claims.
        case unpinned(UnverifiedTrustData)
    }

    /// The collection.
    public let repository: String
    /// The server that it was copied from.
    public let server: String
    /// When.
    public let taken: Instant
    /// How many roots there are.
    public let roots: Int
    /// Versions of roots that the server did not have.
    public let missingRoots: [Int64]
    /// The roles of which there are files, also such as nobody delegates to any more.
    public let roles: [RoleName]
    /// How many files the current set has.
    public let currentFiles: Int
    /// How many earlier files there are, besides roots.
    public let historyFiles: Int
    /// Whether the whole history was asked for: false when a limit was reached.
    public let isComplete: Bool
    /// What was verified of the current set.
    public let verification: Verification
    /// The archive.
    public let bytes: [UInt8]
    /// Its digest.
    public var digest: Digest { Digest.compute(.sha256, over: bytes.span) }
}

/// One run of copying.
private struct Copying {
    let client: NotaryClient
    let limits: NotaryMirror.Limits
    let checked: String
    var progress: @Sendable (Int) -> Void = { _ in }

    /// The files by the names that they are asked for in an archive.
    private(set) var files: [MetadataFile: [UInt8]] = [:]
    /// Those of the current set.
    private(set) var current: Set<MetadataFile> = []
    private(set) var missingRoots: [Int64] = []
    private(set) var isComplete = true

    private var size = 0
    private var lookups = 0
    /// The present version of each role of the current set.
    private var versions: [RoleName: Int64] = [:]
    /// Delegated roles that any file names.
    private var delegated: Set<RoleName> = []
    /// What the newest snapshot that lists a delegated role says of it.
    private var formerRecords: [RoleName: MetaRecord] = [:]

    private static let width = 8
    /// How many files of the history are asked for before what came is counted.
    private static let chunk = 16

    init(client: NotaryClient, limits: NotaryMirror.Limits, checked: String) {
        self.client = client
        self.limits = limits
        self.checked = checked
    }

    // MARK: The current set

    /// Copies the current set and all roots; false when there is no collection.
    mutating func currentSet() async throws(Refusal) -> Bool {
        guard let bytes = try await bytes(of: .timestamp) else { return false }
        try keep(bytes, as: .timestamp)
        let timestamp = try parsed(bytes, .timestamp, as: Timestamp.self)
        versions[.timestamp] = timestamp.common.version
        let snapshotBytes = try await listed(.snapshot, timestamp.snapshot)
        let snapshot = try parsed(snapshotBytes, .snapshot, as: Snapshot.self)
        versions[.snapshot] = snapshot.common.version
        note(snapshot)

        let roles = snapshot.roles.filter { $0.key != .root && $0.key.isOfNotary }
        guard roles.count <= limits.roles else { throw refusal(.badSignature, "more than \(limits.roles) roles") }
        // A few at a time, so that no more of them are in memory than the limit allows and these.
        var rest = roles.sorted { $0.key < $1.key }[...]
        while !rest.isEmpty {
            let found = try await Concurrently.map(Array(rest.prefix(Self.width)), width: Self.width) {
                [self] (role, record) throws(Refusal) in
                (role, try await required(role, record))
            }
            rest = rest.dropFirst(Self.width)
            for (role, (file, bytes)) in found {
                try keep(bytes, as: file)
                let targets = try parsed(bytes, role, as: Targets.self)
                versions[role] = targets.common.version
                note(targets)
            }
        }
        guard versions[.targets] != nil, let rootRecord = snapshot.roles[.root] else {
            throw refusal(.badSignature, "a snapshot without root or targets")
        }
        // By its digest: a newer one could have come meanwhile.
        let root = try await required(.root, rootRecord).bytes
        try keep(root, as: .newestRoot)
        try await roots(below: try parsed(root, .root, as: Root.self).common.version, newest: root)
        current = Set(files.keys.filter { $0.version == nil })
        return true
    }

    private mutating func roots(below version: Int64, newest: [UInt8]) async throws(Refusal) {
        try keep(newest, as: .root(version))
        let limit = Int64(TUFLimits().rootRotations)
        guard version <= limit else { throw refusal(.badSignature, "more than \(limit) roots") }
        let found = try await Concurrently.map(Array(1..<version), width: Self.width) {
            [self] (version) throws(Refusal) in
            (version, try await bytes(of: .root(version)))
        }
        for (version, bytes) in found {
            if let bytes { try keep(bytes, as: .root(version)) } else { missingRoots.append(version) }
        }
    }

    private mutating func listed(_ role: RoleName, _ record: MetaRecord) async throws(Refusal) -> [UInt8] {
        let (file, bytes) = try await required(role, record)
        try keep(bytes, as: file)
        return bytes
    }

    // MARK: History

    /// Copies the earlier versions that the server still has.
    mutating func history() async throws(Refusal) {
        // Snapshots first: they name roles that are delegated to no more.
        for role in [RoleName.snapshot, .timestamp, .targets] {
            if let version = versions[role] { try await history(of: role, below: version) }
        }
        var done: Set<RoleName> = []
        while let role = delegated.subtracting(done).min() {
            guard done.count < limits.roles else {
                isComplete = false
                return
            }
            done.insert(role)
            try await history(of: role, below: try await end(of: role))
        }
    }

    /// The version before which the history of a delegated role lies: the present one or, where nobody delegates to it any
    /// more, the one after its last.
    private mutating func end(of role: RoleName) async throws(Refusal) -> Int64 {
        if let version = versions[role] { return version }
        var version: Int64 = 1
        if let record = formerRecords[role], let last = try await listedFile(role, record)?.bytes,
            let targets = try? Targets(unverifiedNotary: last, role), targets.common.version < .max
        {
            version = targets.common.version + 1
        }
        // The snapshots that list later ones may be lost.
        while version < .max, lookups < limits.lookups,
            try await bytes(of: MetadataFile(role: role, version: version)) != nil
        {
            lookups += 1
            version += 1
        }
        return version
    }

    /// Goes down from a version. Versions may be missing.
    private mutating func history(of role: RoleName, below version: Int64) async throws(Refusal) {
        var next = version - 1
        while next >= 1 {
            guard lookups < limits.lookups, size < limits.bytes else {
                isComplete = false
                return
            }
            let lowest = max(1, next - Int64(min(Self.chunk, limits.lookups - lookups)) + 1)
            let files = (lowest...next).reversed().map { MetadataFile(role: role, version: $0) }
            lookups += files.count
            let found = try await Concurrently.map(files, width: Self.width) { [self] (file) throws(Refusal) in
                (file, try await bytes(of: file))
            }
            for (file, bytes) in found {
                guard let bytes else { continue }
                guard size + bytes.count <= limits.bytes else {
                    isComplete = false
                    return
                }
                try keep(bytes, as: file)
                // What cannot be read any more is kept all the same, and says nothing.
                switch role {
                case .snapshot: if let snapshot = try? Snapshot(unverifiedNotary: bytes, role) { note(snapshot) }
                case .timestamp: break
                default: if let targets = try? Targets(unverifiedNotary: bytes, role) { note(targets) }
                }
            }
            next = lowest - 1
        }
    }

    private mutating func note(_ snapshot: Snapshot) {
        for (role, record) in snapshot.roles where !RoleName.topLevel.contains(role) && role.isOfNotary {
            delegated.insert(role)
            // The newest snapshot comes first.
            if formerRecords[role] == nil { formerRecords[role] = record }
        }
    }

    private mutating func note(_ targets: Targets) {
        delegated.formUnion(targets.delegations?.authorities(atMost: limits.roles).map(\.role) ?? [])
    }

    // MARK: Files

    private mutating func keep(_ bytes: [UInt8], as file: MetadataFile) throws(Refusal) {
        if files.updateValue(bytes, forKey: file) == nil { size += bytes.count }
        guard size <= limits.bytes else { throw refusal(.badSignature, "more than \(limits.bytes) bytes") }
        progress(files.count)
    }

    private func parsed<Payload: RolePayload>(
        _ bytes: [UInt8],
        _ role: RoleName,
        as type: Payload.Type
    ) throws(Refusal) -> Payload {
        do { return try Payload(unverifiedNotary: bytes, role) } catch {
            throw Refusal.metadata(error, checked: checked, pin: nil)
        }
    }

    private func refusal(_ reason: Reason, _ found: String) -> Refusal {
        Refusal(reason, checked: checked, found: found)
    }

    /// The file that a parent lists, by the digest that it tells; nil when the server does not have it.
    private func listedFile(
        _ role: RoleName,
        _ record: MetaRecord
    ) async throws(Refusal) -> (file: MetadataFile, bytes: [UInt8])? {
        let digest = record.hashes.first { $0.algorithm == .sha256 }
        let file = MetadataFile(role: role, version: nil, digest: digest)
        guard let digest, let bytes = try await self.bytes(of: file) else { return nil }
        guard Digest.compute(.sha256, over: bytes.span) == digest else {
            throw refusal(.badResponse, "\(file) with bytes that hash to something else")
        }
        return (file, bytes)
    }

    private func required(
        _ role: RoleName,
        _ record: MetaRecord
    ) async throws(Refusal) -> (file: MetadataFile, bytes: [UInt8]) {
        guard let found = try await listedFile(role, record) else {
            throw refusal(.badResponse, "no file of \(role) with the digest that the current set names")
        }
        return found
    }

    private func bytes(of file: MetadataFile) async throws(Refusal) -> [UInt8]? {
        let limits = TUFLimits()
        let limit =
            switch file.role {
            case .root: limits.rootLength
            case .timestamp: limits.timestampLength
            default: limits.listedLength
            }
        do throws(NotaryError) {
            return try await client.bytes(of: file, maximumLength: limit)
        } catch {
            throw Refusal.notary(error, checked: checked)
        }
    }
}
