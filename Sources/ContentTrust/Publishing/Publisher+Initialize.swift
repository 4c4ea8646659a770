import CanonicalJSON
import OCI
public import TUF
import TUFClient
public import TrustCrypto

/// What `init` may be told.
public struct InitializeOptions: Sendable {
    /// The algorithm of each role's new key; ECDSA P-256 where nothing is said.
    public var algorithms: [RoleName: KeyAlgorithm] = [:]
    /// The root keys to use, by their computed ids; ``Reason/keyUnavailable`` when one is not there. Empty takes the
    /// publisher's only root key, or makes one.
    public var rootKeys: [KeyID] = []
    /// Makes a new root key although there is one.
    public var newRootKey = false
    /// How many root keys must sign: 1 to their number, or ``Reason/usage``. By default all of them.
    public var rootThreshold: Int?
    /// For layouts: the name that the trust data carries. By default `local/` and a random UUID. A repository in a registry
    /// is always signed with its own name, whatever is here.
    public var name: String?
    /// Over how many hash bins the tags are spread. By default none.
    public var bins: BinChoice = .count(0)
    /// Begins anew with another root although there is trust data, because too few of its root keys are left to change it.
    /// The tags that verify under this machine's pin are signed again; where nothing is pinned, none are.
    public var unsafeReplacesLostRoot = false

    /// The defaults.
    public init() {}
}

/// What `init` made.
public struct InitializeReport: Sendable {
    /// The name that the trust data carries.
    public let repository: String
    /// Keys of each role.
    public let keys: [RoleName: [TUFKey]]
    /// Keys that were made now; the others were there.
    public let madeKeys: Set<KeyID>
    /// The pin that was added on this machine; ``Pin/command`` adds it elsewhere.
    public let pin: Pin
    /// The tags that were signed again under the new root; nil where nothing was replaced.
    public let carriedTags: [String]?
    /// What was published.
    public let published: PublishReport
}

extension Publisher {
    /// Makes the key hierarchy of a repository, publishes its first, empty trust data, and pins it on this machine.
    ///
    /// A run that failed on the way is simply run again: keys that were made for the repository are used then.
    ///
    /// - Parameters:
    ///   - subject: The repository or layout.
    ///   - location: Where the trust data is to lie, if not beside the images.
    ///   - options: Keys and names.
    /// - Returns: What was made.
    /// - Throws: ``Refusal``; ``Reason/usage`` when there is trust data already.
    public func initialize(
        _ subject: Subject,
        at location: StoreLocation? = nil,
        options: InitializeOptions = InitializeOptions()
    ) async throws(Refusal) -> InitializeReport {
        let store = try session.store(for: subject, at: location)
        if let store = store as? NotaryTrustStore {
            return try await initializeNotary(subject, in: store, options: options)
        }
        if let store = store as? NotaryFilesTrustStore { throw store.readOnly }
        let repository = name(of: subject, options: options)
        var lost: LostTrustData?
        if options.unsafeReplacesLostRoot {
            lost = try await lostTrustData(subject, store: store, repository: repository)
        } else {
            try checkNew(repository, store, subject: subject)
            try await checkVacant(store, subject: subject)
        }
        var made: Set<KeyID> = []
        var keys: [RoleName: [TUFKey]] = [:]
        keys[.root] = try await rootKeys(options, replacing: lost, made: &made)
        for role in [RoleName.targets, .snapshot, .timestamp] {
            // The keys under a lost root would make those who still pin it take the new metadata for their own.
            let present =
                if let lost { try await signers.keys(for: role, labelled: lost.label).last } else {
                    try await signers.keys(for: role, repository: repository).last
                }
            if let present {
                keys[role] = [present]
                continue
            }
            let key = try await signers.makeKey(
                for: role,
                repository: repository,
                algorithm: options.algorithms[role] ?? .ecdsaP256,
                label: lost?.label
            )
            made.insert(key.computedID)
            keys[role] = [key]
        }
        let rootIDs = Set((keys[.root] ?? []).map(\.computedID))
        let threshold = options.rootThreshold ?? rootIDs.count
        let first = try await firstSet(
            repository: repository,
            keys: keys,
            rootThreshold: threshold,
            bins: options.bins == .count(0) ? lost?.bins ?? options.bins : options.bins,
            tags: lost?.tags ?? TagTable(),
            subject: subject
        )
        let pin = Pin(scope: .repository(repository), anchor: .keys(rootIDs, threshold: threshold))
        // Before anything is published: what is published and not pinned here, nobody on this machine could go on with.
        // The pin of a lost root stays until then: it is what the tags are verified by, should this have to be run again.
        if lost == nil { try await add(pin, replacing: false) }
        let published = try await publish(
            lost == nil ? .initialize(first) : .replace(first),
            subject: subject,
            store: store,
            repository: repository,
            pin: pin
        )
        if lost != nil { try await add(pin, replacing: true) }
        return InitializeReport(
            repository: repository,
            keys: keys,
            madeKeys: made,
            pin: pin,
            carriedTags: lost.map { $0.tags.records.keys.map(\.string).sorted() },
            published: published
        )
    }

    /// As ``initialize(_:at:options:)``, with root keys that are there, for a collection that is handed over.
    ///
    /// - Parameters:
    ///   - subject: The repository.
    ///   - location: Where the trust data is to lie, if not beside the images.
    ///   - rootKeys: The root keys.
    ///   - threshold: How many of them must sign.
    ///   - targetsKeys: The targets keys, if they are at hand; else one is made.
    ///   - tags: The tags to begin with.
    ///   - handOver: The statement that the root carries.
    /// - Returns: What was made.
    /// - Throws: ``Refusal``.
    func begin(
        _ subject: Subject,
        at location: StoreLocation?,
        rootKeys: [TUFKey],
        threshold: Int,
        targetsKeys: [TUFKey],
        tags: TagTable,
        handOver: HandOver
    ) async throws(Refusal) -> InitializeReport {
        let store = try session.store(for: subject, at: location)
        let repository = subject.description
        try checkNew(repository, store, subject: subject)
        try await checkVacant(store, subject: subject)
        var keys: [RoleName: [TUFKey]] = [.root: rootKeys]
        var made: Set<KeyID> = []
        let publicKeys = targetsKeys.compactMap(\.publicKey)
        if try await signers.canSign(for: .targets, keys: publicKeys, threshold: publicKeys.count), !publicKeys.isEmpty
        {
            keys[.targets] = targetsKeys
        }
        for role in [RoleName.targets, .snapshot, .timestamp] where keys[role] == nil {
            // A run that was interrupted has made these.
            if let present = try await signers.keys(for: role, repository: repository).last {
                keys[role] = [present]
                continue
            }
            let key = try await signers.makeKey(for: role, repository: repository, algorithm: .ecdsaP256)
            made.insert(key.computedID)
            keys[role] = [key]
        }
        let first = try await firstSet(
            repository: repository,
            keys: keys,
            rootThreshold: threshold,
            bins: .count(0),
            tags: tags,
            rootField: (HandOver.field, handOver.json),
            subject: subject
        )
        let pin = Pin(
            scope: .repository(repository),
            anchor: .keys(Set(rootKeys.map(\.computedID)), threshold: threshold)
        )
        try await add(pin, replacing: false)
        let published = try await publish(
            .initialize(first),
            subject: subject,
            store: store,
            repository: repository,
            pin: pin
        )
        return InitializeReport(
            repository: repository,
            keys: keys,
            madeKeys: made,
            pin: pin,
            carriedTags: nil,
            published: published
        )
    }

    func add(_ pin: Pin, replacing: Bool) async throws(Refusal) {
        do {
            _ = try await session.home.pins.add(pin, replacing: replacing)
        } catch {
            throw Refusal.pins(error)
        }
    }

    // MARK: Checks

    func checkVacant(_ store: any TrustStore, subject: Subject) async throws(Refusal) {
        let present: (any TrustData)?
        do {
            present = try await store.current()
        } catch .notTrustData(let name, let problem) {
            throw Refusal(
                .usage,
                checked: "the tag \(TrustDataDocument.tag) in \(name)",
                found: "taken by something else: \(problem)",
                next: "remove it, or keep the trust data elsewhere: --trust-repository REPO"
            )
        } catch .layout(.notALayout(_)) {
            // A layout for trust data alone is made when it is published.
            present = nil
        } catch {
            throw Refusal.store(error, store: store.name, subject: subject)
        }
        guard present != nil else { return }
        throw Refusal(
            .usage,
            checked: "trust data of \(subject) in \(store.name)",
            found: "there is trust data already",
            next: "trustctl inspect \(subject.argument)\(store.arguments)"
        )
    }

    /// A repository that is pinned and was never seen is new, or one whose first `init` was interrupted: that may go on.
    func checkNew(_ repository: String, _ store: any TrustStore, subject: Subject) throws(Refusal) {
        let dialect = store.dialect
        let pin: Pin?
        do { pin = try session.home.pins.pin(for: repository, dialect: dialect) } catch { throw Refusal.pins(error) }
        guard let pin else { return }
        do {
            guard try session.home.everSeen(signedName: pin.signedName ?? repository, dialect: dialect) else { return }
        } catch {
            throw Refusal.file(error, checked: "what this machine has seen of \(repository)")
        }
        throw Refusal(
            .usage,
            checked: "pins for \(repository)",
            found: "pinned as \(pin.scope), and this machine has seen its trust data",
            next: dialect == .notary
                ? "where the server has lost it, to begin anew with another root: trustctl init \(subject.argument) "
                    + "--unsafe-replace-lost-root\(store.arguments)"
                : "to put lost trust data back: trustctl refresh \(subject.argument); "
                    + "to begin anew: trustctl pin remove \(ShellWord.quoted(pin.scope.description))"
        )
    }

    private func name(of subject: Subject, options: InitializeOptions) -> String {
        switch subject {
        case .registry(let name): name.description
        case .layout: options.name ?? "local/\(SecureRandom.uuid())"
        }
    }

    // MARK: Keys

    func rootKeys(
        _ options: InitializeOptions,
        replacing lost: LostTrustData?,
        made: inout Set<KeyID>
    ) async throws(Refusal) -> [TUFKey] {
        let present = try await signers.rootKeys()
        if !options.rootKeys.isEmpty {
            var chosen: [TUFKey] = []
            for id in options.rootKeys {
                guard let key = present.first(where: { $0.computedID == id }) else {
                    throw Refusal(
                        .keyUnavailable,
                        checked: "the root key \(id)",
                        found: "not in the key stores",
                        next: "trustctl key list"
                    )
                }
                if !chosen.contains(key) { chosen.append(key) }
            }
            return chosen
        }
        if let lost {
            // What is left of the lost root's keys is no beginning. A run that was interrupted has made this one.
            if let begun = try await signers.keys(for: .root, labelled: lost.label).last { return [begun] }
            let algorithm = options.algorithms[.root] ?? .ecdsaP256
            let key = try await signers.makeKey(
                for: .root,
                repository: nil,
                algorithm: algorithm,
                label: lost.label
            )
            made.insert(key.computedID)
            return [key]
        }
        if !options.newRootKey, let only = try Self.only(of: present) { return [only] }
        // Another publisher may have found none, too: whoever comes second uses the key that the first one made.
        let lock = try await signers.lockRootKeys()
        let key: TUFKey
        if !options.newRootKey, let only = try Self.only(of: try await signers.rootKeys()) {
            key = only
        } else {
            let algorithm = options.algorithms[.root] ?? .ecdsaP256
            key = try await signers.makeKey(for: .root, repository: nil, algorithm: algorithm)
            made.insert(key.computedID)
        }
        _ = consume lock
        return [key]
    }

    /// The root key to use when none was named; nil when there is none.
    private static func only(of present: [TUFKey]) throws(Refusal) -> TUFKey? {
        guard present.count <= 1 else {
            throw Refusal(
                .usage,
                checked: "root keys",
                found: "\(present.count) of them: \(present.map(\.computedID.string).joined(separator: ", "))",
                next: "say which: --root-key ID, or --new-root-key"
            )
        }
        return present.first
    }

    // MARK: The first set

    private func firstSet(
        repository: String,
        keys: [RoleName: [TUFKey]],
        rootThreshold: Int,
        bins: BinChoice,
        tags: TagTable,
        rootField: (name: String, value: JSONValue)? = nil,
        subject: Subject
    ) async throws(Refusal) -> NewTrustData {
        let now = session.clock.now()
        guard (1...(keys[.root] ?? []).count).contains(rootThreshold) else {
            throw Refusal(
                .usage,
                checked: "the threshold of the root role",
                found: "\(rootThreshold)",
                expected: "1 to \((keys[.root] ?? []).count), the number of root keys"
            )
        }
        func draft(_ role: RoleName) -> RoleDraft {
            let lifetime = lifetimes.seconds(of: role, present: nil)
            return RoleDraft(
                role: role,
                version: 1,
                expires: now.advanced(bySeconds: lifetime),
                issued: now,
                repository: repository
            )
        }
        var root = draft(.root)
        if let rootField { root.setField(rootField.name, to: rootField.value) }
        root.setRoles(
            Dictionary(
                uniqueKeysWithValues: keys.map { role, keys in
                    (role, (keys: keys, threshold: role == .root ? rootThreshold : keys.count))
                }
            )
        )
        let targetsKeys = keys[.targets] ?? []
        var layout = try binLayout(bins, targetsKeys, subject)
        var targets = draft(.targets)
        var tables: [RoleName: TagTable] = [:]
        tags.spread(as: layout, into: &tables)
        targets.changeTargets((tables[.targets] ?? TagTable()).changes(from: TagTable()))
        let rootFile = try await sign(root, keys[.root] ?? [], threshold: rootThreshold, subject: subject)
        var files = [rootFile]
        var records: [RoleName: MetaRecord] = [:]
        for role in layout.binRoles {
            var bin = draft(role)
            bin.changeTargets((tables[role] ?? TagTable()).changes(from: TagTable()))
            layout.earliestExpiry = bin.expires
            let file = try await sign(bin, targetsKeys, subject: subject)
            files.append(file)
            records[role] = MetaRecord(version: file.version)
        }
        if layout.bins != nil { targets.setBins(layout.bins, keys: targetsKeys) }
        targets.setField(TagLayout.field, to: layout.json)
        let targetsFile = try await sign(targets, targetsKeys, subject: subject)
        records[.targets] = targetsFile.record
        var snapshot = draft(.snapshot)
        snapshot.setRecords(records)
        snapshot.setField(Lineage.field, to: Lineage.json([]))
        let snapshotFile = try await sign(snapshot, keys[.snapshot] ?? [], subject: subject)
        var timestamp = draft(.timestamp)
        timestamp.setSnapshot(snapshotFile.record)
        let timestampFile = try await sign(timestamp, keys[.timestamp] ?? [], subject: subject)
        files += [targetsFile, snapshotFile, timestampFile]
        return NewTrustData(
            files: files.map { NewTrustData.File(name: $0.file.name, bytes: $0.bytes) },
            previousFileNames: []
        )
    }

    private func binLayout(
        _ choice: BinChoice,
        _ keys: [TUFKey],
        _ subject: Subject
    ) throws(Refusal) -> TagLayout {
        do {
            return try TagLayout(
                count: choice.count(forTags: 0),
                choice: choice,
                // Nothing was chosen where the default is taken.
                chosen: choice == .count(0) ? 0 : 1,
                keys: RoleKeys(keyIDs: keys.map(\.computedID), threshold: max(1, keys.count))
            )
        } catch {
            throw Refusal.metadata(error, checked: "hash bins for \(subject)", pin: nil)
        }
    }

    private func sign(
        _ draft: RoleDraft,
        _ keys: [TUFKey],
        threshold: Int? = nil,
        subject: Subject
    ) async throws(Refusal) -> SignedFile {
        let publicKeys = keys.compactMap(\.publicKey)
        let signers = try await signers.signers(
            for: draft.role,
            keys: publicKeys,
            threshold: threshold ?? publicKeys.count
        )
        let signing = signers.compactMap { signer in
            keys.first { $0.publicKey == signer.publicKey }.map { SigningKey(keyID: $0.computedID, signer: signer) }
        }
        do {
            return try await draft.signed(by: signing)
        } catch {
            throw Refusal.metadata(error, checked: "signing of \(draft.role) for \(subject)", pin: nil)
        }
    }
}
